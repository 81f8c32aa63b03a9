import { sql } from 'drizzle-orm';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { describe, expect, test } from 'vitest';
import { holdsCardNumber } from '../contracts/card-numbers/card-numbers.ts';
import { eachCardText, sampleCards } from '../contracts/testing/sample-card-texts.ts';
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

describe('of card numbers 0 survive (I16)', () => {
  const corpus = eachCardText();
  /** Looked for by who finds them in any writing, and by hand: all digits of the line, whatever stands between. */
  const survives = (line: string, card: string) =>
    holdsCardNumber(line) || line.normalize('NFKC').replaceAll(/\D/g, '').includes(card);

  function linesOf(say: (log: ReturnType<typeof createLog>) => void): string[] {
    const lines: string[] = [];
    say(createLog({ level: 'info', to: { write: (line) => lines.push(line) } }));
    return lines;
  }

  test('of the whole corpus, as the text of a line', () => {
    const lines = linesOf((log) => {
      for (const { text } of corpus) log.info(text);
    });
    expect(lines).toHaveLength(corpus.length);
    expect(corpus.filter(({ card }, index) => survives(lines[index] ?? card, card))).toEqual([]);
    for (const line of lines) expect(line.endsWith('}\n') && JSON.parse(line)).toBeTruthy();
  });

  test('of each form, in an error and its cause, a field, the name of a field, deep inside, and what a child log adds', () => {
    const forms = corpus.filter(({ card }) => sampleCards.indexOf(card) % 50 === 0);
    const lines = linesOf((log) => {
      for (const { text } of forms) {
        log.error({ err: new Error(`failed for ${text}`, { cause: new Error(text) }) }, 'failed');
        log.child({ given: text }).warn({ deep: { in: [text] }, [text.slice(0, 60)]: 1 }, 'a field');
      }
    });
    expect(lines).toHaveLength(forms.length * 2);
    expect(
      forms.filter(({ card }, index) => lines.slice(2 * index, 2 * index + 2).some((line) => survives(line, card))),
    ).toEqual([]);
  });

  test('nor as a number', () => {
    const cards = sampleCards.filter((card) => Number.isSafeInteger(Number(card)));
    const lines = linesOf((log) => {
      for (const card of cards) log.info({ at: Number(card) }, 'said');
    });
    expect(lines.length).toBeGreaterThan(50);
    expect(cards.filter((card, index) => survives(lines[index] ?? card, card))).toEqual([]);
  });
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
