// Amounts as XML Schema writes decimals, exact: `.5`, `5.` and `+05` are ones too.

import { currencyExponent } from '../../../contracts/money.ts';
import type { Amount, Amounts, Charges, Money } from './bank-file.ts';
import { elementAt, elementsAt, textAt, type XmlElement } from './read-xml.ts';

/** Null where there is no element. */
export function amountOf(element: XmlElement | null): Amount | null {
  if (element === null) return null;
  const { currency, text } = element;
  const match = /^\+?(\d{0,36})(?:\.(\d{0,36}))?$/.exec(text.trim());
  const [, whole = '', fraction = ''] = match ?? [];
  const exponent = currency === null ? undefined : currencyExponent(currency);
  if (currency === null || exponent === undefined || whole + fraction === '') return 'unreadable';
  if (/[1-9]/.test(fraction.slice(exponent))) return 'unreadable';
  return { minor: BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0')), currency };
}

/**
 * Of a transaction. `sources`: where its amounts may stand, the nearest first; an entry that is this transaction alone is the last.
 * The first that has a field counts, but every other view is kept.
 */
export function amountsIn(sources: readonly XmlElement[]): Amounts {
  const details = sources.flatMap((source) => elementsAt(source, 'AmtDtls'));
  const views = (name: string) =>
    details
      .flatMap((detail) => elementsAt(detail, name))
      .flatMap((view) => amountOf(elementAt(view, 'Amt') ?? view) ?? []);
  const own = sources.flatMap((source) => amountOf(elementAt(source, 'Amt')) ?? []);
  const totals = sources
    .flatMap((source) => elementsAt(source, 'Btch'))
    .flatMap((batch) => amountOf(elementAt(batch, 'TtlAmt')) ?? []);
  return {
    booked: own[0] ?? null,
    instructed: views('InstdAmt')[0] ?? null,
    others: [...views('TxAmt'), ...views('CntrValAmt'), ...own.slice(1), ...totals],
    charges: chargesIn(sources.find((source) => elementAt(source, 'Chrgs') !== null) ?? null),
  };
}

/** From version 03 on each is a record; before, each is a `Chrgs` of its own. A total counts only where nothing else does. */
export function chargesIn(element: XmlElement | null): Charges {
  const all = element === null ? [] : elementsAt(element, 'Chrgs');
  const records = all.flatMap((one) => (elementAt(one, 'Rcrd') === null ? [one] : elementsAt(one, 'Rcrd')));
  const charges = records.flatMap((record) => {
    const amount = amountOf(elementAt(record, 'Amt'));
    if (amount === null || amount === 'unreadable') return [];
    const sign = textAt(record, 'CdtDbtInd') === 'CRDT' ? -1n : 1n;
    const isBeside = ['false', '0'].includes(textAt(record, 'ChrgInclInd') ?? '');
    return [{ money: { ...amount, minor: sign * amount.minor }, isBeside }];
  });
  if (charges.length === 0) {
    const totals = all.flatMap((one) => amountOf(elementAt(one, 'TtlChrgsAndTaxAmt')) ?? []);
    const named = totals.filter((total): total is Money => total !== 'unreadable');
    return { named, included: named };
  }
  return {
    named: charges.map(({ money }) => money),
    included: charges.filter(({ isBeside }) => !isBeside).map(({ money }) => money),
  };
}

/** In one currency; 0 where nothing of that currency is there. */
export function sumIn(amounts: readonly Money[], currency: string): bigint {
  return amounts.reduce((sum, one) => (one.currency === currency ? sum + one.minor : sum), 0n);
}

export function isSame(one: Amount | null, other: Money): boolean {
  return one !== null && one !== 'unreadable' && one.minor === other.minor && one.currency === other.currency;
}
