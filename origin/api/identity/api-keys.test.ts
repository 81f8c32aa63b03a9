import { createHash } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import type { Sql } from '../../db/client.ts';
import type { Answer, Json } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { createCallers, scopes } from './caller.ts';
import { createGuesses } from './guesses.ts';

const guesses = createGuesses({ perAddressPerMinute: 1_000_000, allPerMinute: 1_000_000 });
let world: SampleWorld;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  return () => world.api.close();
});

async function newKey(over: Json = {}): Promise<{ id: string; key: string; body: Json }> {
  const { body } = await world.api.call('POST', '/api-keys', {
    name: 'a partner',
    scopes: ['settlements:read'],
    ...over,
  });
  return { id: String(body['api_key_id']), key: String(body['api_key']), body };
}
const list = (key: string): Promise<Answer> =>
  world.api.call('GET', '/settlements', undefined, { authorization: `Bearer ${key}` });

async function auditOf(subject: string): Promise<unknown[]> {
  const { rows } = await world.api.database.sql.query(
    'select action, actor, merchant_id, reason, correlation_id from audit_events where subject = $1 order by audit_no',
    [subject],
  );
  return rows;
}

describe('an API key', () => {
  test('is shown once, and kept as a hash', async () => {
    const { id, key, body } = await newKey();
    expect(key).toMatch(/^atlas_[\w-]{43}$/);
    expect(body).toMatchObject({ shown: key.slice(0, 12), merchant_id: null, revoked_at: null, last_used_at: null });
    const { rows } = await world.api.database.sql.query<{ key_hash: Buffer; row: string }>(
      'select key_hash, row_to_json(k)::text as row from api_keys k where api_key_id = $1',
      [id],
    );
    expect(rows[0]?.key_hash).toEqual(createHash('sha256').update(key).digest());
    expect(rows[0]?.row).not.toContain(key);
    expect((await world.api.call('GET', '/api-keys?limit=100')).text).not.toContain(key);
  });

  test('is never alike', async () => {
    const keys = await Promise.all(Array.from({ length: 20 }, async () => (await newKey()).key));
    expect(new Set(keys).size).toBe(20);
  });

  test('opens what its scopes say, and says when it was used', async () => {
    const { id, key } = await newKey();
    expect((await list(key)).status).toBe(200);
    const used = (await world.api.call('GET', '/api-keys?limit=100')).body['api_keys'] as Json[];
    const at = used.find(({ api_key_id }) => api_key_id === id)?.['last_used_at'];
    expect(Date.now() - Date.parse(String(at))).toBeLessThan(20_000);
    expect((await world.api.call('GET', '/merchants', undefined, { authorization: `Bearer ${key}` })).status).toBe(403);
  });

  test("is a merchant's with a merchant's scopes only", async () => {
    const merchant_id = world.own.merchant_id;
    const made = await newKey({ merchant_id, scopes: ['settlements:read', 'webhooks:write'] });
    expect(made.body).toMatchObject({ merchant_id, scopes: ['settlements:read', 'webhooks:write'] });
    const body = { name: 'x', merchant_id, scopes: ['settlements:read', 'keys:write'] };
    expect(await world.api.call('POST', '/api-keys', body)).toMatchObject({
      status: 422,
      body: { details: [{ field: 'scopes[1]', problem: expect.stringContaining("operator's") }] },
    });
    const nobodys = { ...body, merchant_id: `mrch_${'0'.repeat(26)}`, scopes: ['settlements:read'] };
    expect(await world.api.call('POST', '/api-keys', nobodys)).toMatchObject({ status: 404 });
  });

  test('ends when it is said to, and not in the past', async () => {
    const past = { name: 'x', scopes: ['settlements:read'], expires_at: '2020-01-01T00:00:00Z' };
    expect(await world.api.call('POST', '/api-keys', past)).toMatchObject({
      status: 422,
      body: { details: [{ field: 'expires_at', problem: 'is over already' }] },
    });
    const { key } = await newKey({ expires_at: new Date(Date.now() + 400).toISOString() });
    expect((await list(key)).status).toBe(200);
    // Within the two seconds that a key is remembered, and its own time.
    await expect.poll(async () => (await list(key)).status, { timeout: 5_000 }).toBe(401);
  });
});

describe('X7: a key that makes keys', () => {
  const asked = (body: Json, authorization: string) =>
    world.api.call('POST', '/api-keys', { name: 'x', ...body }, { authorization });

  test('gives at most the scopes that it has itself, to merchants too', async () => {
    const { key } = await newKey({ scopes: ['keys:write', 'settlements:read'] });
    const own = `Bearer ${key}`;
    expect((await asked({ scopes: ['settlements:read'] }, own)).status).toBe(201);
    for (const merchant_id of [undefined, world.own.merchant_id]) {
      const beyond = { scopes: ['settlements:read', 'settlements:write'], ...(merchant_id ? { merchant_id } : {}) };
      expect(await asked(beyond, own)).toMatchObject({
        status: 403,
        body: {
          details: [{ field: 'scopes[1]', problem: expect.stringContaining('does not have') }],
        },
      });
    }
    expect((await asked({ scopes: [...scopes] }, own)).status).toBe(403);
  });

  test('makes none that opens something for more than a year', async () => {
    const day = 24 * 3_600_000;
    const inDays = (days: number) => new Date(Date.now() + days * day).toISOString();
    for (const expires_at of [inDays(367), '9999-12-31T23:59:59Z'])
      expect(
        await world.api.call('POST', '/api-keys', { name: 'x', scopes: ['settlements:read'], expires_at }),
      ).toMatchObject({
        status: 422,
        body: { details: [{ field: 'expires_at', problem: expect.stringContaining('366 days') }] },
      });
    expect((await newKey({ expires_at: inDays(365) })).body['expires_at']).toBeDefined();
    const { body } = await newKey();
    expect(Date.parse(String(body['expires_at'])) - Date.now()).toBeGreaterThan(364 * day);
    expect(Date.parse(String(body['expires_at'])) - Date.now()).toBeLessThanOrEqual(365 * day);
  });
});

describe('X6: who has the login of the service', () => {
  const change = (set: string, id: string) =>
    world.api.database.sql.query(`update api_keys set ${set} where api_key_id = $1`, [id]);

  test.each([
    ["scopes = array['keys:write']"],
    ["expires_at = 'infinity'"],
    ["key_hash = sha256('mine')"],
    ['merchant_id = null'],
    ['created_at = now()'],
  ])('cannot make a key more than it was made as: %s', async (set) => {
    const { id } = await newKey();
    await expect(change(set, id)).rejects.toThrow('permission denied');
  });

  test('cannot bring a key back, or remove it', async () => {
    const { id, key } = await newKey();
    await world.api.call('DELETE', `/api-keys/${id}`);
    await expect(change('revoked_at = null', id)).rejects.toThrow('was taken back');
    await expect(change("revoked_at = now() + interval '1 year'", id)).rejects.toThrow('was taken back');
    await expect(world.api.database.sql.query('delete from api_keys')).rejects.toThrow('permission denied');
    expect((await list(key)).status).toBe(401);
  });

  test('makes none without an end, as a release before this one would', async () => {
    const { rows } = await world.api.database.sql.query<{ days: number }>(
      `insert into api_keys (api_key_id, key_hash, shown, name, scopes)
       values ($1, '\\x0123', 'atlas_123456', 'test', '{}')
       returning extract(day from expires_at - now())::int as days`,
      [newId('akey')],
    );
    expect(rows[0]?.days).toBeLessThanOrEqual(366);
  });
});

/** The database, whose first answer is held back. */
function firstReadWaits() {
  const { promise: taken, resolve: answer } = Promise.withResolvers<void>();
  let reads = 0;
  const sql: Sql = {
    async query(statement, values) {
      const read = await world.api.database.sql.query<never>(statement, values);
      reads += 1;
      if (reads === 1) await taken;
      return read;
    },
  };
  return { sql, answer, reads: () => reads };
}

describe('a key that is taken back', () => {
  test('opens nothing from the answer on, however busy it was', async () => {
    for (let round = 0; round < 5; round += 1) {
      const { id, key } = await newKey();
      await list(key);
      let over = false;
      const busy = Array.from({ length: 4 }, async () => {
        while (!over) await list(key);
      });
      expect((await world.api.call('DELETE', `/api-keys/${id}`)).status).toBe(200);
      const statuses = await Promise.all(Array.from({ length: 5 }, () => list(key).then(({ status }) => status)));
      over = true;
      await Promise.all(busy);
      // 503: so busy that nothing is done for anybody, which opens nothing either.
      expect(statuses.filter((status) => status !== 401 && status !== 503)).toEqual([]);
      await expect.poll(async () => (await list(key)).status).toBe(401);
    }
  });

  test('is not remembered by who was reading it meanwhile', async () => {
    const { sql, answer, reads } = firstReadWaits();
    const callers = createCallers({ sql: sql, rootKeys: 'another-root-key-of-tests', guesses });
    const { id, key } = await newKey();
    const meanwhile = callers.identify(`Bearer ${key}`);
    await expect.poll(reads).toBe(1);
    await world.api.call('DELETE', `/api-keys/${id}`);
    callers.forget(id);
    answer();
    await meanwhile;
    await expect(callers.identify(`Bearer ${key}`)).rejects.toMatchObject({ error_code: 'credentials_wrong' });
  });

  test('stays as it was taken back first', async () => {
    const { id } = await newKey();
    const first = await world.api.call('DELETE', `/api-keys/${id}`);
    expect((await world.api.call('DELETE', `/api-keys/${id}`)).body).toEqual(first.body);
    expect(await auditOf(id)).toHaveLength(2);
  });

  test('is remembered by another process for two seconds at most', async () => {
    let nowMs = 1_000_000;
    const elsewhere = createCallers({
      sql: world.api.database.sql,
      rootKeys: 'another-root-key-of-tests',
      guesses,
      now: () => nowMs,
    });
    const { id, key } = await newKey();
    await elsewhere.identify(`Bearer ${key}`);
    await world.api.call('DELETE', `/api-keys/${id}`);
    nowMs += 2_000;
    await expect(elsewhere.identify(`Bearer ${key}`)).rejects.toMatchObject({ error_code: 'credentials_wrong' });
  });

  test('nor longer where the database was slow to answer', async () => {
    let nowMs = 1_000_000;
    const { sql, answer, reads } = firstReadWaits();
    const elsewhere = createCallers({ sql: sql, rootKeys: 'another-root-key-of-tests', guesses, now: () => nowMs });
    const { id, key } = await newKey();
    const meanwhile = elsewhere.identify(`Bearer ${key}`);
    await expect.poll(reads).toBe(1);
    await world.api.call('DELETE', `/api-keys/${id}`);
    nowMs += 1_500;
    answer();
    await meanwhile;
    nowMs += 500;
    await expect(elsewhere.identify(`Bearer ${key}`)).rejects.toMatchObject({ error_code: 'credentials_wrong' });
  });
});

describe('keys leave traces', () => {
  test('X5: of who made them and who took them back, under an id of ours and not under the caller’s', async () => {
    const merchant_id = world.own.merchant_id;
    const request = { 'x-request-id': 'request-of-an-operator' };
    const made = await world.api.call(
      'POST',
      '/api-keys',
      { name: 'x', merchant_id, scopes: ['settlements:read'] },
      request,
    );
    const id = String(made.body['api_key_id']);
    await world.api.call('DELETE', `/api-keys/${id}`);
    const common = { actor: 'akey_root', merchant_id };
    expect(await auditOf(id)).toEqual([
      {
        ...common,
        action: 'api_key.created',
        reason: 'settlements:read',
        correlation_id: expect.stringMatching(/^req_/),
      },
      { ...common, action: 'api_key.revoked', reason: '', correlation_id: expect.stringMatching(/^req_/) },
    ]);
  });

  test('and none of the key itself: in no log, no audit event, no error', async () => {
    const { key, id } = await newKey();
    world.api.logged.length = 0;
    const answers = [
      await list(key),
      await list(`${key}x`),
      await world.api.call('GET', `/settlements?key=${key}`, undefined, { authorization: `Bearer ${key}` }),
      await world.api.call('POST', '/settlements', { merchant_id: key }, { authorization: `Bearer ${key}` }),
      await world.api.call('GET', `/nowhere/${key}`, undefined, { authorization: `Bearer ${key}` }),
    ];
    world.api.edge.away = true;
    const { card_id } = await world.card();
    await world.api.call('GET', `/cards/${card_id}/controls`);
    world.api.edge.away = false;
    await world.api.call('DELETE', `/api-keys/${id}`);
    const { rows } = await world.api.database.sql.query('select * from audit_events');
    const traces = [world.api.logged.join(''), JSON.stringify(rows), ...answers.map(({ text }) => text)].join('\n');
    // Who was refused is there: by the key's id where it is known.
    const refusals = world.api.logged.filter((line) => line.includes('access was refused'));
    expect(refusals.map((line) => JSON.parse(line))).toMatchObject([
      { status: 401, api_key_id: null },
      { status: 403, api_key_id: id },
    ]);
    for (const secret of [key, key.slice(6), world.own.key, world.api.apiKey]) expect(traces).not.toContain(secret);
  });
});
