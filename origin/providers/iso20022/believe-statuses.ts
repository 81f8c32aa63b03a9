// What a status report says of our payments, as words for the engine and items for people. A rejection is believed only where the
// report does not contradict itself, and is not about a second copy of what the bank already has.

import { createHash } from 'node:crypto';
import { providerCode } from '../exchange.ts';
import type { ProviderWord } from '../provider.ts';
import { amountText } from './amount-text.ts';
import type { BankMessage, PaymentStatus } from './bank-file.ts';
import { itemOf, type Trouble } from './bank-items.ts';
import { type Believed, type Believing, returnWord, wordId } from './believe-entries.ts';
import { isSame } from './read-amounts.ts';
import { amountSent, type Sent } from './verdict.ts';

/** ISO 20022 external reason codes of a duplicate: the bank refuses a second copy, and says nothing of the first. */
const duplicate = /^(?:AM05|DU0[1-9]|DUPL)$/i;

interface Meant {
  readonly status: PaymentStatus;
  readonly payments: readonly Sent[];
}
type Said = Omit<Believed, 'about'> & { readonly notes: readonly string[] };

export async function believeStatuses(message: BankMessage, by: Believing): Promise<Said & Believed> {
  await by.known.look(message.statuses.map(({ ids }) => ids));
  const meant = message.statuses.map((status) => ({ status, payments: paymentsOf(status, by) }));
  const report = {
    contradicted: contradictions(meant),
    // Any part of it that names something of ours makes the whole report one about our files.
    isOurs: meant.some(({ payments }) => payments.length > 0),
  };
  const found: Said[] = [];
  for (const one of meant) found.push(await believeStatus(one, report, by));
  return {
    about: meant.flatMap(({ status: { ids }, payments }) =>
      [...ids.references, ...ids.mentions, ...payments].map(({ id }) => id),
    ),
    words: found.flatMap(({ words }) => words),
    items: found.flatMap(({ items }) => items),
    notes: found.flatMap(({ notes }) => notes),
  };
}

function paymentsOf({ ids }: PaymentStatus, { known }: Believing): readonly Sent[] {
  const named = ids.references.length > 0 ? ids.references : ids.mentions.filter(({ isToken }) => isToken);
  const transfers = named.filter(({ what }) => what === 'transfer').flatMap(({ id }) => known.transfer(id) ?? []);
  if (transfers.length > 0) return transfers;
  return named.flatMap(({ id }) => known.members(id));
}

/** Payments that one report calls both paid and rejected. */
function contradictions(meant: readonly Meant[]): ReadonlySet<string> {
  const idsOf = (outcome: PaymentStatus['outcome']) =>
    meant.filter(({ status }) => status.outcome === outcome).flatMap(({ payments }) => payments.map(({ id }) => id));
  const rejected = new Set(idsOf('rejected'));
  return new Set(idsOf('paid').filter((id) => rejected.has(id)));
}

async function believeStatus(
  { status, payments }: Meant,
  report: { readonly contradicted: ReadonlySet<string>; readonly isOurs: boolean },
  by: Believing,
): Promise<Said> {
  const { outcome, ids, named, code, element, about } = status;
  const [only = null] = payments.length === 1 ? payments : [];
  const place = { ...by.place, element };
  const trouble = (kind: Trouble['kind'], why: string, of: Sent | null = only): Said => {
    const own = of === null ? [...ids.references, ...ids.mentions].map(({ id }) => id) : [of.id];
    const about = own.length > 0 ? own : [named ?? 'a payment without a name'];
    const sighting = createHash('sha256')
      .update(JSON.stringify([outcome, code, why]))
      .digest('hex')
      .slice(0, 16);
    return { words: [], items: [itemOf({ kind, about, sighting, why, payment: of, amount: null }, place)], notes: [] };
  };
  if (ids.references.length + ids.mentions.length === 0)
    // Of a report that names nothing of ours: somebody else shares the bank with us.
    return report.isOurs && about === 'transfer'
      ? trouble('bank_entry_unmatched', `is ${outcome} (${code}) by the bank, and is no payment that we sent`)
      : { words: [], items: [], notes: [`${named ?? 'a payment without a name'} is none of ours`] };
  if (payments.length === 0)
    return trouble('bank_entry_unmatched', `is ${outcome} (${code}), and is nothing that we sent`);
  if (about === 'transfer' && payments.length > 1)
    return trouble('bank_entry_unmatched', `is ${outcome} (${code}) in one status with another payment of ours`);
  if (outcome === 'unclear')
    return trouble(
      'bank_entry_unmatched',
      `has the status ${code}: neither paid nor rejected, and nothing that passes by itself`,
    );
  if (outcome === 'rejected' && duplicate.test(code))
    return trouble(
      'provider_contradiction',
      `was refused as a second copy (${code}): whether the first was taken is not known`,
    );
  const said: Said[] = [];
  for (const payment of payments) {
    const sent = amountSent(payment);
    if (report.contradicted.has(payment.id))
      said.push(trouble('provider_contradiction', 'is paid and rejected in one status report', payment));
    else if (status.amount !== null && !isSame(status.amount, sent))
      said.push(
        trouble(
          'bank_entry_unmatched',
          `is of ${amountText(sent)}, and was ${outcome} as ${amountText(status.amount)}`,
          payment,
        ),
      );
    else said.push(await wordsOf(status, payment, by, trouble));
  }
  return {
    words: said.flatMap(({ words }) => words),
    items: said.flatMap(({ items }) => items),
    notes: said.flatMap(({ notes }) => notes),
  };
}

async function wordsOf(
  { outcome, code, about }: PaymentStatus,
  payment: Sent,
  { kept, place }: Believing,
  trouble: (kind: Trouble['kind'], why: string, of: Sent) => Said,
): Promise<Said> {
  const { id, claim } = payment;
  const { settlement_id, submission } = claim;
  const word = (own: Pick<ProviderWord & { outcome: 'paid' | 'rejected' }, 'outcome' | 'code'>): Said => ({
    words: [
      { ...own, webhook_id: wordId(place.message, id, own.outcome), settlement_id, submission, provider_reference: id },
    ],
    items: [],
    notes: [],
  });
  if (outcome === 'paid') {
    await kept.putPaid(id);
    return word({ outcome: 'paid', code: null });
  }
  // The same rejection again is no return of what was paid in spite of it: that contradiction lies in front of a person.
  if ((await kept.isPaid(id)) && !(await kept.isRejected(id))) {
    // Rejected after it was booked is sent back. Of a whole file that cannot be: parts of it went different ways.
    if (about !== 'transfer')
      return trouble('provider_contradiction', `is in a file that was rejected (${code}) after it was paid`, payment);
    const before = await kept.returnsOf(id);
    const one = before[0] ?? { reference: `${id} returned`, amount_minor: claim.amount_minor, code, sighting: null };
    if (before.length === 0) await kept.putReturn(id, one);
    if (one.amount_minor !== claim.amount_minor)
      return trouble('return_short', `was rejected (${code}) after a part of it had come back`, payment);
    return { words: [returnWord(payment, one, code, null)], items: [], notes: [] };
  }
  await kept.putRejected(id, providerCode(code));
  return word({ outcome: 'rejected', code: providerCode(code) });
}
