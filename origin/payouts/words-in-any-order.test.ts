// What providers say of payments, drawn: paid, refused, returned as a whole or in parts, each perhaps twice, in any order, with crashes
// before any commit. What the merchant is owed in the end depends on what happened, and not on the order in which it was told.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Telling, WordsWorld } from '../../scripts/test-provider-words.ts';
import { sampleMerchant, silent } from '../../scripts/test-settlements.ts';
import { withoutCause } from '../audit/causes.ts';
import { type Database, openDatabase } from '../db/client.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { owedTo } from '../merchants/owed.ts';
import type { Task } from './claim.ts';
import { takeProviderWords } from './provider-words.ts';

const owedMinor = 1_000n;
const amountMinor = 300;

let url: string;
let database: Database;
beforeAll(async () => {
  url = await createTestDatabase();
  const opened = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  database = opened;
  return () => opened.close();
});

/** What a provider will say in the end. `status`: that all of it came back, without an amount. */
const story = fc.record({
  outcome: fc.constantFrom('paid' as const, 'refused' as const),
  /** How it is known that it was paid: by the provider's message, or by the answer to a question. */
  asked: fc.boolean(),
  parts: fc.array(fc.integer({ min: 1, max: 150 }), { maxLength: 3 }),
  status: fc.boolean(),
});
type Story = typeof story extends fc.Arbitrary<infer T> ? T : never;

const plan = fc.record({
  story,
  /** Which message comes next, as a fraction of those that are left; and whether it comes twice. */
  order: fc.array(fc.record({ next: fc.nat(99), twice: fc.boolean() }), { minLength: 12, maxLength: 12 }),
  /** Before the commit of these rounds the process dies. */
  crashes: fc.array(fc.nat(20), { maxLength: 6 }),
});

/** Each with what must have come before it for it to be true at this provider. */
function messagesOf({ outcome, asked, parts, status }: Story): (Telling | 'asked')[] {
  if (outcome === 'refused') return [{ outcome: 'rejected', code: 'RJCT' }];
  const returns = parts.map((part, index) => ({
    ...{ outcome: 'returned', provider_reference: `back-${index}`, amount_minor: String(part), currency: 'USD' },
  }));
  return [asked ? 'asked' : { rejection_outlasts: true }, ...returns, ...(status ? [{ outcome: 'rejected' }] : [])];
}

class Run {
  readonly world: WordsWorld;
  readonly #crashes: Set<number>;
  #rounds = 0;

  constructor(world: WordsWorld, crashes: readonly number[]) {
    this.world = world;
    this.#crashes = new Set(crashes);
  }

  /** Rounds until no word is left; some of them die before their commit, and are made again. */
  async take(): Promise<void> {
    for (;;) {
      this.#rounds += 1;
      const dies = this.#crashes.has(this.#rounds);
      const dying: Database = {
        ...database,
        transaction: (work) =>
          database.transaction(async (sql) => {
            await work(sql);
            throw new Error('died before the commit');
          }),
      };
      const parts = dies ? { ...this.world.parts, database: dying } : this.world.parts;
      const taken = await takeProviderWords(parts, { limit: 3, except: [] }, silent).catch(() => null);
      if (taken !== null && taken.outcomes.length === 0) return;
    }
  }
}

/** A reference is the provider's own, so that of another run is another. */
function renamed(message: Telling, task: Task): Telling {
  const { settlement_id } = task.row;
  return { ...message, provider_reference: `${message['provider_reference'] ?? 'r1'}-${settlement_id}` };
}

/** Tells all of it in the drawn order. Returns whether the status came before the payment was known. */
async function tellAll(
  run: Run,
  task: Task,
  { story: told, order }: { story: Story; order: readonly { next: number; twice: boolean }[] },
) {
  const left = messagesOf(told);
  let isPaid = false;
  let isStatusFirst = false;
  for (const { next, twice } of order) {
    const [message] = left.splice(next % Math.max(1, left.length), 1);
    if (message === undefined) break;
    if (message === 'asked') {
      await run.world.found(task, { found: 'paid', reference: `r1-${task.row.settlement_id}` });
    } else {
      for (let times = 0; times < (twice ? 2 : 1); times += 1)
        await run.world.store(task.row.settlement_id, renamed(message, task));
      if (message['outcome'] === 'rejected' && !isPaid) isStatusFirst = true;
    }
    if (message === 'asked' || message['outcome'] === undefined) isPaid = true;
    await run.take();
  }
  await run.take();
  return isStatusFirst;
}

async function numberOf(text: string, values: unknown[]): Promise<number> {
  const { rows } = await database.sql.query<{ n: string }>(text, values);
  return Number(rows[0]?.n);
}

test('words in any order: what is owed in the end is what happened, each fact is told once, and the ledger is even', async () => {
  await fc.assert(
    fc.asyncProperty(plan, async (planned) => {
      const merchant = await sampleMerchant(database, owedMinor);
      await database.sql.query(
        `insert into webhook_endpoints (webhook_endpoint_id, merchant_id, url, secret) values ($1, $2, 'https://x.test', 's')`,
        [`whk_${merchant.slice(5)}`, merchant],
      );
      const world = new WordsWorld(database, merchant);
      const task = await world.taken(amountMinor);
      const id = task.row.settlement_id;
      const { story: told } = planned;
      const isStatusFirst = await tellAll(new Run(world, planned.crashes), task, planned);

      const stated = told.parts.reduce((sum, one) => sum + one, 0);
      const isPaid = told.outcome === 'paid';
      const booked = await numberOf(
        'select coalesce(sum(amount_minor), 0) as n from settlement_returns where settlement_id = $1',
        [id],
      );
      const owed = (await owedTo(database.sql, [merchant])).get(merchant)?.available_minor;
      const [settlement] = await world.query<{ state: string }>(
        'select state from settlements where settlement_id = $1',
        [id],
      );
      const state = isPaid && !isStatusFirst ? 'completed' : 'failed';
      expect(settlement).toEqual({ state });
      expect(owed).toBe(owedMinor - BigInt(state === 'completed' ? amountMinor - booked : 0));
      // All that came back, where no more came back than was paid.
      if (state === 'completed' && stated <= amountMinor) expect(booked).toBe(told.status ? amountMinor : stated);
      expect(booked).toBeLessThanOrEqual(amountMinor);
      // What cannot be is for a person: more back than was paid, or something back of what had failed.
      const impossible = isPaid && (stated > amountMinor || (state === 'failed' && told.parts.length > 0));
      expect((await numberOf('select count(*) as n from open_items where settlement_id = $1', [id])) > 0).toBe(
        impossible,
      );
      const messages = await world.query<{ event_type: string; n: string }>(
        'select event_type, count(*) as n from webhook_messages where subject = $1 group by event_type order by event_type',
        [id],
      );
      const moved = await numberOf(
        'select count(*) as n from settlement_returns where settlement_id = $1 and amount_minor > 0',
        [id],
      );
      const returned = moved === 0 ? [] : [{ event_type: 'settlement.returned', n: String(moved) }];
      expect(messages).toEqual([{ event_type: `settlement.${state}`, n: '1' }, ...returned]);
      expect((await verifyLedger(database.sql)).differences).toEqual([]);
      const uneven = `select sum(debits_posted - credits_posted) + sum(debits_pending - credits_pending) as n from ledger_balances`;
      expect(await numberOf(uneven, [])).toBe(0);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  // No return, refusal or late word of all these reads as a state that nobody wrote.
  expect(await asOwner(url, withoutCause)).toEqual([]);
}, 120_000);
