// npm run deploy against a wrangler that notes what it is told, an origin and an edge that answer, and a repository of its own. And the
// real wrangler's dry run, which checks each word of the edge's deployment.

import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  calls,
  closeWorld,
  commit,
  deploy,
  forgetCalls,
  git,
  inFolder,
  openWorld,
  password,
  readState,
  root,
  says,
  writeState,
} from './deploy/deployment-world.ts';
import { edgeSecretsOf, environmentNames, queuesOf } from './deploy/target.ts';

// Each deployment is a dozen processes.
vi.setConfig({ testTimeout: 60_000 });

beforeEach(openWorld);
afterEach(closeWorld);

const names = queuesOf('staging');
const all = Object.values(names).flat();
const [cardEvents = ''] = names.cardEvents;

describe('npm run deploy', () => {
  test('on an account with nothing: queues, consumer, migrations, origin, edge, in this order', async () => {
    const { code, output } = await deploy('--env', 'staging');
    expect([code, output.split('\n').at(-2)]).toEqual([0, 'done']);
    const release = git('rev-parse', 'HEAD');
    const changes = calls().filter((line) => !/ (?:info|list) /.test(line));
    expect(changes.map((line) => line.replace(/BUNDLE_SHA256:\w{64}/, 'BUNDLE_SHA256:id'))).toEqual([
      ...[names.cardEventsDead, names.standInsDead, cardEvents, names.standIns].map(
        (queue) => `wrangler queues create ${queue} --message-retention-period-secs 1209600`,
      ),
      `wrangler queues consumer http add ${cardEvents} --message-retries 100 --dead-letter-queue ${names.cardEventsDead}`,
      `wrangler queues consumer http add ${names.cardEventsDead} --message-retries 100`,
      `wrangler queues consumer http add ${names.standInsDead} --message-retries 100`,
      'migrate',
      `origin ${release}`,
      `wrangler deploy dist/edge/index.js --no-bundle --env staging --var BUNDLE_SHA256:id --tag ${release.slice(0, 12)} --message release ${release.slice(0, 12)}`,
    ]);
    expect(output).not.toContain(password);
  });

  test('again: nothing is made twice, and a queue that somebody changed is set right', async () => {
    await deploy('--env', 'staging');
    writeState({ ...readState(), queues: Object.fromEntries(all.map((name) => [name, { retention: 345_600 }])) });
    forgetCalls();
    expect((await deploy('--env', 'staging')).code).toBe(0);
    expect(calls().filter((line) => /create|add|remove/.test(line))).toEqual([]);
    expect(Object.values(readState().queues).map(({ retention }) => retention)).toEqual(all.map(() => 1_209_600));
  });

  test('a pull consumer of three tries is made anew with a hundred', async () => {
    await deploy('--env', 'staging');
    const state = readState();
    const one = { type: 'http_pull', settings: { max_retries: 3 }, dead_letter_queue: names.cardEventsDead };
    writeState({ ...state, consumers: { [cardEvents]: one } });
    expect((await deploy('--env', 'staging')).code).toBe(0);
    expect(readState().consumers[cardEvents]?.settings.max_retries).toBe(100);
  });

  test.each([
    [[], edgeSecretsOf('staging')],
    [edgeSecretsOf('staging').filter((name) => name !== 'SECRETS_OF'), ['SECRETS_OF']],
  ])('with the secrets %j it stops before anything runs, and names the others', async (secrets, missing) => {
    writeState({ secrets: [...secrets] });
    const { code, output } = await deploy('--env', 'staging');
    expect(code).toBe(1);
    for (const name of missing) expect(output).toContain(`npx wrangler secret put ${name} --env staging`);
    expect(calls().filter((line) => /^(?:migrate|origin)|deploy/.test(line))).toEqual([]);
  });

  test.each([
    ['NETWORKS = "native"\n[x]\nNETWORKS = "marqeta"', ['INTERNAL_SECRET', 'NATIVE_SECRETS', 'SECRETS_OF']],
    ['OTHER = "1"\nNETWORKS = "native"', ['INTERNAL_SECRET', 'NATIVE_SECRETS', 'SECRETS_OF']],
    ['[x]\nNETWORKS = "native"', edgeSecretsOf('staging')],
  ])('needed are the secrets of the networks that are served: %j', (vars, secrets) => {
    expect(edgeSecretsOf('staging', `[env.staging.vars]\n${vars}`)).toEqual(secrets);
  });

  test('an account that refuses is not one that has no queues', async () => {
    writeState({ fails: 'Authentication error [code: 10000]' });
    const { code, output } = await deploy('--env', 'staging');
    expect([code, calls().length]).toEqual([1, 1]);
    expect(output).toContain('Authentication error');
  });

  test('CHANGELOG.md says that the edge goes first', async () => {
    writeFileSync(
      inFolder('CHANGELOG.md'),
      '# Changelog\n\n## 2\n\nDeploy: edge first.\n\n## 1\n\nDeploy: origin first.\n',
    );
    commit('edge first');
    expect((await deploy('--env', 'staging')).code).toBe(0);
    expect(
      calls()
        .filter((line) => /^origin|deploy/.test(line))
        .map((line) => line.slice(0, 8)),
    ).toEqual(['wrangler', `origin ${git('rev-parse', 'HEAD').slice(0, 1)}`]);
    writeFileSync(inFolder('CHANGELOG.md'), '# Changelog\n\n## 2\n\n');
    commit('does not say');
    expect((await deploy('--env', 'staging')).output).toContain('has no line "Deploy: origin first"');
  });

  test('what nobody committed is not deployed', async () => {
    appendFileSync(inFolder('CHANGELOG.md'), 'more\n');
    writeFileSync(inFolder('staging.env'), 'DATABASE_OWNER_URL=\n');
    const { code, output } = await deploy('--env', 'staging');
    expect([code, calls()]).toEqual([1, []]);
    expect(output).toContain('Changed or new: CHANGELOG.md, staging.env.');
  });

  test.each<[Partial<typeof says>, string]>([
    [{ bundle: 'f'.repeat(64) }, 'it runs the bundle ffff'],
    [{ environment: 'production' }, 'it is the edge of production'],
    [{ unsigned: 503 }, 'it answered 503, not 401'],
    [{ ill: [{ name: 'edge bundle', status: 'degraded', error: 'another' }] }, 'edge bundle: another'],
  ])('where %j is answered, the smoke check fails and names the way back', async (answer, said) => {
    Object.assign(says, answer);
    const { code, output } = await deploy('--env', 'staging');
    expect(code).toBe(1);
    expect(output).toContain(said);
    expect(output).toContain('npm run deploy -- --env staging --rollback');
  });

  test('what was ill before does not stop a deployment', async () => {
    says.ill = [{ name: 'open items', status: 'degraded', error: 'old' }];
    expect((await deploy('--env', 'staging')).code).toBe(0);
  });
});

test('a setting that the file and the environment give differently stops it before anything is asked', async () => {
  writeFileSync(inFolder('dist/other.env'), 'ATLAS_URL=http://10.0.0.11:8789\nEDGE_URL=\n');
  const { code, output } = await deploy('--env', 'staging', '--settings', 'dist/other.env', '--dry-run');
  expect([code, output.trim()]).toEqual([
    1,
    'deploy: set otherwise in the environment than in dist/other.env: ATLAS_URL, EDGE_URL. Unset them there, or leave them out of the file',
  ]);
});

describe('the way back', () => {
  test('lists what was deployed; then edge and origin go back, the edge first', async () => {
    const before = git('rev-parse', 'HEAD');
    await deploy('--env', 'staging');
    commit('second');
    await deploy('--env', 'staging');
    expect((await deploy('--env', 'staging', '--rollback')).output).toContain(`${before.slice(0, 12)}    version-0`);
    forgetCalls();
    expect((await deploy('--env', 'staging', '--rollback', '--to', before)).code).toBe(0);
    expect(calls().slice(1)).toEqual([
      `wrangler rollback version-0 --env staging --yes --message back to ${before.slice(0, 12)}`,
      `origin back ${before}`,
    ]);
  });

  test.each([
    ['does not say with what older release it works', 'select 2;\n', false],
    ['says that it works with the older one', '-- compatible-from: 1\nselect 2;\n', true],
  ])('past a migration that %s, the origin goes back: %j, %s', async (_, text, goesBack) => {
    const before = git('rev-parse', 'HEAD');
    await deploy('--env', 'staging');
    writeFileSync(inFolder('migrations/0002_two.sql'), text);
    commit('migration');
    forgetCalls();
    const { code, output } = await deploy('--env', 'staging', '--rollback', '--to', before);
    expect([code, output.includes('the origin stays'), calls().includes(`origin back ${before}`)]).toEqual([
      ...[0, !goesBack, goesBack],
    ]);
  });

  test('past a Durable Object migration the edge stays', async () => {
    const before = git('rev-parse', 'HEAD');
    appendFileSync(inFolder('wrangler.toml'), '\n[[env.staging.migrations]]\ntag = "v99"\nnew_sqlite_classes = []\n');
    commit('class');
    const { output } = await deploy('--env', 'staging', '--rollback', '--to', before);
    expect(output).toContain('the edge stays');
    expect(calls()).toEqual([`origin back ${before}`]);
  });
});

describe('--only queues', () => {
  const setUp = (printed: string) => printed.match(/^CLOUDFLARE_\w+=.*$/gm);

  test('makes the queues and who pulls them, prints the settings of the origin, and needs no other', async () => {
    // Before the first deployment there is no edge, no secret and no origin; and what is in the folder is not deployed.
    writeState({ secrets: [] });
    writeFileSync(inFolder('new.txt'), '');
    const { code, output } = await deploy('--env', 'staging', '--only', 'queues');
    expect([code, setUp(output)]).toEqual([
      0,
      [
        `CLOUDFLARE_QUEUE_ID=id-of-${cardEvents}`,
        `CLOUDFLARE_DEAD_QUEUE_ID=id-of-${names.cardEventsDead}`,
        `CLOUDFLARE_STAND_INS_QUEUE_ID=id-of-${names.standIns}`,
        `CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID=id-of-${names.standInsDead}`,
      ],
    ]);
    expect(Object.keys(readState().queues).sort()).toEqual([...all].sort());
    expect(calls().filter((line) => !line.startsWith('wrangler queues '))).toEqual([]);
  });

  test('again, and by the whole deployment after it, nothing is made twice', async () => {
    await deploy('--env', 'staging', '--only', 'queues');
    forgetCalls();
    await deploy('--env', 'staging', '--only', 'queues');
    expect((await deploy('--env', 'staging')).code).toBe(0);
    expect(calls().filter((line) => /create|add|remove/.test(line))).toEqual([]);
  });

  test('a dry run asks nobody', async () => {
    const { code, output } = await deploy('--env', 'staging', '--only', 'queues', '--dry-run');
    expect([code, calls(), setUp(output)?.[0]]).toEqual([0, [], `CLOUDFLARE_QUEUE_ID=<id of ${cardEvents}>`]);
  });

  test('where the edge sends to two queues of card events, both are made and pulled, with one dead queue', async () => {
    const second =
      '[[env.staging.queues.producers]]\nqueue = "atlas-card-events-2-staging"\nbinding = "CARD_EVENTS_2"\n';
    appendFileSync(inFolder('wrangler.toml'), `\n${second}`);
    const { code, output } = await deploy('--env', 'staging', '--only', 'queues');
    const setting = `CLOUDFLARE_QUEUE_ID=id-of-${cardEvents} id-of-atlas-card-events-2-staging`;
    expect([code, setUp(output)?.[0]]).toEqual([0, setting]);
    const { consumers, queues } = readState();
    expect(Object.keys(queues)).toContain('atlas-card-events-2-staging');
    expect(consumers['atlas-card-events-2-staging']).toEqual(consumers[cardEvents]);
  });

  test.each(['CARD_EVENTS_3', 'CARD_EVENTS2'])(
    'a second queue as %s is refused: the edge would send nothing to it',
    async (binding) => {
      const second = `[[env.staging.queues.producers]]\nqueue = "atlas-card-events-2-staging"\nbinding = "${binding}"\n`;
      appendFileSync(inFolder('wrangler.toml'), `\n${second}`);
      const { code, output } = await deploy('--env', 'staging', '--only', 'queues');
      expect([code, calls()]).toEqual([1, []]);
      expect(output).toContain(
        'they must be atlas-card-events-staging CARD_EVENTS atlas-card-events-2-staging CARD_EVENTS_2',
      );
    },
  );
});

test('a dry run says why the real run would refuse to begin', async () => {
  const words = ['--env', 'staging', '--dry-run'];
  expect((await deploy(...words)).output).not.toContain('refuse to begin');
  writeFileSync(inFolder('staging.env'), 'ORIGIN_DEPLOY=\n');
  const { code, output } = await deploy(...words);
  expect(code).toBe(0);
  expect(output).toMatch(/refuse to begin:\ncommit first: .* Changed or new: staging\.env\./);
});

test('a dry run calls nothing but the build, and says every step', async () => {
  const { code, output } = await deploy('--env', 'production', '--dry-run');
  expect(code).toBe(0);
  expect(calls().filter((line) => !line.includes('--dry-run'))).toEqual([]);
  expect(output.match(/^\d+\./gm)).toHaveLength(8);
});

test.each(environmentNames)('the real wrangler takes what is deployed to %s, with names of its own', (environment) => {
  const words = [
    'deploy',
    '--env',
    environment,
    '--var',
    'BUNDLE_SHA256:x',
    '--tag',
    't',
    '--message',
    'm',
    '--dry-run',
  ];
  const wranglerPath = join(root, 'node_modules/wrangler/bin/wrangler.js');
  const output = execFileSync(process.execPath, [wranglerPath, ...words], {
    cwd: root,
    encoding: 'utf8',
    stdio: 'pipe',
  });
  const { cardEvents, standIns } = queuesOf(environment);
  expect(output).toContain(`env.CARD_EVENTS (${cardEvents[0]})`);
  expect(output).toContain(`env.STAND_INS (${standIns})`);
  expect(output).toContain(`env.ENVIRONMENT ("${environment}")`);
  const toml = readFileSync(join(root, 'wrangler.toml'), 'utf8');
  expect(toml).toContain(`dead_letter_queue = "${queuesOf(environment).standInsDead}"`);
  // The top level has names of its own: nothing of a deployment without --env reaches another's worker or queues.
  const [top = ''] = toml.split('[env.');
  for (const name of [...cardEvents, standIns, 'atlas-edge']) expect(top).not.toContain(`"${name}"`);
});
