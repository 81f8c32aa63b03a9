// What partners were told and what providers have paid, held against the books. Pure.

import type { Entry } from '../../../scripts/simulated-provider/books.ts';
import type { AskedSettlement } from './partners.ts';

export interface BookedSettlement {
  readonly settlement_id: string;
  readonly merchant_id: string;
  readonly state: string;
  readonly provider: string | null;
  readonly amount_minor: string;
  readonly returned_minor: string;
}

export interface Payouts {
  /** By provider's name. */
  readonly entries: ReadonlyMap<string, readonly Entry[]>;
  readonly booked: readonly BookedSettlement[];
  readonly asked: readonly AskedSettlement[];
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
}

export interface PayoutJudgement {
  readonly paidTwice: number;
  readonly findings: readonly string[];
}

export function judgePayouts({ entries, booked, asked, told }: Payouts): PayoutJudgement {
  const findings: string[] = [];
  const paid = [...entries].flatMap(([provider, own]) =>
    own.filter(({ state }) => state === 'paid').map((entry) => ({ ...entry, provider })),
  );
  let paidTwice = 0;
  const twice = (what: string, references: readonly string[]) => {
    paidTwice++;
    findings.push(`${what} was paid ${references.length} times: ${references.join(', ')}`);
  };
  const references = (some: typeof paid) => some.map(({ provider_reference }) => provider_reference);
  for (const [id, some] of Map.groupBy(paid, ({ order }) => order.settlement_id))
    if (some.length > 1) twice(id, references(some));
  // As a partner counts: one payment for what it asked for under one key, whatever it is called here.
  for (const [key, some] of Map.groupBy(paid, ({ order }) => order.reference))
    if (new Set(some.map(({ order }) => order.settlement_id)).size > 1) twice(`the request ${key}`, references(some));

  const rows = new Map(booked.map((row) => [row.settlement_id, row]));
  for (const { order, provider, returns } of paid) {
    const row = rows.get(order.settlement_id);
    const back = returns.reduce((sum, { amount_minor }) => sum + BigInt(amount_minor), 0n);
    if (row?.state !== 'completed' || row.provider !== provider || row.amount_minor !== order.amount_minor)
      findings.push(
        `${order.settlement_id} was paid by ${provider}, and is ${row?.state ?? 'not'} here, with ${row?.provider}`,
      );
    else if (BigInt(row.returned_minor) !== back)
      findings.push(`${order.settlement_id}: ${back} came back, and ${row.returned_minor} is booked`);
  }
  const ids = new Set(paid.map(({ order }) => order.settlement_id));
  for (const { settlement_id, state } of booked)
    if (state === 'completed' && !ids.has(settlement_id))
      findings.push(`${settlement_id} is completed, and nobody paid it`);
  for (const { settlement_id, key } of asked)
    if (!rows.has(settlement_id)) findings.push(`${settlement_id}, asked for as ${key}, is not here`);
  for (const [id, texts] of told)
    if (texts.size > 1) findings.push(`the webhook ${id} said different things: ${[...texts].join(' and ')}`);
  return { paidTwice, findings };
}
