// atlas doctor and atlas verify: each kind of thing wrong is found, and its mend named.

import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { beforeAll, expect, test } from 'vitest';
import { skewCheck } from '../../scripts/atlas/doctor/clocks.ts';
import { nodeCheck, portChecks } from '../../scripts/atlas/doctor/machine.ts';
import { runAtlas } from '../../scripts/test-atlas.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleWorld } from '../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
let database: string;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await SampleWorld.start(database);
  url = await world.api.listen();
  return () => world.api.close();
});

interface Check {
  readonly name: string;
  readonly outcome: string;
  readonly says: string;
  readonly fix: string | null;
}

async function doctor(environment: Record<string, string> = {}, ...words: readonly string[]) {
  const place = { url, key: world.api.apiKey, environment: { DATABASE_URL: database, ...environment } };
  const { out, error, code } = await runAtlas(place, 'doctor', '--json', '--edge-url', world.api.edge.url, ...words);
  expect(error).toBe('');
  const { checks } = JSON.parse(out) as { checks: Check[] };
  // Postgres of the tests does not keep its commits, for speed: found each time, and looked at by one test.
  const isLossy = checks.some(
    ({ name, outcome, says }) => name === 'durability' && outcome === 'wrong' && says.startsWith('fsync'),
  );
  const of = (outcome: string) => checks.filter((check) => check.outcome === outcome);
  expect([...of('wrong'), ...of('unreachable')].every(({ fix }) => fix !== null && fix.length > 10)).toBe(true);
  return {
    code,
    ok: of('ok').map(({ name }) => name),
    wrong: [...of('wrong'), ...of('unreachable')].filter(({ name }) => name !== 'durability'),
    isLossy,
    left: of('not looked at').map(({ name }) => name),
  };
}

test('all is well, and what was not looked at is said', async () => {
  const { ok, wrong, left } = await doctor();
  expect(wrong).toEqual([]);
  expect(ok).toEqual(
    expect.arrayContaining([
      'node',
      'origin',
      'key',
      'health',
      'queues',
      'edge',
      'clock of the edge',
      'database',
      'migrations',
      'role',
      'login',
      'clock of the database',
    ]),
  );
  expect(left).toContain('secrets');
}, 60_000);

test('an edge that is away, settings that it names, and a key without the scope', async () => {
  world.api.edge.wrongSettings = ['NATIVE_SECRETS'];
  const named = await doctor();
  world.api.edge.wrongSettings = [];
  expect(named.code).toBe(1);
  expect(named.wrong.map(({ name }) => name)).toEqual(expect.arrayContaining(['edge', 'health: edge']));
  expect(named.wrong.find(({ name }) => name === 'edge')).toMatchObject({
    says: expect.stringContaining('NATIVE_SECRETS'),
  });
  world.api.edge.away = true;
  const away = await doctor();
  world.api.edge.away = false;
  expect(away.wrong.map(({ name }) => name)).toContain('edge');
  const key = await world.newKey({ scopes: ['cards:read'] });
  const poor = await doctor({ ATLAS_API_KEY: key });
  expect(poor.wrong.map(({ name }) => name)).toEqual(['key']);
}, 90_000);

test('a database that is away, that is not migrated, that may not take the role, or that does not keep commits', async () => {
  const away = await doctor({ DATABASE_URL: 'postgresql://atlas@127.0.0.1:9/atlas' });
  expect(away).toMatchObject({ code: 3, wrong: [{ name: 'database', says: 'nobody answers at 127.0.0.1:9' }] });
  // As a Postgres that is frozen: the system takes the connection for it.
  const mute = createServer(() => {}).listen(0, '127.0.0.1');
  await once(mute, 'listening');
  const { port } = mute.address() as AddressInfo;
  const frozen = await doctor({ DATABASE_URL: `postgresql://atlas@127.0.0.1:${port}/atlas` });
  mute.close();
  expect(frozen.wrong).toMatchObject([
    { name: 'database', says: expect.stringContaining('does not answer within 10 s') },
  ]);
  await asOwner(database, (sql) => sql.query('delete from schema_migrations where version > 20'));
  const behind = await doctor();
  expect(behind.wrong).toMatchObject([{ name: 'migrations', says: expect.stringContaining('not applied: 0021_') }]);
  await asOwner(database, (sql) =>
    sql.query(
      `create role atlas_stranger_of_doctor login password 'of-tests'; insert into schema_migrations (version, file, checksum) values (21, '0021_elsewhere.sql', '')`,
    ),
  );
  const strange = new URL(database);
  strange.username = 'atlas_stranger_of_doctor';
  strange.password = 'of-tests';
  const stranger = await doctor({ DATABASE_URL: strange.href });
  await asOwner(database, (sql) => sql.query('drop role atlas_stranger_of_doctor'));
  expect(stranger.wrong.map(({ name }) => name)).toContain('role');
  expect(stranger.wrong.find(({ name }) => name === 'migrations')).toBeDefined();
  expect(stranger.isLossy).toBe(true);
}, 240_000);

test("the origin's configuration: each wrong setting is named, and no value", async () => {
  const { wrong, code } = await doctor({
    API_KEY: 'short-secret-word',
    INTERNAL_SECRET: 'whsec_',
    EDGE_URL: 'https://edge',
  });
  expect(code).toBe(1);
  const said = wrong.filter(({ name }) => name === 'configuration').map(({ says }) => says);
  expect(said).toEqual(
    expect.arrayContaining([expect.stringMatching(/^API_KEY: /), expect.stringMatching(/^INTERNAL_SECRET: /)]),
  );
  expect(JSON.stringify(wrong)).not.toContain('short-secret-word');
}, 60_000);

test('nothing that is named and nothing that runs: this machine alone; an origin that is away is found', async () => {
  const alone = await runAtlas({ url: '', key: '' }, 'doctor', '--port-base', '61000');
  expect(alone).toMatchObject({ error: '', code: 0 });
  expect(alone.out).toMatch(/^ok +ports +61000 to 61\d+ are free/m);
  const away = await runAtlas({ url: 'http://127.0.0.1:9', key: 'x' }, 'doctor');
  expect(away.code).toBe(3);
  expect(away.out).toMatch(
    /^UNREACHABLE +origin +http:\/\/127\.0\.0\.1:9\/readyz does not answer\.\n +→ is it running/m,
  );
}, 60_000);

test('a port that is taken, a clock that is off, and an old Node', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  expect(await portChecks(port)).toMatchObject([{ outcome: 'wrong', says: expect.stringContaining(`at ${port}`) }]);
  server.close();
  const hereMs = Date.UTC(2026, 10, 27);
  expect(skewCheck('clock', { saidMs: hereMs + 4_000, hereMs }).outcome).toBe('ok');
  expect(skewCheck('clock', { saidMs: hereMs - 300_000, hereMs })).toMatchObject({
    ...{ outcome: 'wrong', says: "300 s behind this machine's" },
  });
  expect([nodeCheck('22.20.0').outcome, nodeCheck('24.0.0').outcome]).toEqual(['wrong', 'ok']);
});

test('verify: counts and is not witnessed; without a key, without a database', async () => {
  const directory = '/nowhere/checkpoints';
  const { publicKey } = generateKeyPairSync('ed25519');
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const fresh = await createTestDatabase();
  const place = (environment: Record<string, string>) => ({ url, key: 'x', environment });
  const words = ['verify', '--checkpoints', directory];
  const unwitnessed = await runAtlas(place({ DATABASE_URL: fresh, AUDIT_PUBLIC_KEY: pem }), ...words);
  expect(unwitnessed).toMatchObject({ error: '', code: 1 });
  expect(unwitnessed.out).toContain('nobody has witnessed them');
  const name = new URL(fresh);
  expect(unwitnessed.out).toMatch(new RegExp(`^database +${name.host}${name.pathname} \\(DATABASE_URL\\)\\n`));
  expect(await runAtlas(place({ DATABASE_URL: fresh }), ...words)).toMatchObject({
    ...{ code: 2, error: expect.stringContaining('AUDIT_PUBLIC_KEY is not set') },
  });
  const away = { DATABASE_URL: 'postgresql://atlas@127.0.0.1:9/atlas', AUDIT_PUBLIC_KEY: pem };
  expect(await runAtlas(place(away), ...words)).toMatchObject({ code: 3, out: '' });
}, 60_000);

test('verify: a URL and a database of different systems are refused, and which is meant is to be said', async () => {
  const pem = generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const key = world.api.apiKey;
  await world.api.newCard({});
  const verify = (place: string, of: string, ...words: readonly string[]) =>
    runAtlas(
      { url: place, key, environment: { DATABASE_URL: of, AUDIT_PUBLIC_KEY: pem } },
      ...['verify', '--checkpoints', '/nowhere/checkpoints', ...words],
    );
  const its = await verify(url, database);
  expect(its.error).toBe('');
  expect(its.out).not.toContain('not compared');
  const fresh = await createTestDatabase();
  const { host, pathname } = new URL(fresh);
  const said = `does not stand on the database ${host}${pathname} (DATABASE_URL)`;
  for (const [place, words, because] of [
    [url, [], 'ATLAS_URL'],
    ['http://127.0.0.1:9', ['--url', url], '--url'],
  ] as const)
    expect(await verify(place, fresh, ...words)).toMatchObject({
      ...{ code: 2, out: '', error: expect.stringContaining(`${url} (${because}) ${said}`) },
    });
  // Without a URL, or with one that does not answer, the database alone is proved, and that is said.
  expect((await verify('', fresh)).out).not.toContain('not compared');
  expect((await verify('http://127.0.0.1:9', fresh)).out).toMatch(/\nnot compared +the URL with this database: /);
  // Without DATABASE_URL no system that runs here is taken for one that is elsewhere.
  for (const words of [[], ['--url', 'https://api.example.com']])
    expect(await verify('https://api.example.com', '', ...words)).toMatchObject({
      ...{ code: 2, out: '', error: expect.stringContaining('https://api.example.com') },
    });
}, 120_000);
