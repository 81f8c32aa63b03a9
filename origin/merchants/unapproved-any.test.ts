// Whatever a network says of cards, in whatever order and batches: without a person no shop is owed more than the cards approved, nor all
// shops of a card more than the card's own funds, nor is one charged with more than it cleared, beyond the bounds; what is booked is owed,
// unassigned or withheld; and once a person has released all, nothing is left over.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { CardMessage } from '../../contracts/card-message.ts';
import { availableMinor } from '../../core/card/funds.ts';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { SampleShops, shop } from '../../scripts/test-shops.ts';
import { verifyLedger } from '../ledger/verify.ts';
import { SampleCard } from '../testing/sample-card.ts';

const cardsMax = 3;
const step = fc.record({
  card: fc.nat({ max: cardsMax - 1 }),
  does: fc.constantFrom(
    ...([
      'authorize',
      'clear',
      'clear',
      'clear',
      'advise',
      'reverse',
      'refund',
      'refund',
      'spend',
      'lapse',
      'accrue',
    ] as const),
  ),
  amount: fc.integer({ min: 1, max: 90_000 }),
  /** Which of the card's purchases it belongs to; the last is of no purchase. */
  purchase: fc.nat({ max: 3 }),
  final: fc.boolean(),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Of the first card; what refunds give it beyond that is soon spent. */
const fundsMinor = 10_000;
/** A cent passes, so that what is owed beyond approvals is seen. */
const bounds = { perCard: new Map([['USD', 1]]), perNetwork: new Map([['USD', 1]]) };

const atMostACent = (beyond: readonly number[]) => beyond.reduce((sum, minor) => sum + minor, 0) <= 1;

let messages = 0;
function tell(card: SampleCard, { does, amount, purchase, final }: Step, at: string): void {
  messages += 1;
  const key = `${card.card_token}-${purchase}`;
  const authorization_key = purchase === 3 && (does === 'clear' || does === 'refund') ? null : key;
  const common = { message_key: `any-${messages}`, currency: 'USD', authorization_key, merchant: shop(at) };
  switch (does) {
    case 'authorize':
      card.authorize(amount, { key: `${key}-${messages}`, authorization_key: key, merchant: shop(at) });
      break;
    case 'spend': {
      const minor = Math.max(1, Math.min(amount, availableMinor(card.state) ?? amount));
      const spent = card.authorize(minor, { key: `spent-${messages}`, merchant: shop(at) });
      card.receive({
        ...common,
        kind: 'clearing',
        authorization_key: spent,
        amount_minor: minor,
        final,
      } as CardMessage);
      break;
    }
    case 'clear':
      card.receive({ ...common, kind: 'clearing', amount_minor: amount, final } as CardMessage);
      break;
    case 'refund':
      card.receive({ ...common, kind: 'refund', amount_minor: amount } as CardMessage);
      break;
    case 'advise':
      card.receive({ ...common, kind: 'advice', hold_minor: amount, decided_by: 'network' } as CardMessage);
      break;
    case 'reverse':
      card.reverse(key, final ? null : amount);
      break;
    case 'lapse':
      card.lapse();
      break;
  }
}

/** By authorization, what the cards themselves approved. */
function approvedBy(cards: readonly SampleCard[]): Map<string, number> {
  const approved = new Map<string, number>();
  for (const event of cards.flatMap(({ events }) => events)) {
    if (event.kind !== 'authorization' || event.decision.outcome !== 'approved') continue;
    const minor = event.approval?.adds_minor ?? event.effect.hold_minor;
    approved.set(event.authorization_id, (approved.get(event.authorization_id) ?? 0) + minor);
  }
  return approved;
}

interface Owed {
  readonly id: string;
  readonly card_token: string;
  readonly owed: number;
}

/** What shops are owed for each authorization; below 0: what one is charged with. */
async function owedEach({ database }: SampleShops): Promise<Owed[]> {
  const { rows } = await database.sql.query<Owed>(
    `select authorization_id as id, card_token, (posted_minor
       - coalesce((select sum(left_minor) from unapproved_clearings u
           where u.authorization_id = a.authorization_id and u.state = 'withheld'), 0)
       + coalesce((select sum(left_minor) from unmatched_refunds r
           where r.authorization_id = a.authorization_id and r.state = 'withheld'), 0))::int as owed
     from authorizations a join card_streams using (stream_id)`,
  );
  return rows;
}

async function noMoreThanAllowed(shops: SampleShops, cards: readonly SampleCard[]): Promise<void> {
  const each = await owedEach(shops);
  const approved = approvedBy(cards);
  expect(each.map(({ id, owed }) => Math.max(0, owed - (approved.get(id) ?? 0)))).toSatisfy(atMostACent);
  expect(each.map(({ owed }) => Math.max(0, -owed))).toSatisfy(atMostACent);
  const funded = each.filter(({ card_token }) => card_token === cards[0]?.card_token);
  // A cent of clearings and a cent of refunds.
  expect(funded.reduce((sum, { owed }) => sum + owed, 0)).toBeLessThanOrEqual(fundsMinor + 2);
}

test('what no card approved is never owed by itself, and all of it once a person says so', {
  timeout: 120_000,
}, async () => {
  let runs = 0;
  const withheldRuns = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      runs += 1;
      const shops = new SampleShops(await createTestDatabase());
      try {
        shops.bounds = bounds;
        await shops.merchantAt('OURS');
        const known = [await shops.card({ funds_minor: fundsMinor }), await shops.card()];
        // The last is one that nobody here knows.
        const cards = [...known, new SampleCard(`invented-${runs}`, null)];
        for (const one of steps) {
          const card = cards[one.card];
          if (card === undefined) throw new Error('no such card');
          if (one.does === 'accrue') await shops.accrueAll();
          else tell(card, one, 'OURS');
          if (one.final) await shops.book(card);
        }
        for (const card of cards) await shops.book(card);
        await shops.accrueAll();
        const before = await shops.totals();
        await noMoreThanAllowed(shops, cards);
        expect(before.owed + before.unassigned + before.withheld - before.unmatched - before.deficit).toBe(
          before.posted,
        );
        for (const [kind, minor] of [
          ['clearing_withheld', before.withheld],
          ['refund_withheld', before.unmatched],
        ] as const) {
          if (minor === 0) continue;
          withheldRuns.set(kind, (withheldRuns.get(kind) ?? 0) + 1);
          expect(await shops.acted('release', { of_minor: minor }, kind)).toMatchObject({ outcome: 'closed' });
          await shops.accrueAll();
        }
        const after = await shops.totals();
        expect(after.withheld + after.unmatched).toBe(0);
        expect(after.owed + after.unassigned - after.deficit).toBe(before.posted);
        expect((await verifyLedger(shops.database.sql)).differences).toEqual([]);
      } finally {
        await shops.database.close();
      }
    }),
    { numRuns: 40, endOnFailure: true },
  );
  for (const kind of ['clearing_withheld', 'refund_withheld']) expect(withheldRuns.get(kind)).toBeGreaterThan(5);
});
