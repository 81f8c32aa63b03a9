// After the database was set back: what each provider lists since then, found here, noted as sent, or made anew under its own id. Then the
// engine asks its provider as about anything that was sent, and books what it hears. Twice is once: what was noted is known.
//
// It does not bring back settlements that reached no provider: their amount is owed again, and whoever asked for them asks again.

import type { Logger } from 'pino';
import { type Id, idSchema } from '../../contracts/ids.ts';
import { advance } from '../../core/settlement/settlement.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import { describeError } from '../log.ts';
import type { Listed, Provider, ProviderWord } from '../providers/provider.ts';
import { isRefused } from '../set-aside.ts';
import { raiseContradictions, unbelievedPayment } from './contradictions.ts';
import { createSettlements } from './create.ts';
import { settlementPolicy } from './engine.ts';
import { judgeListed, type ListedAt, type Verdict } from './judge-listed.ts';
import { createProviderInbox } from './provider-inbox.ts';
import { lockSettlements, type SettlementRow } from './settlement-row.ts';
import { storeChanges } from './store-changes.ts';
import { createTransitAccounts, type TransitAccounts } from './transit-accounts.ts';

/** Counts of settlements, but for `listed` and `told_again`. */
export interface PaymentsFound {
  /** Payments in all lists together. */
  readonly listed: number;
  readonly known: number;
  /** Known here, and not known to be sent. */
  readonly sent: number;
  /** Not known here at all, and made anew under their ids. */
  readonly made: number;
  readonly for_a_person: number;
  /** Another provider has to answer first. */
  readonly must_wait: number;
  /** What providers had told by themselves in the lost time, stored as if it came now. */
  readonly told_again: number;
  readonly unread: readonly { readonly provider: string; readonly problem: string }[];
}

export type FindPayments = (since: Date, doer: Doer) => Promise<PaymentsFound>;

export interface FindingParts {
  readonly database: Database;
  /** Those that pay, and those that may have been paid through before. */
  readonly providers: readonly Pick<Provider, 'name' | 'listSince'>[];
  readonly log: Logger;
}

/** For one provider's whole list. */
const listMsMax = 60_000;
const lookedAtMax = 200;

export function createFindPayments({ database, providers, log }: FindingParts): FindPayments {
  const transit = createTransitAccounts(database.sql);
  return async (since, doer) => {
    const lists = await Promise.all(providers.map((provider) => read(provider, since)));
    const unread = lists.flatMap(({ provider, problem }) => (problem === null ? [] : [{ provider, problem }]));
    const payments = lists.flatMap(({ provider, list }) => list.payments.map((payment) => ({ ...payment, provider })));
    const counts = { known: 0, sent: 0, lost: 0, contradicts: 0, must_wait: 0 };
    const bySettlement = Map.groupBy(payments, (payment) => payment.settlement_id);
    const unknown = await notKnown(database, bySettlement);
    counts.known += bySettlement.size - unknown.length;
    for (const settlement_id of unknown) {
      const found = await take({ database, transit }, settlement_id, bySettlement.get(settlement_id) ?? [], doer);
      for (const one of found) counts[one] += 1;
      log.warn({ settlement_id, found }, 'a payment of the lost time');
    }
    const inbox = createProviderInbox(database.sql);
    const told = lists.flatMap(({ provider, list }) => list.words.map((word) => inbox.keep(provider, word)));
    await Promise.all(told);
    return {
      ...{ listed: payments.length, known: counts.known, sent: counts.sent, made: counts.lost },
      ...{ for_a_person: counts.contradicts, must_wait: counts.must_wait, told_again: told.length, unread },
    };
  };
}

interface Read {
  readonly provider: string;
  readonly list: Listed;
  readonly problem: string | null;
}

async function read({ name, listSince }: FindingParts['providers'][number], since: Date): Promise<Read> {
  try {
    return { provider: name, list: await listSince(since, AbortSignal.timeout(listMsMax)), problem: null };
  } catch (error) {
    return { provider: name, list: { payments: [], words: [] }, problem: describeError(error).message };
  }
}

/** Most of a list is known: those are looked at together, and nothing is written. */
async function notKnown(
  database: Database,
  bySettlement: ReadonlyMap<string, readonly ListedAt[]>,
): Promise<readonly string[]> {
  const ids = [...bySettlement.keys()];
  const unknown: string[] = [];
  for (let from = 0; from < ids.length; from += lookedAtMax) {
    const some = ids.slice(from, from + lookedAtMax);
    const rows = await database.transaction((sql) => lockSettlements(sql, some));
    for (const id of some)
      if (judgeListed(rows.get(id), bySettlement.get(id) ?? []).some(({ found }) => found !== 'known'))
        unknown.push(id);
  }
  return unknown;
}

interface Parts {
  readonly database: Database;
  readonly transit: TransitAccounts;
}

/** One settlement, in a commit of its own: what cannot be noted of one is for a person, and keeps no other from it. */
async function take(
  parts: Parts,
  settlement_id: string,
  payments: readonly ListedAt[],
  doer: Doer,
): Promise<Verdict['found'][]> {
  try {
    return await parts.database.transaction(async (sql) => {
      const rows = await lockSettlements(sql, [settlement_id]);
      const verdicts = judgeListed(rows.get(settlement_id), payments);
      const found: Verdict['found'][] = [];
      for (const verdict of verdicts) found.push(await note(sql, parts, verdict, rows.get(settlement_id), doer));
      return found;
    });
  } catch (error) {
    if (!isRefused(error)) throw error;
    const why = `it cannot be noted: ${describeError(error).message}`;
    return await parts.database.transaction(async (sql) => {
      const row = (await lockSettlements(sql, [settlement_id])).get(settlement_id);
      for (const payment of payments) await tellPerson(sql, { found: 'contradicts', payment, why }, row);
      return ['contradicts'];
    });
  }
}

async function note(
  sql: Sql,
  parts: Parts,
  verdict: Verdict,
  row: SettlementRow | undefined,
  doer: Doer,
): Promise<Verdict['found']> {
  switch (verdict.found) {
    case 'known':
    case 'must_wait':
      return verdict.found;
    case 'contradicts':
      return await tellPerson(sql, verdict, row);
    case 'sent':
      if (row === undefined) throw new Error('what was sent is here');
      await noteSent(sql, parts, row, verdict.payment);
      return 'sent';
    case 'lost':
      return await makeLost(sql, parts, verdict.payment, doer);
  }
}

/** As if it had been claimed for this provider: reserved, and to be asked about at once. */
async function noteSent(sql: Sql, { transit }: Parts, row: SettlementRow, payment: ListedAt): Promise<void> {
  const { provider, submission, provider_reference } = payment;
  await transit.ensure([provider], [row.currency]);
  const reserved = advance({ ...row, state: 'processing' }, { found: 'reserved', provider }, settlementPolicy, 0);
  const progress = { ...reserved.progress, submissions: submission, provider_reference };
  const reason = `found in the list of ${provider}: it was sent after the instant that the database was set back to`;
  const after = { ...reserved, progress, due_in_ms: 0, reason };
  const { settlement_id } = row;
  const listed = { kind: 'confirmation', outcome: 'listed', detail: provider_reference, duration_ms: null } as const;
  await storeChanges(
    sql,
    transit,
    [{ before: row, after, actor: `provider:${provider}`, lease: null }],
    [{ ...listed, settlement_id, submission, provider }],
  );
}

/** Under its own id: whoever was told of it, or has its webhook, finds it again. */
async function makeLost(sql: Sql, parts: Parts, payment: ListedAt, doer: Doer): Promise<Verdict['found']> {
  const cannot = (why: string) => tellPerson(sql, { found: 'contradicts', payment, why }, undefined);
  const settlement_id = idSchema('stl').safeParse(payment.settlement_id).data;
  const merchant_id = idSchema('mrch').safeParse(payment.merchant_id).data;
  const amount_minor = Number(payment.amount_minor);
  if (settlement_id === undefined) return await cannot('its id is none of ours');
  if (merchant_id === undefined) return await cannot('the list does not say whose it is');
  if (payment.amount_minor === null || !Number.isSafeInteger(amount_minor) || amount_minor <= 0)
    return await cannot('its amount cannot be read');
  const { currency, reference } = payment;
  const settlement = { merchant_id, amount_minor, currency, reference: reference ?? '' };
  const [made] = await createSettlements(sql, [{ ...doer, settlement_id, settlement }], []);
  if (made === undefined || 'refused' in made) return await cannot(`it cannot be booked: ${made?.refused}`);
  const row = (await lockSettlements(sql, [settlement_id])).get(settlement_id);
  if (row === undefined) throw new Error(`${settlement_id} was made and is not there`);
  await noteSent(sql, parts, row, payment);
  return 'lost';
}

async function tellPerson(
  sql: Sql,
  { payment, why }: Extract<Verdict, { found: 'contradicts' }>,
  row: SettlementRow | undefined,
): Promise<'contradicts'> {
  const { provider, settlement_id, submission, provider_reference, amount_minor, currency, state } = payment;
  const word: ProviderWord = {
    ...{ webhook_id: `listed ${provider_reference}`, settlement_id, submission, provider_reference },
    ...{ outcome: 'paid', amount_minor, currency, code: null },
  };
  const summary = `${provider} lists a payment of ${settlement_id} (${state}, ${amount_minor} ${currency}), and ${why}.`;
  const { item, withheld_minor } = unbelievedPayment({ provider, word, row, summary });
  const merchant_id = row?.merchant_id ?? (await knownMerchant(sql, payment));
  const isRead = /^[1-9]\d{0,17}$/.test(amount_minor ?? '');
  const amount = isRead ? { minor: BigInt(amount_minor ?? ''), currency } : item.amount;
  await raiseContradictions(sql, [
    {
      item: { ...item, ...(amount && { amount }), merchant_id },
      withheld_minor: withheld_minor ?? (merchant_id === null ? null : (amount?.minor ?? null)),
    },
  ]);
  return 'contradicts';
}

async function knownMerchant(sql: Sql, { merchant_id, currency }: ListedAt): Promise<Id<'mrch'> | null> {
  const { rows } = await sql.query<{ merchant_id: Id<'mrch'> }>(
    'select merchant_id from merchants where merchant_id = $1 and currency = $2',
    [merchant_id, currency],
  );
  return rows[0]?.merchant_id ?? null;
}
