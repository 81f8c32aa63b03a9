// Acting: once for each item, whoever asks how often, and wherever the process dies.

import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import * as z from 'zod';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { type Act, createActing } from './act.ts';
import { type ActionParts, type CallOutcome, type OutsideAction, outsideAction, transactionAction } from './action.ts';
import { actionsOf, openItemActions } from './actions/all.ts';
import { dismiss } from './actions/dismiss.ts';
import { type OpenItemKind, openItemKinds } from './kinds.ts';
import { closeAsGone, raiseOpenItems } from './raise.ts';

let database: Database;
let parts: ActionParts;
let act: Act;

beforeEach(async () => {
  const opened = openDatabase({ url: await createTestDatabase(), poolMax: 6, onIdleError: () => {} });
  database = opened;
  parts = {
    database,
    takers: nobody,
    edge: { sendMessage: never, sendFact: never, eventsAfter: never, readCard: never },
    readBankFileAgain: null,
    findPayments: () => Promise.reject(new Error('not asked for here')),
  };
  act = createActing(parts);
  return () => opened.close();
});

const never = () => Promise.reject(new Error('not asked for here'));
const nobody = { card_events: never, settlement_requests: never, card_notices: never };

const doer = { actor: 'akey_test', correlation_id: 'req_test' };
const reason = 'looked at';

async function raised(key: string = newId('req')): Promise<string> {
  await raiseOpenItems(database.sql, [{ kind: 'booked_twice', key, summary: 'Twice.', evidence: {} }]);
  const { rows } = await database.sql.query<{ id: string }>(
    'select open_item_id as id from open_items where item_key = $1',
    [key],
  );
  return rows[0]?.id ?? '';
}

async function audited(id: string): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', action, from_state, to_state, actor, reason) as line from audit_events where subject = $1 order by audit_no`,
    [id],
  );
  return rows.map(({ line }) => line);
}

/** Writes its effect into a map, as a system outside would, by the item's id; and does beforehand what a test wants. */
function sampleAction(
  name: string,
  effects: Map<string, string[]>,
  before: () => CallOutcome | null = () => null,
): OutsideAction {
  return outsideAction({
    ...{ name, summary: 'Does something elsewhere.', kinds: ['booked_twice'] },
    input: z.strictObject({ amount: z.int().default(1) }),
    call(_, { open_item_id }, { amount }) {
      const outcome = before();
      if (outcome !== null) return Promise.resolve(outcome);
      const done = effects.get(open_item_id) ?? [];
      // Keyed by the item: what comes again is not a second effect.
      if (done.length === 0) effects.set(open_item_id, [...done, `${name} ${amount}`]);
      return Promise.resolve({ outcome: 'done', result: { did: effects.get(open_item_id)?.[0] } });
    },
  });
}

describe('an item that is acted on', () => {
  test('is closed with who and why; asked for again it answers the same, and is audited once', async () => {
    const id = await raised();
    const acting = { open_item_id: id, action: dismiss, input: {}, reason };
    const first = await act(acting, doer);
    expect(first).toMatchObject({ outcome: 'closed', item: { status: 'dismissed', resolution: 'dismiss' } });
    expect(await act({ ...acting, reason: 'another' }, doer)).toEqual(first);
    expect(await audited(id)).toEqual(['open_item.dismiss open dismissed akey_test looked at']);
  });

  test('is not open to another action, nor to the same with other input', async () => {
    const id = await raised();
    const effects = new Map<string, string[]>();
    const action = sampleAction('book', effects);
    await act({ open_item_id: id, action, input: { amount: 1 }, reason }, doer);
    for (const other of [
      { action, input: { amount: 2 } },
      { action: dismiss, input: {} },
    ])
      expect(await act({ open_item_id: id, reason, ...other }, doer)).toMatchObject({ outcome: 'closed_otherwise' });
    expect(effects.get(id)).toEqual(['book 1']);
  });

  test('by two at once is closed by one; the other is told what it came to', async () => {
    const id = await raised();
    const effects = new Map<string, string[]>();
    const book = sampleAction('book', effects);
    const asked = [book, book, dismiss, book].map((action) => ({
      ...{ open_item_id: id, action, reason },
      input: action === dismiss ? {} : { amount: 1 },
    }));
    const outcomes = (await Promise.all(asked.map((acting) => act(acting, doer)))).map(({ outcome }) => outcome);
    expect(outcomes).toContain('closed');
    expect(await audited(id)).toHaveLength(1);
    expect(effects.get(id) ?? []).toHaveLength(outcomes[0] === 'closed' ? 1 : 0);
  });

  test('is open again for any action where one was refused, and only for the same where it may have had its effect', async () => {
    const id = await raised();
    const effects = new Map<string, string[]>();
    let outcome: CallOutcome | null = { outcome: 'refused', problem: 'cannot be done' };
    const book = sampleAction('book', effects, () => outcome);
    const acting = { open_item_id: id, action: book, input: { amount: 1 }, reason };
    expect(await act(acting, doer)).toEqual(outcome);
    outcome = { outcome: 'not_now', problem: 'does not answer' };
    expect(await act({ ...acting, input: { amount: 2 } }, doer)).toEqual(outcome);
    expect(await act({ ...acting, action: dismiss, input: {} }, doer)).toMatchObject({
      ...{ outcome: 'other_under_way', begun: { name: 'book', input: { amount: 2 }, actor: 'akey_test' } },
    });
    expect(await act(acting, doer)).toMatchObject({ outcome: 'other_under_way' });
    outcome = null;
    expect(await act({ ...acting, input: { amount: 2 } }, doer)).toMatchObject({ outcome: 'closed' });
    expect(await audited(id)).toHaveLength(1);
  });

  test('stays open, with nothing written, where an action finds that it cannot be done', async () => {
    const id = await raised();
    const half = transactionAction({
      ...{ name: 'half', summary: 'Begins.', kinds: ['booked_twice'], input: z.strictObject({}) },
      async perform({ sql }) {
        await sql.query(`update open_items set times = 99 where open_item_id = $1`, [id]);
        return { outcome: 'refused', problem: 'cannot be done after all' };
      },
    });
    expect(await act({ open_item_id: id, action: half, input: {}, reason }, doer)).toMatchObject({
      outcome: 'refused',
    });
    const { rows } = await database.sql.query('select status, times from open_items where open_item_id = $1', [id]);
    expect(rows).toEqual([{ status: 'open', times: 1 }]);
  });

  test('that was a condition and is gone meanwhile is not acted on', async () => {
    const id = await raised('a condition');
    await closeAsGone(database.sql, 'booked_twice', 'a condition');
    expect(await act({ open_item_id: id, action: dismiss, input: {}, reason }, doer)).toMatchObject({
      ...{ outcome: 'closed_otherwise', item: { resolution: 'gone' } },
    });
  });
});

test('whatever people do at once and wherever it dies, an item ends closed once, with one effect and one audit event', async () => {
  const step = fc.record({
    item: fc.nat(2),
    action: fc.constantFrom('book', 'release', 'dismiss'),
    amount: fc.integer({ min: 1, max: 2 }),
    // Before its effect, after it, or not at all.
    dies: fc.constantFrom('before', 'after', 'no', 'no'),
    again: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 6 }), async (rounds) => {
      const ids = await Promise.all([raised(), raised(), raised()]);
      const effects = new Map<string, string[]>();
      const acting = ({ item, action: name, amount, dies }: (typeof rounds)[0][0]) => {
        const made = sampleAction(name, effects);
        const mortal: OutsideAction = {
          ...made,
          async call(...given) {
            if (dies === 'before') throw new Error('died');
            const outcome = await made.call(...given);
            if (dies === 'after') throw new Error('died');
            return outcome;
          },
        };
        const open_item_id = ids[item] ?? '';
        if (name === 'dismiss') return { open_item_id, action: dismiss, input: {}, reason };
        return { open_item_id, action: mortal, input: { amount }, reason };
      };
      for (const round of rounds)
        await Promise.allSettled(
          round.flatMap((one) => [act(acting(one), doer), ...(one.again ? [act(acting(one), doer)] : [])]),
        );
      // A person comes back to each, and finishes what was begun or dismisses it.
      for (const [item, open_item_id] of ids.entries()) {
        const given = { open_item_id, action: dismiss, input: {}, reason };
        const found = await act(given, doer);
        if (found.outcome === 'other_under_way') {
          const { name, input } = found.begun;
          const { amount } = input as { amount: number };
          await act(acting({ item, action: name as 'book', amount, dies: 'no', again: false }), doer);
        }
      }
      for (const id of ids) {
        const { rows } = await database.sql.query<{ status: string; resolution: string; done: string | null }>(
          `select status, resolution, result ->> 'did' as done from open_items where open_item_id = $1`,
          [id],
        );
        const [row] = rows;
        expect(row?.status).not.toBe('open');
        expect(effects.get(id) ?? []).toEqual(row?.done === null ? [] : [row?.done]);
        expect(row?.status === 'dismissed').toBe(row?.done === null);
        expect(await audited(id)).toHaveLength(1);
      }
    }),
    { numRuns: 40 },
  );
}, 60_000);

describe('actions', () => {
  test.each(Object.keys(openItemKinds) as OpenItemKind[])('%s can at least be dismissed', (kind) => {
    expect(actionsOf(kind).map(({ name }) => name)).toContain('dismiss');
  });

  test('have names of their own among those of a kind, and each says what it does in a sentence', () => {
    for (const kind of Object.keys(openItemKinds) as OpenItemKind[]) {
      const names = actionsOf(kind).map(({ name }) => name);
      expect(new Set(names).size).toBe(names.length);
    }
    for (const { name, summary, kinds } of openItemActions) {
      expect(name).toMatch(/^[a-z_]{2,40}$/);
      expect(summary).toMatch(/^[A-Z].*[.]$/);
      expect(kinds.length).toBeGreaterThan(0);
    }
  });
});
