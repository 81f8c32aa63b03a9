import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { createHouseAccounts } from '../../ledger/house-accounts.ts';
import { creditMerchant } from '../../merchants/merchants.ts';
import type { Answer, Json } from '../../testing/sample-api.ts';
import { SampleWorld } from '../../testing/sample-world.ts';
import { merchantScopes } from '../identity/caller.ts';
import { readIdempotencyKey } from './idempotency.ts';
import { removeExpiredKeys } from './reaper.ts';

let world: SampleWorld;
let url: string;
let key: string;
beforeAll(async () => {
  url = await createTestDatabase();
  world = await SampleWorld.start(url);
  return () => world.api.close();
});
beforeEach(() => {
  key = newId('req');
});

const owner = (statement: string, values: unknown[] = []) => asOwner(url, (sql) => sql.query(statement, values));

/** A settlement of this reference, so that its effects can be counted. */
function settle(reference: string, headers: Record<string, string> = {}, over: Json = {}): Promise<Answer> {
  const body = { merchant_id: world.own.merchant_id, amount_minor: 100, currency: 'USD', reference, ...over };
  return world.api.call('POST', '/settlements', body, {
    authorization: `Bearer ${world.own.key}`,
    'idempotency-key': key,
    ...headers,
  });
}
async function effects(reference: string): Promise<number> {
  const { rows } = await world.api.database.sql.query<{ count: number }>(
    'select count(*)::int as count from settlements where reference = $1',
    [reference],
  );
  return rows[0]?.count ?? -1;
}
const replayed = ({ headers }: Answer) => headers.get('idempotency-replayed');

describe('a key', () => {
  test('of fifty at once is one effect: the others get its answer, or are told to ask again', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => settle('fifty')));
    expect(await effects('fifty')).toBe(1);
    const [done, waiting] = [
      answers.filter(({ status }) => status === 201),
      answers.filter(({ status }) => status !== 201),
    ];
    expect(new Set(done.map(({ text }) => text)).size).toBe(1);
    expect(done.filter((answer) => replayed(answer) === null)).toHaveLength(1);
    for (const answer of waiting) {
      expect(answer).toMatchObject({ status: 409, body: { error_code: 'request_in_flight' } });
      expect(answer.headers.get('retry-after')).toBe('1');
    }
    const again = await Promise.all(Array.from({ length: 20 }, () => settle('fifty')));
    expect(again.map((answer) => [answer.status, answer.text, replayed(answer)])).toEqual(
      Array.from({ length: 20 }, () => [201, done[0]?.text, 'true']),
    );
  });

  test('makes a funding one funding, however often it is sent', async () => {
    const { account_id } = await world.api.newAccount();
    const fund = () =>
      world.api.call('POST', `/accounts/${account_id}/fundings`, { amount_minor: 700 }, { 'idempotency-key': key });
    await Promise.all(Array.from({ length: 20 }, fund));
    expect((await fund()).status).toBe(201);
    expect((await world.api.call('GET', `/accounts/${account_id}`)).body).toMatchObject({ balance_minor: 700 });
  });

  test('is good for as long as it is said, and then for something else', async () => {
    const first = await settle('expires');
    await owner(`update idempotency_keys set expires_at = now() - interval '1 second'`);
    const second = await settle('expires', {}, { amount_minor: 200 });
    expect(second).toMatchObject({ status: 201, body: { amount_minor: 200 } });
    expect(replayed(second)).toBeNull();
    expect(second.body['settlement_id']).not.toBe(first.body['settlement_id']);
    expect(await effects('expires')).toBe(2);
    expect((await settle('expires', {}, { amount_minor: 200 })).text).toBe(second.text);
  });

  test("is its merchant's: another may use the same, and two keys of one merchant share it", async () => {
    const first = await settle('shared');
    const colleague = await world.newKey({ merchant_id: world.own.merchant_id, scopes: merchantScopes });
    const same = await settle('shared', { authorization: `Bearer ${colleague}` });
    expect([same.text, replayed(same)]).toEqual([first.text, 'true']);
    const stranger = await settle(
      'shared',
      { authorization: `Bearer ${world.other.key}` },
      {
        merchant_id: world.other.merchant_id,
      },
    );
    expect([stranger.status, replayed(stranger)]).toEqual([201, null]);
    expect(await effects('shared')).toBe(2);
  });

  test('is free still after a request that was malformed', async () => {
    const wrong = await settle('mended', {}, { amount_minor: 'ten' });
    expect(wrong).toMatchObject({ status: 422, body: { error_code: 'field_invalid' } });
    expect((await settle('mended', {}, { amount_minor: 10 })).status).toBe(201);
  });

  test('in another version is the same request, and its answer stays in the version of the first', async () => {
    const old = await settle('versions', { accept: 'application/vnd.atlas.v0+json' });
    expect(old.body).toMatchObject({ status: 'QUEUED' });
    const again = await settle('versions', { accept: 'application/vnd.atlas.v1+json' });
    expect([again.status, again.text, replayed(again)]).toEqual([201, old.text, 'true']);
    expect(again.headers.get('content-type')).toBe('application/vnd.atlas.v0+json');
    expect(again.headers.get('deprecation')).toBe(old.headers.get('deprecation'));
    expect(again.headers.get('vary')).toBe('Accept, Accept-Encoding');
    expect(await effects('versions')).toBe(1);
  });
});

describe('what is answered again', () => {
  test('is a refusal too, whatever has become of its reason', async () => {
    const much = { amount_minor: 2_000_000_000 };
    const first = await settle('refused', {}, much);
    expect(first).toMatchObject({ status: 422, body: { error_code: 'amount_not_owed' } });
    const { merchant_id } = world.own;
    await creditMerchant(world.api.database, createHouseAccounts(world.api.database.sql), {
      ...{ merchant_id, amount_minor: 3_000_000_000n, network: 'native' },
    });
    const again = await settle('refused', {}, much);
    expect([again.status, again.text, replayed(again)]).toEqual([422, first.text, 'true']);
    expect(again.headers.get('content-type')).toBe('application/problem+json');
    expect(await effects('refused')).toBe(0);
  });

  test('is a refusal that the database made in the middle of the effect: nothing of it stays', async () => {
    const { account_id, sample } = await world.api.newCard();
    const body = { account_id, network: 'native', card_token: sample.card_token };
    const send = () => world.api.call('POST', '/cards', body, { 'idempotency-key': key });
    const first = await send();
    expect(first).toMatchObject({ status: 409, body: { error_code: 'card_already_exists' } });
    const again = await send();
    expect([again.status, again.text, replayed(again)]).toEqual([409, first.text, 'true']);
  });

  test('is never a failure of ours: the request is carried out when it comes again', async () => {
    await owner(`create function fail() returns trigger language plpgsql as $$ begin raise 'out of order'; end $$`);
    await owner('create trigger fail before insert on settlements for each row execute function fail()');
    expect(await settle('failed')).toMatchObject({ status: 500, body: { error_code: 'internal_error' } });
    await owner('drop trigger fail on settlements');
    const again = await settle('failed');
    expect([again.status, replayed(again)]).toEqual([201, null]);
    expect(await effects('failed')).toBe(1);
  });

  test('is nothing where the process died between effect and commit: the repeat has the effect, once', async () => {
    // The connection goes at the last statement of the transaction: the effect is there, and its key.
    await owner(`create function die() returns trigger language plpgsql security definer
      as $$ begin perform pg_terminate_backend(pg_backend_pid()); return new; end $$`);
    await owner('create trigger die after insert on idempotency_keys for each row execute function die()');
    const lost = await settle('died');
    expect(lost.status).toBeGreaterThanOrEqual(500);
    expect(await effects('died')).toBe(0);
    await owner('drop trigger die on idempotency_keys');
    const again = await settle('died');
    expect([again.status, replayed(again)]).toEqual([201, null]);
    expect((await settle('died')).text).toBe(again.text);
    expect(await effects('died')).toBe(1);
  });

  test('is kept without the key itself, and never where it shows a secret', async () => {
    await settle('kept');
    const endpoint = await world.api.call(
      'POST',
      '/webhook-endpoints',
      { merchant_id: world.own.merchant_id, url: 'https://1.1.1.1/x' },
      { 'idempotency-key': key },
    );
    expect(endpoint.body['secret']).toMatch(/^whsec_/);
    await world.api.call('POST', '/api-keys', { name: 'x', scopes: ['cards:read'] }, { 'idempotency-key': key });
    const { rows } = await world.api.database.sql.query<{ row: string }>(
      `select convert_from(body, 'utf8') || encode(scope_hash, 'escape') || headers::text as row from idempotency_keys`,
    );
    const kept = rows.map(({ row }) => row).join('\n');
    expect(kept).toContain('"reference":"kept"');
    expect(kept).not.toContain(key);
    expect(kept).not.toMatch(/whsec_|atlas_[\w-]{43}/);
  });
});

describe('keys whose time is over', () => {
  test('are removed, and no others', async () => {
    await owner('delete from idempotency_keys');
    for (const n of [1, 2, 3]) await settle('reaped', { 'idempotency-key': `${key}-${n}` });
    await owner(`update idempotency_keys set expires_at = now() - interval '1 hour'
                 where scope_hash in (select scope_hash from idempotency_keys limit 2)`);
    expect(await removeExpiredKeys(world.api.database.sql)).toBe(2);
    expect(await removeExpiredKeys(world.api.database.sql)).toBe(0);
    const { rows } = await world.api.database.sql.query('select from idempotency_keys');
    expect(rows).toHaveLength(1);
  });

  test('are removed in rounds, and counted', async () => {
    await owner(`insert into idempotency_keys (scope_hash, fingerprint, status, body, expires_at)
      select sha256(convert_to(n::text, 'utf8')), '', 200, '', now() - interval '1 day' from generate_series(1, 1500) n`);
    expect(await removeExpiredKeys(world.api.database.sql)).toBe(1_000);
    expect(await removeExpiredKeys(world.api.database.sql)).toBe(500);
    expect(await (await world.api.app.request('/metrics')).text()).toContain('idempotency_keys_removed_total 0');
  });
});

describe('the header', () => {
  test.each<[string | undefined, string | null]>([
    [undefined, null],
    ['abc', 'abc'],
    ['"abc"', 'abc'],
    [' "abc" ', 'abc'],
    ['"a\\"b\\\\c"', 'a"b\\c'],
    ['8e03978e-40d5-43dd-bc93-6894a57f9324', '8e03978e-40d5-43dd-bc93-6894a57f9324'],
    ['x'.repeat(255), 'x'.repeat(255)],
  ])('%s is read as %s', (header, expected) => {
    expect(readIdempotencyKey(header)).toBe(expected);
  });

  test.each(['', ' ', '""', '"', '"a', '"a"b"', '"a\\"', 'a b', '"a b"', 'a\u00e9', 'x'.repeat(256)])(
    '%s is refused',
    (header) => {
      expect(() => readIdempotencyKey(header)).toThrow('idempotency-key must be');
    },
  );
});
