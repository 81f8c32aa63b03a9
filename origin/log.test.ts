import { sql } from 'drizzle-orm';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { describe, expect, test } from 'vitest';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { openDatabase } from './db/client.ts';
import { createLog, describeError } from './log.ts';

/** What a log writes of this, as one line. */
function written(fields: object): string {
  const lines: string[] = [];
  const log = createLog({ level: 'info', to: { write: (line) => lines.push(line) } });
  log.info(fields, 'said');
  return lines.join('');
}

describe('logs', () => {
  test('are one JSON line with the level as a word and the time in ISO 8601', () => {
    expect(JSON.parse(written({ request_id: 'req_1' }))).toMatchObject({
      level: 'info',
      service: 'atlas-origin',
      time: expect.stringMatching(/^\d{4}-\d\d-\d\dT/),
      request_id: 'req_1',
      msg: 'said',
    });
  });

  test.each(['authorization', 'api_key', 'api_token', 'secret', 'password', 'card_token', 'webhook-signature'])(
    'never hold a value under %s, up to two levels deep',
    (name) => {
      for (const fields of [{ [name]: 'hunter2' }, { a: { [name]: 'hunter2' } }, { a: { b: { [name]: 'hunter2' } } }])
        expect(written(fields)).not.toContain('hunter2');
    },
  );
});

describe('an error in a log', () => {
  test('is complete: type, message, stack, code and cause', () => {
    const cause = Object.assign(new Error('inner'), { code: 'ECONNREFUSED' });
    expect(describeError(new TypeError('outer', { cause }))).toMatchObject({
      type: 'TypeError',
      message: 'outer',
      stack: expect.stringContaining('log.test.ts'),
      cause: { message: 'inner', code: 'ECONNREFUSED' },
    });
    expect(describeError('a text thrown')).toEqual({ type: 'string', message: 'a text thrown' });
  });

  test("a database's refusal names code, table and constraint, and quotes neither row nor parameter", async () => {
    const database = openDatabase({ url: await createTestDatabase(), poolMax: 4, onIdleError: () => {} });
    const error = await database.orm
      .execute(sql`insert into accounts (account_id, name, currency) values ('acct_1', 'Jane Doe', 'nope')`)
      .catch((refused: unknown) => refused);
    await database.close();
    expect(error).toBeInstanceOf(DrizzleQueryError);
    const described = describeError(error);
    expect(described).toMatchObject({ code: '23514', table: 'accounts', constraint: 'accounts_currency_check' });
    expect(JSON.stringify(described)).not.toContain('Jane Doe');
  });
});
