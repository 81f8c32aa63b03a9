import type { Amount } from './bank-file.ts';
import { decimalText } from './write-pain001.ts';

/** For people: `123.45 EUR`. */
export function amountText(amount: Amount | null): string {
  if (amount === null) return 'no amount';
  return amount === 'unreadable'
    ? 'an amount that cannot be read'
    : `${decimalText(amount.minor, amount.currency)} ${amount.currency}`;
}
