// A sealing key changes: rows of the old key open throughout, are sealed again by a command, and open without the old key after that.

import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createSecretBox, newSigningSecret } from '../notify/secret-box.ts';
import { reseal, sealedRows } from './reseal.ts';
import { keysFor, sealingKeys } from './sealing-keys.ts';

let database: Database;
beforeAll(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
});
afterAll(() => database.close());

const key = () => randomBytes(32).toString('base64');
const [before, after] = [key(), key()];
const old = createSecretBox([before]);
const both = createSecretBox([after, before]);
const only = createSecretBox([after]);

async function endpoint(seal: (id: string) => { secret: string; previous: string | null }): Promise<string> {
  const [id, merchant] = [newId('whk'), newId('mrch')];
  const { secret, previous } = seal(id);
  await database.sql.query(`insert into merchants (merchant_id, name, currency) values ($1, 'test', 'USD')`, [
    merchant,
  ]);
  await database.sql.query(
    `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret, previous_secret)
     values ($1, $2, 'https://8.8.8.8/', $3, $4)`,
    [id, merchant, secret, previous],
  );
  return id;
}

async function stored(id: string) {
  const { rows } = await database.sql.query<{ secret: string; previous_secret: string | null }>(
    'select secret, previous_secret from webhook_endpoints where webhook_endpoint_id = $1',
    [id],
  );
  return rows[0] ?? { secret: '', previous_secret: null };
}

test('secrets: reseal', async () => {
  const [one, two] = [newSigningSecret(), newSigningSecret()];
  const id = await endpoint((id) => ({ secret: old.seal(one, id), previous: old.seal(two, id) }));
  const fresh = await endpoint((id) => ({ secret: only.seal(one, id), previous: null }));
  const foreign = await endpoint((id) => ({ secret: createSecretBox([key()]).seal(one, id), previous: null }));
  // Of an endpoint that was taken back nothing is left to open.
  await endpoint(() => ({ secret: '', previous: null }));
  const untouched = await stored(fresh);
  expect(await sealedRows(database.sql, both)).toEqual({ by_key: { 0: 1, 1: 2 }, unreadable: [foreign] });

  expect(await reseal(database.sql, both)).toEqual({ resealed: 1, unreadable: [foreign] });
  const row = await stored(id);
  expect([only.open(row.secret, id), only.open(row.previous_secret ?? '', id)]).toEqual([one, two]);
  expect(await stored(fresh)).toEqual(untouched);
  expect(await sealedRows(database.sql, both)).toEqual({ by_key: { 0: 3 }, unreadable: [foreign] });
  expect(await reseal(database.sql, both)).toEqual({ resealed: 0, unreadable: [foreign] });
});

test('a secret that its partner rotates while the rows are sealed again is not brought back', async () => {
  const [one, two] = [newSigningSecret(), newSigningSecret()];
  const id = await endpoint((id) => ({ secret: old.seal(one, id), previous: null }));
  const rotated = both.seal(two, id);
  const sql: typeof database.sql = {
    query: async (statement, values) => {
      // Between the read and the write.
      if (String(statement).includes('update webhook_endpoints'))
        await database.sql.query('update webhook_endpoints set secret = $2 where webhook_endpoint_id = $1', [
          id,
          rotated,
        ]);
      return database.sql.query<never>(statement, values);
    },
  };
  await reseal(sql, both);
  expect((await stored(id)).secret).toBe(rotated);
});

test('one purpose each: the keys of two purposes have nothing in common, and INTERNAL_SECRET seals nothing in production', () => {
  const [answers] = keysFor('idempotent answers', [after]);
  const [cursors] = keysFor('cursors', [after]);
  expect(new Set([answers, cursors, after]).size).toBe(3);
  const INTERNAL_SECRET = newSigningSecret();
  const given = { WEBHOOK_SECRETS_KEY: `${after}, ${before}`, INTERNAL_SECRET };
  expect(sealingKeys({ ENVIRONMENT: 'production', ...given })).toEqual([after, before]);
  const laptop = sealingKeys({ ENVIRONMENT: 'development', INTERNAL_SECRET });
  expect(laptop).toHaveLength(1);
  // What a laptop sealed before the key was set still opens.
  expect(sealingKeys({ ENVIRONMENT: 'development', ...given })).toEqual([after, before, ...laptop]);
});
