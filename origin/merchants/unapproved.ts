// What accrual is about to owe, less what no card approved and what no purchase had cleared: small sums pass, the rest is withheld until a
// person says so (docs/decisions/0021, 0024). Under the lock that accrual holds, so the sums of a day are exact.
//
// Example: a card approves 100.00, and 900.00 clear at a shop. The shop is owed 100.00, and 800.00 are withheld. A refund of 900.00
// leaves nothing withheld, and takes 100.00 from what the shop is owed. A refund of 600.00 more is withheld: the shop keeps it.

import type { Sql } from '../db/client.ts';
import { judgeAgain, judgeFresh } from './judge-withheld.ts';
import { takeClearings, takeRefunds } from './match-withheld.ts';
import { withholdOnRefunds } from './on-refunds.ts';
import type { UnapprovedBounds } from './unapproved-bounds.ts';
import { clearingsBook, refundsBook } from './withheld-books.ts';
import type { Adjustment, Window } from './withheld-rows.ts';

/** By how much what has cleared in the window differs from what is owed for it. */
export async function withholdUnapproved(sql: Sql, window: Window, bounds: UnapprovedBounds): Promise<Adjustment[]> {
  const found = await lookAtBooks(sql);
  if (!Object.values(found).includes(true)) return [];
  const adjustments: Adjustment[] = [];
  // Refunds first: one that is withheld takes up what clears of its purchase later, and until then gives its card no funds.
  const refunds = { sql, window, bounds, book: refundsBook };
  if (found.freshRefunds) adjustments.push(...(await judgeFresh(refunds)));
  if (found.againRefunds) adjustments.push(...(await judgeAgain(refunds)));
  const areRefundsLeft = found.refundsLeft || adjustments.length > 0;
  const matched = areRefundsLeft ? await takeClearings(sql, window) : null;
  adjustments.push(...(matched?.adjustments ?? []));
  const clearings = { sql, window, bounds, book: clearingsBook };
  if (found.fresh) adjustments.push(...(await judgeFresh(clearings)));
  if (found.again) adjustments.push(...(await judgeAgain(clearings)));
  if (found.fresh || found.left) adjustments.push(...(await takeRefunds(sql, window)));
  if (matched !== null) adjustments.push(...(await withholdOnRefunds(sql, window, matched.matched)));
  return adjustments;
}

interface Found {
  readonly fresh: boolean;
  readonly again: boolean;
  readonly left: boolean;
  readonly freshRefunds: boolean;
  readonly againRefunds: boolean;
  readonly refundsLeft: boolean;
}

/** Most rounds find nothing, and ask nothing more. */
async function lookAtBooks(sql: Sql): Promise<Found> {
  const left = `state in ('withheld', 'kept') and left_minor > 0`;
  const { rows } = await sql.query<Found>(
    `select exists (select from unapproved_clearings where state = 'new') as fresh,
       exists (select from unapproved_clearings where reason = 'card_made') as again,
       exists (select from unapproved_clearings where ${left}) as left,
       exists (select from unmatched_refunds where state = 'new') as "freshRefunds",
       exists (select from unmatched_refunds where reason = 'card_made') as "againRefunds",
       exists (select from unmatched_refunds where ${left}) as "refundsLeft"`,
  );
  const [found] = rows;
  if (found === undefined) throw new Error('a row of six answers has none');
  return found;
}
