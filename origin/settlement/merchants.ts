// Merchants: who is paid out. Each has one ledger account for what is owed to it, in its currency, which can never be overdrawn.

import { type Id, newId } from '../../contracts/ids.ts';
import { refusal } from '../api/errors.ts';
import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
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
  if (network_merchant_ids.length > 0) {
    // One at a time, until the commit: no index can refuse that two rows' arrays overlap.
    await sql.query('select pg_advisory_xact_lock($1)', [merchantsLock]);
    const { rows } = await sql.query<{ taken: string }>(
      `select unnest(network_merchant_ids) as taken from merchants where network_merchant_ids && $1::text[]`,
      [network_merchant_ids],
    );
    const others = new Set(rows.map((row) => row.taken));
    const taken = network_merchant_ids.findIndex((id) => others.has(id));
    if (taken >= 0)
      throw refusal('field_invalid', [
        { field: `network_merchant_ids[${taken}]`, problem: 'belongs to another merchant' },
      ]);
  }
  const merchant_id = newId('mrch');
  await sql.query(
    `insert into merchants (merchant_id, name, currency, network_merchant_ids, destinations, schedule_time, schedule_zone)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [
      merchant_id,
      name,
      currency,
      network_merchant_ids,
      JSON.stringify(destinations),
      schedule?.time ?? null,
      schedule?.zone ?? null,
    ],
  );
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, merchant_id, never_overdrawn)
     values ($1, 'merchant_payable', $2, $3, true)`,
    [newId('lac'), currency, merchant_id],
  );
  const audited = { action: 'merchant.created', subject: merchant_id, merchant_id, reason: '' };
  await recordAuditEvents(sql, [{ ...doer, ...audited }]);
  return merchant_id;
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
