// Settlement requests by queue, whatever the queue and the database do: each becomes one settlement or one dead letter, and what
// was acknowledged is there.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { findCardData } from '../../contracts/card-data.ts';
import { newId } from '../../contracts/ids.ts';
import { createTestDatabase, ownerUrl } from '../../scripts/test-postgres.ts';
import { sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase, type Sql } from '../db/client.ts';
import { connectOwner } from '../db/which-postgres.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { creditMerchant } from '../merchants/merchants.ts';
import { type SettlementMessage, takeSettlementMessages } from './settlement-queue.ts';

let url: string;
let database: Database;
let killer: Awaited<ReturnType<typeof connectOwner>>;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 6, onIdleError: () => {} });
  killer = await connectOwner(ownerUrl(url));
  return async () => {
    await killer.end();
    await database.close();
  };
});

/** What a sender puts into the queue: `id` is its own, so that two of one id are a repeat or a contradiction. */
const sent = fc.oneof(
  { weight: 6, arbitrary: fc.record({ id: fc.nat(5), amount: fc.constantFrom(100, 100, 101) }) },
  { weight: 1, arbitrary: fc.record({ id: fc.integer({ min: 6, max: 7 }), amount: fc.constant(1_000_000) }) },
  // What looks like card data is masked in its letter (dead-letters.test.ts), and would not compare equal.
  { weight: 2, arbitrary: fc.record({ junk: fc.jsonValue().filter((junk) => findCardData(junk) === null) }) },
);
const faults = ['none', 'none', 'none', 'away', 'dies inside', 'answer lost'] as const;
type Fault = (typeof faults)[number];

const batch = fc.record({
  /** Which of those that wait, in this order; a place that comes twice is a message delivered twice in one batch. */
  places: fc.array(fc.nat(30), { minLength: 1, maxLength: 8 }),
  fault: fc.constantFrom(...faults),
  /** The database's connection dies before this statement. */
  diesAt: fc.nat(8),
  /** Of what was answered, this share is acknowledged: the rest comes again. */
  acknowledged: fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
});
/** Taken at once, by as many consumers. */
const turn = fc.record({ batches: fc.array(batch, { minLength: 1, maxLength: 3 }), credit: fc.boolean() });

interface Queued {
  readonly body: unknown;
  isOver: boolean;
}
type Batch = typeof batch extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly queue: Queued[];
  readonly #merchant_id: `mrch_${string}`;
  readonly #ids = Array.from({ length: 8 }, () => newId('stl'));

  static async start(messages: readonly (typeof sent extends fc.Arbitrary<infer T> ? T : never)[]): Promise<Run> {
    return new Run(await sampleMerchant(database, 600n), messages);
  }

  private constructor(merchant_id: `mrch_${string}`, messages: Parameters<typeof Run.start>[0]) {
    this.#merchant_id = merchant_id;
    this.queue = messages.map((message) => ({
      // Its run's own mark: the same junk in another run is another message.
      body: 'junk' in message ? { run: this.#ids[0], junk: message.junk } : this.#request(message.id, message.amount),
      isOver: false,
    }));
  }

  #request(id: number, amount_minor: number): SettlementMessage {
    const settlement = { merchant_id: this.#merchant_id, amount_minor, currency: 'USD' };
    return { version: 1, settlement_id: this.#ids[id] ?? newId('stl'), correlation_id: 'property', settlement };
  }

  async deliver({ places, fault, diesAt, acknowledged }: Batch): Promise<void> {
    const waiting = this.queue.filter(({ isOver }) => !isOver);
    if (waiting.length === 0) return;
    const taken = places.map((place) => waiting[place % waiting.length]).filter((one) => one !== undefined);
    const messages = taken.map(({ body }, index) => ({ id: `${index}`, body }));
    const outcomes = await takeSettlementMessages(faulty(fault, diesAt), messages, silent);
    expect(outcomes.map(({ id }) => id)).toEqual(messages.map(({ id }) => id));
    for (const [index, { outcome }] of outcomes.entries()) {
      const message = taken[index];
      if (message === undefined || outcome === 'retry' || !acknowledged[index]) continue;
      message.isOver = true;
      await this.expectKept(message.body, outcome);
    }
  }

  credit(): Promise<unknown> {
    const credit = { merchant_id: this.#merchant_id, amount_minor: 1_000_000n, network: 'native' } as const;
    return creditMerchant(database, createHouseAccounts(database.sql), credit);
  }

  /** As is promised to whoever acknowledges. */
  async expectKept(body: unknown, outcome: string): Promise<void> {
    const kept = await (outcome === 'done' ? this.#isSettlement(body) : this.#isLetter(body));
    expect([outcome, body, kept]).toEqual([outcome, body, true]);
  }

  async #isSettlement(body: unknown): Promise<boolean> {
    const { settlement_id, settlement } = body as SettlementMessage;
    const { rows } = await database.sql.query(
      `select from settlements where settlement_id = $1 and merchant_id = $2 and amount_minor = $3`,
      [settlement_id, settlement.merchant_id, settlement.amount_minor],
    );
    return rows.length === 1;
  }

  async #isLetter(body: unknown): Promise<boolean> {
    const { rows } = await database.sql.query(
      `select from open_items
       where source = 'settlement_requests' and evidence ->> 'message' = $1 and evidence ->> 'reason' <> ''`,
      [JSON.stringify(body)],
    );
    return rows.length === 1;
  }

  /** Each message, at the end: exactly one of the two. */
  async expectOneEach(): Promise<void> {
    for (const { body } of this.queue) {
      const isRequest = 'version' in (body as object);
      const ends = [isRequest && (await this.#isSettlement(body)), await this.#isLetter(body)];
      expect([body, ends.filter((end) => end).length]).toEqual([body, 1]);
    }
    const { rows } = await database.sql.query<{ settlements: number; created: number }>(
      `select count(*)::int as settlements, (select count(*)::int from audit_events where merchant_id = $1
         and subject in (select settlement_id from settlements where merchant_id = $1)) as created
       from settlements where merchant_id = $1`,
      [this.#merchant_id],
    );
    expect(rows[0]?.created).toBe(rows[0]?.settlements);
  }
}

/** The real one, with what can happen to its connection. */
function faulty(fault: Fault, diesAt: number): Database {
  if (fault === 'none') return database;
  return {
    ...database,
    async transaction(work) {
      if (fault === 'away') throw new Error('connect ECONNREFUSED');
      if (fault === 'answer lost') {
        await database.transaction(work);
        throw new Error('Connection terminated');
      }
      return await database.transaction((sql) => work(dying(sql, diesAt)));
    },
  };
}

function dying(sql: Sql, diesAt: number): Sql {
  let statements = 0;
  return {
    async query(statement, values) {
      if (statements === diesAt) {
        const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
        await killer.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
      }
      statements += 1;
      return await sql.query(statement, values);
    },
  };
}

const whole: Batch = { places: [0], fault: 'none', diesAt: 0, acknowledged: Array.from({ length: 8 }, () => true) };

test('queue delivery: whatever comes twice, late or never acknowledged, each request is one settlement or one dead letter', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(sent, { minLength: 1, maxLength: 15, size: 'max' }),
      fc.array(turn, { maxLength: 10, size: 'max' }),
      async (messages, turns) => {
        const run = await Run.start(messages);
        for (const { batches, credit } of turns) {
          await Promise.all(batches.map((one) => run.deliver(one)));
          if (credit) await run.credit();
        }
        // What the queue still has comes until it is acknowledged.
        while (run.queue.some(({ isOver }) => !isOver)) await run.deliver(whole);
        await run.expectOneEach();
      },
    ),
    { numRuns: 60 },
  );
});
