// Actions whose effect is elsewhere: nothing of the database is held while they wait, and a crash at any point leaves something that
// is finished by itself, once, in the name of whoever began it.

import { pino } from 'pino';
import { beforeEach, expect, test } from 'vitest';
import * as z from 'zod';
import type { CardMessage } from '../../contracts/card-message.ts';
import { newId } from '../../contracts/ids.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { createActing } from './act.ts';
import { type ActionParts, outsideAction } from './action.ts';
import { bookCorrection } from './actions/book-correction.ts';
import { dismiss } from './actions/dismiss.ts';
import { createFinishLoop } from './finish-begun.ts';
import { raiseOpenItems } from './raise.ts';

let database: Database;
let url: string;
beforeEach(async () => {
  url = await createTestDatabase();
  // One connection: whoever held it while waiting would stop everybody.
  const opened = openDatabase({ url, poolMax: 1, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

const doer = { actor: 'akey_first', correlation_id: 'req_first' };
const reason = 'as the network says';
const message = { kind: 'clearing', currency: 'USD', authorization_key: null, amount_minor: 100, final: true };

/** The edge: takes a message once for each key, and answers when and as `answer` says. */
class Edge {
  readonly booked = new Map<string, CardMessage>();
  calls = 0;
  answer: (n: number) => Promise<void> = () => Promise.resolve();

  async sendMessage(_card: unknown, sent: CardMessage) {
    this.calls += 1;
    const n = this.calls;
    const outcome = this.booked.has(sent.message_key) ? 'repeated' : 'stored';
    this.booked.set(sent.message_key, sent);
    await this.answer(n);
    return { outcome } as const;
  }
}

function partsWith(edge: Edge): ActionParts {
  const never = () => Promise.reject(new Error('not asked for here'));
  return {
    database,
    takers: { card_events: never, settlement_requests: never, card_notices: never },
    edge: {
      sendMessage: (card, sent) => edge.sendMessage(card, sent),
      sendFact: never,
      eventsAfter: never,
      readCard: never,
    },
    readBankFileAgain: null,
    findPayments: () => Promise.reject(new Error('not asked for here')),
  };
}

async function raised(): Promise<string> {
  const key = newId('req');
  const about = { kind: 'key_reused', key, summary: 'Twice.', card_key: 'native:tok', evidence: {} } as const;
  await raiseOpenItems(database.sql, [about]);
  const { rows } = await database.sql.query<{ id: string }>(
    'select open_item_id as id from open_items where item_key = $1',
    [key],
  );
  return rows[0]?.id ?? '';
}

const correcting = async () => ({ open_item_id: await raised(), action: bookCorrection, input: { message }, reason });

async function standing(id: string) {
  const { rows } = await database.sql.query<Record<string, unknown>>(
    `select status, resolution, claimed_by, action ->> 'name' as action from open_items where open_item_id = $1`,
    [id],
  );
  return rows[0];
}

async function audited(id: string) {
  const { rows } = await database.sql.query(
    'select actor, correlation_id, reason from audit_events where subject = $1',
    [id],
  );
  return rows;
}

const hangs = () => new Promise<never>(() => {});

test('plan 11: while an action waits for the edge no connection is held, and others work', async () => {
  const edge = new Edge();
  let go: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  edge.answer = () => gone;
  const act = createActing(partsWith(edge));
  const several = await Promise.all([correcting(), correcting(), correcting()]);
  const acting = several.map((one) => act(one, doer));
  await until(
    () => Promise.resolve(edge.calls),
    (calls) => calls === 3,
  );
  expect(database.use()).toMatchObject({ open: 1, idle: 1, waiting: 0 });
  const { rows } = await asOwner(url, (sql) =>
    sql.query(
      `select state from pg_stat_activity where datname = current_database() and state like 'idle in transaction%'`,
    ),
  );
  expect(rows).toEqual([]);
  const other = await act({ open_item_id: await raised(), action: dismiss, input: {}, reason }, doer);
  expect(other).toMatchObject({ outcome: 'closed' });
  go();
  for (const acted of await Promise.all(acting)) expect(acted).toMatchObject({ outcome: 'closed' });
});

test('plan 11: asked for by two at once, it is called once; the second hears what came of it', async () => {
  const edge = new Edge();
  edge.answer = () => new Promise((resolve) => setTimeout(resolve, 200));
  const act = createActing(partsWith(edge));
  const acting = await correcting();
  const [first, second] = await Promise.all([act(acting, doer), act(acting, { ...doer, actor: 'akey_second' })]);
  expect(first).toMatchObject({ outcome: 'closed', item: { resolution: 'book_correction' } });
  expect(second).toEqual(first);
  expect(edge.calls).toBe(1);
  expect(await audited(acting.open_item_id)).toHaveLength(1);
});

/** Whatever process had it is dead, and its time is over. */
async function timeIsOver(id: string): Promise<void> {
  await database.sql.query(
    `update open_items set claimed_until = now() - interval '1 second' where open_item_id = $1`,
    [id],
  );
}

async function finished(edge: Edge, id: string) {
  const loop = createFinishLoop({ ...partsWith(edge), log: pino({ level: 'silent' }), intervalMs: 10 });
  loop.start();
  const found = await until(
    () => standing(id),
    (seen) => seen?.['status'] !== 'open',
  ).finally(() => loop.stop());
  return found;
}

test.each([
  ['before the edge heard of it', 0],
  ['after the edge had booked it', 1],
])(
  'plan 11: a process that dies %s leaves an action that is finished by itself, once, in its own name',
  async (_, heard) => {
    const edge = new Edge();
    const dying = new Edge();
    dying.answer = hangs;
    const acting = await correcting();
    // It never answers: as after a power cut, nothing of this process goes on.
    void createActing(partsWith(heard === 1 ? dying : ({ sendMessage: hangs } as unknown as Edge)))(acting, doer);
    await until(
      () => standing(acting.open_item_id),
      (seen) => seen?.['claimed_by'] !== null,
    );
    if (heard === 1) {
      await until(
        () => Promise.resolve(dying.calls),
        (calls) => calls === 1,
      );
      for (const [key, sent] of dying.booked) edge.booked.set(key, sent);
    }
    // Nothing else may be done meanwhile: it may have had its effect.
    const other = { ...acting, action: dismiss, input: {} };
    expect(await createActing(partsWith(edge))(other, doer)).toMatchObject({ outcome: 'other_under_way' });
    await timeIsOver(acting.open_item_id);
    expect(await finished(edge, acting.open_item_id)).toMatchObject({
      status: 'resolved',
      resolution: 'book_correction',
    });
    expect([...edge.booked.keys()]).toEqual([`open-item:${acting.open_item_id}`]);
    expect(await audited(acting.open_item_id)).toEqual([{ ...doer, reason }]);
  },
);

test('plan 11: what the edge could not take is asked for again by itself, and a person may ask at once', async () => {
  const edge = new Edge();
  edge.answer = () => Promise.reject(new Error('away'));
  const act = createActing(partsWith(edge));
  const [first, second] = [await correcting(), await correcting()];
  for (const one of [first, second]) expect(await act(one, doer)).toMatchObject({ outcome: 'not_now' });
  edge.answer = () => Promise.resolve();
  expect(await act(first, doer)).toMatchObject({ outcome: 'closed' });
  // Not before its pause is over.
  const loop = createFinishLoop({ ...partsWith(edge), log: pino({ level: 'silent' }), intervalMs: 10 });
  loop.start();
  await until(
    () => Promise.resolve(loop.state().last_success_at_ms),
    (at) => at !== null,
  );
  await loop.stop();
  expect(await standing(second.open_item_id)).toMatchObject({ status: 'open', action: 'book_correction' });
  await timeIsOver(second.open_item_id);
  expect(await finished(edge, second.open_item_id)).toMatchObject({ status: 'resolved' });
  expect(edge.booked.size).toBe(2);
});

test('plan 11: one whose claim ran out records nothing beside the one that took it over', async () => {
  const edge = new Edge();
  let go: () => void = () => {};
  const gone = new Promise<void>((resolve) => {
    go = resolve;
  });
  edge.answer = (n) => (n === 1 ? gone : Promise.resolve());
  const act = createActing(partsWith(edge));
  const acting = await correcting();
  const slow = act(acting, doer);
  await until(
    () => Promise.resolve(edge.calls),
    (calls) => calls === 1,
  );
  await timeIsOver(acting.open_item_id);
  const quick = await act(acting, { actor: 'akey_second', correlation_id: 'req_second' });
  expect(quick).toMatchObject({ outcome: 'closed' });
  go();
  expect(await slow).toEqual(quick);
  expect(await audited(acting.open_item_id)).toMatchObject([{ actor: 'akey_second' }]);
});

test('plan 11: what is written with the closing commits with it, or not at all', async () => {
  const acting = await correcting();
  const id = acting.open_item_id;
  let refuses = true;
  const action = outsideAction({
    ...{ name: 'half', summary: 'Writes.', kinds: ['key_reused'], input: z.strictObject({}) },
    call: () =>
      Promise.resolve({
        outcome: 'done',
        result: { called: true },
        record: async (sql) => {
          await sql.query('update open_items set times = times + 1 where open_item_id = $1', [id]);
          if (refuses) throw new Error('the database refuses it');
          return { written: true };
        },
      }),
  });
  const act = createActing(partsWith(new Edge()));
  const again = { ...acting, action, input: {} };
  await expect(act(again, doer)).rejects.toThrow('refuses');
  const times = async () =>
    (await database.sql.query('select times from open_items where open_item_id = $1', [id])).rows;
  expect(await times()).toEqual([{ times: 1 }]);
  refuses = false;
  expect(await act(again, doer)).toMatchObject({
    ...{ outcome: 'closed', item: { result: { called: true, written: true } } },
  });
  expect(await times()).toEqual([{ times: 2 }]);
});
