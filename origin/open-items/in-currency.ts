// A message in another currency than its card's, in the card's: what an amount comes to at a rate, and the message that says so.

import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import { atRate } from './at-rate.ts';

/** In the message's own currency; null: it names none. */
function amountSaid(message: CardMessage): number | null {
  if (message.kind === 'advice') return message.hold_minor;
  return 'amount_minor' in message ? message.amount_minor : null;
}

/** Minor units of the currency, or why not. */
export function convertedAt(rate: string, { message, currency }: Converted): number | string {
  const said = amountSaid(message);
  if (said === null) return 'cannot be used: the message names no amount';
  const converted = atRate({ amount_minor: said, from: message.currency, to: currency, rate });
  if (converted > BigInt(limits.amountMinorMax)) return 'makes it larger than any card payment';
  return Number(converted);
}

interface Converted {
  readonly message: CardMessage;
  /** The card's. */
  readonly currency: string;
}

/** Booked as 0, the money would be gone from everybody's view: 9.00 EUR are never 0.00 USD, and a final clearing of 0 ends the hold. */
export function makesItNothing(message: CardMessage, amount_minor: number): boolean {
  return amount_minor === 0 && amountSaid(message) !== 0 && message.kind !== 'expiry';
}

export function inCurrency({ message, currency }: Converted, amount_minor: number): CardMessage {
  switch (message.kind) {
    case 'advice':
      return { ...message, currency, hold_minor: amount_minor };
    case 'clearing':
    case 'reversal':
    case 'refund':
      return { ...message, currency, amount_minor };
    case 'expiry':
      return { ...message, currency };
  }
}
