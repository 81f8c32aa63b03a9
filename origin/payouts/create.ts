// Settlements asked for: checked against what the ledger owes, and queued. Whoever calls brings the transaction, so that its
// idempotency key, or its run, is in the same commit. The engine finds what is queued by itself.

import { type Id, newId } from '../../contracts/ids.ts';
import type { Refusal } from '../../contracts/problem.ts';
import type { NewSettlement } from '../../contracts/settlement.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { numberColumn } from '../db/columns.ts';
import { refusal } from '../errors.ts';
import { type Owed, owedTo } from '../merchants/owed.ts';
import { isPayable, type Payer, payableOf } from '../providers/payable.ts';

export interface SettlementRequest extends Doer {
  /** The caller's own choice: asked for again, it is the same settlement. */
  readonly settlement_id?: Id<'stl'>;
  readonly settlement: NewSettlement;
  /** The `traceparent` of what asks for it. */
  readonly trace_parent?: string | null;
  /** The scheduled run that asks. */
  readonly run_id?: string;
}

export type CreateOutcome =
  /** `at`: null where an id that its caller chose was there already. `payable_from`: null where it is sent at once. */
  { readonly created: Id<'stl'>; readonly at: Date | null; readonly payable_from: Date | null } | Refused;

type Refused =
  | { readonly refused: 'merchant_not_found' | 'currency_differs' | 'destination_missing' | 'amount_not_owed' }
  /** `largest_minor`: the largest amount below it that can be paid; 0: none. */
  | { readonly refused: 'amount_not_payable'; readonly largest_minor: bigint; readonly currency: string };

/** One. Throws a refusal in the API's words; returns the settlement's id. */
export async function createSettlement(
  sql: Sql,
  settlement: NewSettlement,
  doer: Doer,
  payers: readonly Payer[] = [],
): Promise<Id<'stl'>> {
  const [outcome] = await createSettlements(sql, [{ ...doer, settlement }], payers);
  if (outcome === undefined) throw new Error('a settlement was neither created nor refused');
  if ('created' in outcome) return outcome.created;
  throw refusalOf(outcome);
}

/** In the API's words. */
export function refusalOf(outcome: Refused): Refusal {
  const { refused } = outcome;
  if (refused === 'amount_not_payable') {
    const { largest_minor, currency } = outcome;
    const largest = largest_minor === 0n ? 'no smaller one can either' : `the largest that can is ${largest_minor}`;
    return refusal(refused, [{ field: 'amount_minor', problem: `cannot be paid in ${currency}: ${largest}` }]);
  }
  if (refused === 'currency_differs')
    return refusal('field_invalid', [{ field: 'currency', problem: 'is not the currency of the merchant' }]);
  return refusal(refused);
}

/**
 * `payers`: the providers that are configured, primary first. An amount that none of them pays is refused with the largest that
 * one of them does.
 *
 * Many in two statements, each with an outcome of its own. What is refused here would fail later; what is not may still fail
 * at its reservation, where others were first: only that one decides.
 */
export async function createSettlements(
  sql: Sql,
  requests: readonly SettlementRequest[],
  payers: readonly Payer[],
): Promise<CreateOutcome[]> {
  const owed = await owedTo(
    sql,
    requests.map(({ settlement }) => settlement.merchant_id),
  );
  const left = new Map([...owed].map(([merchant_id, { payable_minor }]) => [merchant_id, payable_minor]));
  const accepted: (SettlementRequest & { readonly settlement_id: Id<'stl'> })[] = [];
  const outcomes = requests.map((request): CreateOutcome => {
    const { merchant_id, amount_minor } = request.settlement;
    const available = left.get(merchant_id) ?? 0n;
    const refused = problemOf(request.settlement, owed.get(merchant_id), available, payers);
    if (refused !== null) return refused;
    left.set(merchant_id, available - BigInt(amount_minor));
    const settlement_id = request.settlement_id ?? newId('stl');
    accepted.push({ ...request, settlement_id });
    return { created: settlement_id, at: null, payable_from: null };
  });
  const created = await insert(sql, accepted);
  return outcomes.map((outcome) => ('created' in outcome ? { ...outcome, ...created.get(outcome.created) } : outcome));
}

function problemOf(
  { amount_minor, currency }: NewSettlement,
  owed: Owed | undefined,
  available: bigint,
  payers: readonly Payer[],
): Refused | null {
  if (owed === undefined) return { refused: 'merchant_not_found' };
  if (owed.currency !== currency) return { refused: 'currency_differs' };
  const { destinations } = owed;
  if (Object.keys(destinations).length === 0) return { refused: 'destination_missing' };
  if (BigInt(amount_minor) > available) return { refused: 'amount_not_owed' };
  const wanted = { amount_minor: BigInt(amount_minor), currency, destinations };
  if (isPayable(payers, wanted)) return null;
  return { refused: 'amount_not_payable', largest_minor: payableOf(payers, wanted)?.amount_minor ?? 0n, currency };
}

/** By their ids, when they were created, and from when they are sent. */
async function insert(
  sql: Sql,
  accepted: readonly (SettlementRequest & { readonly settlement_id: string })[],
): Promise<Map<string, { at: Date; payable_from: Date | null }>> {
  if (accepted.length === 0) return new Map();
  const { rows } = await sql.query<{ settlement_id: string; created_at: Date; payable_from: Date | null }>({
    name: 'create_settlements',
    // `on conflict`: only ids that callers chose can meet; they look first, and where two look at once, the second changes nothing.
    text: `insert into settlements (settlement_id, merchant_id, amount_minor, currency, reference, run_id, changed_by,
             correlation_id, trace_parent, destinations, payable_from, due_at, change_reason)
           select asked.*, m.destinations, cooling.payable_from, coalesce(cooling.payable_from, now()),
             case when cooling.payable_from is null then '' else 'waits: the destination was changed, and is paid from '
               || to_char(cooling.payable_from at time zone 'utc', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') end
           from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
             as asked (settlement_id, merchant_id, amount_minor, currency, reference, run_id, changed_by, correlation_id, trace_parent)
           join merchants m on m.merchant_id = asked.merchant_id
           cross join lateral (
             select case when m.destinations_payable_from > now() then m.destinations_payable_from end as payable_from
           ) as cooling
           on conflict (settlement_id) do nothing
           returning settlement_id, created_at, payable_from`,
    values: [
      accepted.map(({ settlement_id }) => settlement_id),
      accepted.map(({ settlement }) => settlement.merchant_id),
      numberColumn(accepted.map(({ settlement }) => settlement.amount_minor)),
      accepted.map(({ settlement }) => settlement.currency),
      accepted.map(({ settlement }) => settlement.reference ?? ''),
      accepted.map(({ run_id }) => run_id ?? null),
      accepted.map(({ actor }) => actor),
      accepted.map(({ correlation_id }) => correlation_id),
      accepted.map(({ trace_parent }) => trace_parent ?? null),
    ],
  });
  return new Map(rows.map((row) => [row.settlement_id, { at: row.created_at, payable_from: row.payable_from }]));
}
