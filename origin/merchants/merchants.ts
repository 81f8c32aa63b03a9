// Merchants: who is paid out. Each has one ledger account for what is owed to it, in its currency, which can never be overdrawn.

import { type Id, newId } from '../../contracts/ids.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import type { HouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { owedTo } from './owed.ts';

export interface NewMerchant {
  readonly name: string;
  readonly currency: string;
  /** The acquirers' ids whose clearings are owed to it; an id belongs to one merchant. */
  readonly network_merchant_ids?: readonly string[];
  /** Where it is paid to, by provider. */
  readonly destinations?: Readonly<Record<string, unknown>>;
  /** When what has cleared is settled by itself, as `23:30` in an IANA zone; null: never. */
  readonly schedule?: { readonly time: string; readonly zone: string } | null;
}

/** Any number that nobody else locks in this database. */
const merchantsLock = 7_283_640_113;

/** In the caller's transaction. Throws a refusal where a network's id belongs to another merchant. */
export async function createMerchant(sql: Sql, merchant: NewMerchant, doer: Doer): Promise<Id<'mrch'>> {
  const { name, currency, network_merchant_ids = [], destinations = {}, schedule = null } = merchant;
  const ids = shopIds(network_merchant_ids);
  await assertFree(sql, ids, null);
  const merchant_id = newId('mrch');
  await sql.query(
    `insert into merchants (merchant_id, name, currency, network_merchant_ids, schedule_time, schedule_zone)
     values ($1, $2, $3, $4, $5, $6)`,
    [merchant_id, name, currency, ids, schedule?.time ?? null, schedule?.zone ?? null],
  );
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, merchant_id, never_overdrawn)
     values ($1, 'merchant_payable', $2, $3, true)`,
    [newId('lac'), currency, merchant_id],
  );
  const audited = { action: 'merchant.created', subject: merchant_id, merchant_id, reason: '' };
  await recordAuditEvents(sql, [{ ...doer, ...audited }]);
  await changeDestinations(sql, { merchant_id, destinations }, doer);
  return merchant_id;
}

/**
 * Where it is paid to from now on. The database does all of it (migrations/0025): it writes the audit event, tells the merchant by
 * webhook, and pays a changed destination only when its cooling time is over. The same destinations again change nothing. Locks the
 * audit trail's head, so call it last. Returns false where there is no such merchant.
 */
export async function changeDestinations(
  sql: Sql,
  { merchant_id, destinations }: { merchant_id: string; destinations: Readonly<Record<string, unknown>> },
  { actor, correlation_id }: Doer,
): Promise<boolean> {
  const { rows } = await sql.query<{ changed: boolean | null }>(
    'select change_destinations($1, $2, $3, $4) as changed',
    [merchant_id, JSON.stringify(destinations), actor, correlation_id],
  );
  return rows[0]?.changed !== null;
}

/**
 * More of the acquirers' ids: what clears there from now on is owed to it, and what has cleared there in its currency while nobody
 * had the id is owed to it within the next round of accrual. Returns false where there is no such merchant.
 */
export async function addNetworkMerchantIds(
  sql: Sql,
  { merchant_id, network_merchant_ids }: { merchant_id: string; network_merchant_ids: readonly string[] },
  doer: Doer,
): Promise<boolean> {
  const ids = shopIds(network_merchant_ids);
  await assertFree(sql, ids, merchant_id);
  // `ids_taken_up`: set back in the statement that adds them, so that no round of accrual comes between.
  const { rows } = await sql.query(
    `update merchants set ids_taken_up = false,
       network_merchant_ids = network_merchant_ids || array(select unnest($2::text[]) except select unnest(network_merchant_ids))
     where merchant_id = $1 returning merchant_id`,
    [merchant_id, ids],
  );
  if (rows.length === 0) return false;
  const audited = {
    action: 'merchant.network_ids_added',
    subject: merchant_id,
    merchant_id,
    reason: ids.join(' ').slice(0, 300),
  };
  await recordAuditEvents(sql, [{ ...doer, ...audited }]);
  return true;
}

/** As accrual compares them: without the spaces around them. */
function shopIds(given: readonly string[]): string[] {
  return [...new Set(given.map((id) => id.trim()))];
}

/** Throws a refusal where one belongs to another merchant than this. */
async function assertFree(sql: Sql, ids: readonly string[], merchantId: string | null): Promise<void> {
  if (ids.length === 0) return;
  // One at a time, until the commit: no index can refuse that two rows' arrays overlap.
  await sql.query('select pg_advisory_xact_lock($1)', [merchantsLock]);
  const { rows } = await sql.query<{ taken: string }>(
    `select unnest(network_merchant_ids) as taken from merchants
     where network_merchant_ids && $1::text[] and merchant_id is distinct from $2`,
    [ids, merchantId],
  );
  const others = new Set(rows.map((row) => row.taken));
  const taken = ids.findIndex((id) => others.has(id));
  if (taken >= 0)
    throw refusal('field_invalid', [
      { field: `network_merchant_ids[${taken}]`, problem: 'belongs to another merchant' },
    ]);
}

export interface Credit {
  readonly merchant_id: string;
  readonly amount_minor: bigint;
  /** Whose clearing account it comes from. */
  readonly network: string;
}

/** Owes a merchant more, beside what its clearings bring by themselves. Returns the transfer's id. */
export async function creditMerchant(database: Database, house: HouseAccounts, credit: Credit): Promise<string> {
  const owed = (await owedTo(database.sql, [credit.merchant_id])).get(credit.merchant_id);
  if (owed === undefined) throw refusal('merchant_not_found');
  const clearing = { kind: 'network_clearing', currency: owed.currency, network: credit.network } as const;
  await house.ensure([clearing]);
  const ids = await database.transaction((sql) =>
    insertTransfers(sql, [
      {
        debit_account_no: house.numberOf(clearing),
        credit_account_no: owed.payable_account_no,
        amount_minor: credit.amount_minor,
        currency: owed.currency,
        kind: 'direct',
        event_at_ms: Date.now(),
        event: null,
      },
    ]),
  );
  return ids[0] ?? '';
}
