// Money into an account and out of it again: transfers between the program's funding source and the account at the top of a tree. What is
// there is what the ledger says, over all accounts of the tree; a credit limit is no money, and nobody withdraws it.

import type { Doer } from '../audit/audit-event.ts';
import { audit, lockOpenCompany } from '../companies/companies.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { createHouseAccounts } from '../ledger/house-accounts.ts';
import { insertTransfers } from '../ledger/transfers.ts';
import { type Account, findAccount, treeBelow } from './account-tree.ts';
import { edgeCouldSpend } from './edge-could-spend.ts';

export interface Funds {
  /** What came in, less what is spent, of the account and all below it. */
  readonly balance_minor: bigint;
  /** Reserved by purchases that have not cleared. */
  readonly held_minor: bigint;
}

export async function fundsOfTree(sql: Sql, accountId: string): Promise<Funds> {
  const { rows } = await sql.query<{ balance: string; held: string }>(
    `${treeBelow}
     select coalesce(sum(b.credits_posted::numeric - b.debits_posted), 0) as balance, coalesce(sum(b.debits_pending::numeric), 0) as held
     from tree join ledger_accounts l using (account_id) join ledger_balances b using (ledger_account_no)`,
    [accountId],
  );
  const [row] = rows;
  return { balance_minor: BigInt(row?.balance ?? 0), held_minor: BigInt(row?.held ?? 0) };
}

export interface Movement {
  readonly account_id: string;
  readonly amount_minor: number;
}

/** Returns the transfer's id. Repeats are the caller's to know (Idempotency-Key). */
export async function deposit(sql: Sql, { account_id, amount_minor }: Movement, doer: Doer): Promise<string> {
  const account = await topAccount(sql, account_id);
  if (account.company_id !== null) await lockOpenCompany(sql, account.company_id, 'member');
  const { house, own } = await sides(sql, account);
  const sidesOfIt = { debit_account_no: house, credit_account_no: own };
  return await book(sql, { ...sidesOfIt, amount_minor, action: 'account.funded', account, doer });
}

/**
 * Refused where the books have less, or where the edge could still spend it. Booked first and judged after: the transfer has locked the
 * account's balance, so that of two withdrawals of 60 from 100 the second sees 40. What is refused is undone by the caller's transaction.
 */
export async function withdraw(sql: Sql, { account_id, amount_minor }: Movement, doer: Doer): Promise<string> {
  const account = await topAccount(sql, account_id);
  const { house, own } = await sides(sql, account);
  const sidesOfIt = { debit_account_no: own, credit_account_no: house };
  const transfer_id = await book(sql, { ...sidesOfIt, amount_minor, action: 'account.withdrawn', account, doer });
  const { balance_minor, held_minor } = await fundsOfTree(sql, account_id);
  if (balance_minor - held_minor - edgeCouldSpend(account_id) < 0n) throw refusal('amount_not_available');
  return transfer_id;
}

async function topAccount(sql: Sql, accountId: string): Promise<Account> {
  const account = await findAccount(sql, accountId);
  if (account.parent_account_id !== null) throw refusal('account_has_parent');
  return account;
}

async function sides(sql: Sql, { account_id, currency }: Account): Promise<{ house: number; own: number }> {
  const source = { kind: 'funding_source', currency, network: null } as const;
  // In this transaction, and forgotten with it: a second connection for it could be waited for in a circle.
  const houseAccounts = createHouseAccounts(sql);
  await houseAccounts.ensure([source]);
  const { rows } = await sql.query<{ ledger_account_no: string }>(
    'select ledger_account_no from ledger_accounts where account_id = $1',
    [account_id],
  );
  const [own] = rows;
  if (own === undefined) throw new Error(`${account_id} has no ledger account`);
  return { house: houseAccounts.numberOf(source), own: Number(own.ledger_account_no) };
}

interface Booking {
  readonly debit_account_no: number;
  readonly credit_account_no: number;
  readonly amount_minor: number;
  readonly action: 'account.funded' | 'account.withdrawn';
  readonly account: Account;
  readonly doer: Doer;
}

async function book(sql: Sql, { action, account, doer, amount_minor, ...sidesOfIt }: Booking): Promise<string> {
  const { account_id, currency } = account;
  const [transfer_id = ''] = await insertTransfers(sql, [
    {
      ...sidesOfIt,
      ...{ amount_minor: BigInt(amount_minor), currency, kind: 'direct', event_at_ms: Date.now(), event: null },
    },
  ]);
  // `npm run audit -- verify` reads this reason.
  await audit(sql, doer, { action, subject: account_id, reason: `${amount_minor} ${currency}: ${transfer_id}` });
  return transfer_id;
}
