// Whatever one network's credential can send in a day: purchases, clearings, refunds, reversals, expiries and advices, of known and invented
// cards, at our merchants' shops and at invented ones, in several currencies, repeated, and in facts that the edge could not book. However much
// it is, a person has a bounded number of items of each kind, and no cent is lost from sight.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { type KeptFact, keptFactReasons } from '../../contracts/kept-fact.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, shop } from '../../scripts/test-shops.ts';
import type { Sql } from '../db/client.ts';
import { asMessages, SampleBooks } from '../testing/sample-books.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { saidOfMoney } from './said-of-money.ts';

const cardsKnown = 13;
const cardsInvented = 3;

/** Up to forty messages of one kind, as a thief's script sends them. */
const burst = fc.record({
  card: fc.nat({ max: cardsKnown + cardsInvented - 1 }),
  kind: fc.constantFrom('clearing', 'clearing', 'refund', 'reversal', 'expiry', 'advice', 'authorization', 'fact'),
  currency: fc.constantFrom('USD', 'GBP', 'EUR', 'JPY'),
  minor: fc.oneof(fc.constant(0), fc.constant(1), fc.nat({ max: 90_000 })),
  count: fc.integer({ min: 1, max: 40 }),
  shop: fc.constantFrom('ours', 'invented', 'unnamed'),
  /** Of one purchase of the card, of one that was never asked for, or of none. */
  of: fc.constantFrom('purchase', 'invented', 'none'),
  reason: fc.constantFrom(...keptFactReasons.filter((reason) => reason !== 'card_data_refused')),
  hour: fc.nat({ max: 23 }),
});
type Burst = typeof burst extends fc.Arbitrary<infer T> ? T : never;

/** What was told and nobody could book at once, by currency. */
type Sums = Map<string, bigint>;

function add(sums: Sums, currency: string, minor: number | bigint | string): void {
  sums.set(currency, (sums.get(currency) ?? 0n) + BigInt(minor));
}
const ofSums = (sums: Sums) => Object.fromEntries([...sums].filter(([, minor]) => minor !== 0n).toSorted());

class Traffic {
  readonly cards: SampleCard[];
  readonly facts: KeptFact[] = [];
  #messages = 0;

  constructor(known: readonly SampleCard[]) {
    const invented = Array.from({ length: cardsInvented }, (_, n) => new SampleCard(`invented-${n}`, null));
    this.cards = [...known, ...invented];
  }

  send(one: Burst): void {
    const card = this.cards[one.card];
    if (card === undefined) throw new Error(`there is no card ${one.card}`);
    for (let n = 0; n < one.count; n += 1) {
      this.#messages += 1;
      if (one.kind === 'fact') this.facts.push(this.#fact(card, one));
      else if (one.kind === 'authorization')
        card.authorize(Math.max(1, one.minor), { key: `a-${this.#messages}`, merchant: this.#shop(one) });
      else card.receive(this.#message(card, one));
    }
  }

  #shop({ shop: at }: Burst) {
    return shop({ ours: 'OURS', invented: `invented-${this.#messages}`, unnamed: null }[at]);
  }

  #message(card: SampleCard, one: Burst): CardMessage {
    const key = one.of === 'purchase' ? `${card.card_token}-first` : `never-${this.#messages}`;
    const mayBeAlone = one.kind === 'clearing' || one.kind === 'refund';
    const common = {
      ...{ kind: one.kind, message_key: `m-${this.#messages}`, currency: one.currency },
      authorization_key: one.of === 'none' && mayBeAlone ? null : key,
    };
    const merchant = this.#shop(one);
    switch (one.kind) {
      case 'clearing':
        return { ...common, amount_minor: one.minor, final: false, merchant } as CardMessage;
      case 'refund':
        return { ...common, amount_minor: one.minor, merchant } as CardMessage;
      case 'reversal':
        return { ...common, amount_minor: one.minor } as CardMessage;
      case 'advice':
        return { ...common, hold_minor: one.minor, decided_by: 'network', merchant } as CardMessage;
      default:
        return common as CardMessage;
    }
  }

  #fact(card: SampleCard, { minor, currency, reason, hour }: Burst): KeptFact {
    const kind = ['clearing', 'refund', 'advice'][this.#messages % 3] ?? '';
    const amount = kind === 'advice' ? { hold_minor: minor } : { amount_minor: minor };
    const message = { kind, message_key: `f-${this.#messages}`, currency, ...amount };
    return {
      ...{ version: 1, kind: 'kept_fact', fact_key: String(this.#messages).padStart(64, '0'), network: 'native' },
      ...{ card_key: card.card_key, reason, field: null, problem: 'is for a person' },
      fact: JSON.stringify({ card_token: card.card_token, message }),
      received_at_ms: Date.UTC(2026, 10, 27, hour, 30),
    } as KeptFact;
  }

  /** Money in another currency than its card's that moved nothing, by what the cards themselves have written. */
  get mismatched(): Sums {
    const sums: Sums = new Map();
    for (const event of this.cards.flatMap(({ events }) => events)) {
      if (event.kind !== 'message' || event.anomaly !== 'currency_mismatch') continue;
      const { message } = event;
      if (message.kind === 'advice') add(sums, message.currency, message.hold_minor);
      if (message.kind === 'clearing' || message.kind === 'refund') add(sums, message.currency, message.amount_minor);
    }
    return sums;
  }
}

/** Brought as queues do: a hundred at once, some of them twice. */
async function deliver(shops: SampleShops, { cards, facts }: Traffic): Promise<void> {
  const intake = new SampleBooks(shops.database).intake();
  const take = async (bodies: readonly unknown[]) => {
    const taken = await intake.take(asMessages(...bodies));
    expect(taken.every(({ outcome }) => outcome === 'done')).toBe(true);
  };
  for (const card of cards) {
    const sequences = card.events.map(({ sequence }) => sequence);
    for (let at = 0; at < sequences.length; at += 90)
      await take([card.message(...sequences.slice(Math.max(0, at - 10), at + 90))]);
  }
  for (let at = 0; at < facts.length; at += 90) await take(facts.slice(Math.max(0, at - 10), at + 90));
  await shops.accrueAll();
  await shops.database.sql.query(`update open_items set last_seen_at = now() - interval '2 minutes'`);
  await shops.accrueAll();
}

async function sumsOf(sql: Sql, query: string): Promise<Sums> {
  const sums: Sums = new Map();
  const { rows } = await sql.query<{ currency: string; minor: string }>(query);
  for (const { currency, minor } of rows) add(sums, currency, minor);
  return sums;
}

/** Items of a kind, of a day: of a card, and of the network. */
async function isBounded(sql: Sql): Promise<void> {
  const { rows } = await sql.query<{ kind: string; of_network: number; of_card: number }>(
    `select kind, sum(items)::int as of_network, max(items) filter (where card_key is not null)::int as of_card
     from (select kind, card_key, count(*)::int as items from open_items group by 1, 2) as each group by 1`,
  );
  const network: Readonly<Record<string, number>> = {
    ...{ currency_mismatch: 200, refund_above_cleared: 200, money_told_again: 200 },
    // Ten cards have twenty items of a kind; then the network's own; three kinds.
    events_kept_together: 3 * (10 + 1),
    // Of an hour, and what is looked at side by side; four kinds of messages in 24 hours.
    ...{ fact_out_of_contract: 110, fact_held_back: 110, key_reused: 110, facts_kept_together: 4 * 24 },
    // A hundred shops and the others of the day; a merchant's shop in each currency; an hour of each currency.
    ...{ clearing_unassigned: 101, clearing_withheld: 4, refund_withheld: 4 + 4 * 2 },
    releases_of_unknown_cards: 24,
  };
  for (const { kind, of_network, of_card } of rows) {
    expect(network, `${kind} has no bound`).toHaveProperty(kind);
    expect([kind, of_network]).toSatisfy(([, count]) => count <= (network[kind] ?? 0));
    if (kind === 'currency_mismatch' || kind === 'refund_above_cleared')
      expect([kind, of_card ?? 0]).toSatisfy(([, count]) => count <= 20);
  }
}

async function noCentIsLost(shops: SampleShops, traffic: Traffic): Promise<void> {
  const { sql } = shops.database;
  const facts: Sums = new Map();
  for (const fact of traffic.facts) {
    const { amount } = saidOfMoney(fact);
    if (amount !== null) add(facts, amount.currency, amount.minor);
  }
  const kept = await sumsOf(sql, `select currency, amount_minor::text as minor from facts_together_sums`);
  const { rows: alone } = await sql.query<{ evidence: KeptFact }>(
    `select evidence from open_items where kind in ('fact_out_of_contract', 'fact_held_back', 'key_reused')`,
  );
  for (const { evidence } of alone) {
    const { amount } = saidOfMoney(evidence);
    if (amount !== null) add(kept, amount.currency, amount.minor);
  }
  expect(ofSums(kept)).toEqual(ofSums(facts));

  const mismatched = await sumsOf(
    sql,
    `select currency, amount_minor::text as minor from open_items where kind = 'currency_mismatch' and item_key like 'evt%'
       and evidence -> 'event' ->> 'anomaly' = 'currency_mismatch'
     union all select currency, amount_minor::text from events_kept_together
     where kind = 'currency_mismatch' and body -> 'event' ->> 'anomaly' = 'currency_mismatch'
       and body -> 'event' -> 'message' ->> 'kind' in ('clearing', 'refund', 'advice')`,
  );
  expect(ofSums(mismatched)).toEqual(ofSums(traffic.mismatched));
  const rows = await sumsOf(
    sql,
    'select coalesce(currency, $$$$) as currency, coalesce(amount_minor, 0)::text as minor from events_kept_together',
  );
  const sums = await sumsOf(sql, 'select currency, left_minor::text as minor from events_together_sums');
  expect(ofSums(sums)).toEqual(ofSums(rows));

  // Of what nobody is owed, the items say every cent that the rows do.
  const shown = await sumsOf(
    sql,
    `select currency, amount_minor::text as minor from open_items where kind = 'clearing_unassigned' and status = 'open' and item_key not like '% at many shops %'
     union all select each ->> 'currency', each ->> 'net_minor' from open_items, json_array_elements(evidence -> 'sums') as each
     where kind = 'clearing_unassigned' and status = 'open' and item_key like '% at many shops %'`,
  );
  const unassigned = await sumsOf(
    sql,
    `select currency, net_minor::text as minor from unassigned_clearings join ledger_accounts on ledger_account_no = clearing_no`,
  );
  expect(ofSums(shown)).toEqual(ofSums(unassigned));
  expect(await shops.broken()).toEqual([]);
}

test('whatever a network’s credential sends in a day is a bounded number of items of each kind, and every cent is seen', async () => {
  await fc.assert(
    // Only the seed, of which the bursts are made anew: they themselves would be a page.
    fc.asyncProperty(fc.integer(), async (seed) => {
      const bursts = fc.sample(burst, { seed, numRuns: 120 });
      const shops = new SampleShops(await createTestDatabase());
      await shops.merchantAt('OURS');
      const known: SampleCard[] = [];
      for (let n = 0; n < cardsKnown; n += 1) known.push(await shops.card());
      for (const card of known) card.authorize(5_000, { key: `${card.card_token}-first`, merchant: shop('OURS') });
      const traffic = new Traffic(known);
      // In two parts, since what comes later meets the items that there are.
      for (const half of [bursts.slice(0, 80), bursts.slice(80)]) {
        for (const one of half) traffic.send(one);
        await deliver(shops, traffic);
        await isBounded(shops.database.sql);
        await noCentIsLost(shops, traffic);
      }
      await shops.database.close();
    }),
    { numRuns: 2, endOnFailure: true },
  );
}, 120_000);
