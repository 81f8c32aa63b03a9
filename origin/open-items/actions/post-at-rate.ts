// post_at_rate: money in another currency than the card's is booked in the card's, as a person says how much that is. Where it came
// before the card's profile and is booked in its own currency, that booking is booked back in the commit that closes the item.

import * as z from 'zod';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { limits } from '../../../contracts/limits.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { type CallOutcome, outsideAction } from '../action.ts';
import { atRate, rateSchema } from '../at-rate.ts';
import { bookBack, foreignEventSchema } from '../book-back.ts';
import { cardNamed, currencyOfCard, messageKeyOf, sendToCard } from '../card-messages.ts';

type Asked = { readonly amount_minor?: number | undefined; readonly rate?: string | undefined };

export const postAtRate = outsideAction({
  name: 'post_at_rate',
  summary:
    "Book it in the card's currency: `amount_minor` in that currency, or a `rate` as a decimal text (units of the card's currency " +
    'for one unit of the message’s), rounded to the nearest minor unit, a half up. What is booked of it in its own currency is booked back.',
  kinds: ['currency_mismatch'],
  input: z.strictObject({ amount_minor: z.optional(amountMinorSchema), rate: rateSchema.optional() }),
  async call({ database: { sql }, edge }, item, asked) {
    const card = cardNamed(item.card_key);
    const evidence = foreignEventSchema.safeParse(item.evidence).data;
    if (card === null || evidence === undefined)
      return refused('cannot be done: its evidence has no message that can be read');
    const currency = await currencyOfCard(sql, card);
    if (currency === null)
      return refused('cannot be done: no card with this token was made here, so its currency is not known');
    const { event } = evidence;
    const amount = amountIn(event.message, asked, currency);
    if (typeof amount !== 'number') return amount;
    const message = { ...inCurrency(event.message, amount, currency), message_key: messageKeyOf(item) };
    const sent = await sendToCard(edge, card, message);
    if (sent.outcome !== 'done') return sent;
    const posted = event.message.kind === 'expiry' ? {} : { amount_minor: amount, currency };
    return { ...sent, result: { ...sent.result, ...posted }, record: (within) => bookBack(within, card, event) };
  },
});

function refused(problem: string, field?: string): CallOutcome {
  return { outcome: 'refused', problem, ...(field === undefined ? {} : { field }) };
}

/** Minor units of the card's currency. */
function amountIn(message: CardMessage, asked: Asked, currency: string): number | CallOutcome {
  const { amount_minor, rate } = asked;
  if ((amount_minor === undefined) === (rate === undefined))
    return refused('must be given, or rate instead of it; not both', 'input.amount_minor');
  const said = amountSaid(message);
  const stated = amount_minor ?? convertedAt(rate ?? '', said, message.currency, currency);
  // Booked as 0, the money would be gone from everybody's view: 9.00 EUR are never 0.00 USD, and a final clearing of 0 ends the hold.
  if (stated === 0 && said !== 0 && message.kind !== 'expiry')
    return refused('makes it nothing: release_hold gives the hold back', `input.${rate ? 'rate' : 'amount_minor'}`);
  return stated;
}

function convertedAt(rate: string, said: number | null, from: string, to: string): number | CallOutcome {
  if (said === null) return refused('cannot be used: the message names no amount', 'input.rate');
  const converted = atRate({ amount_minor: said, from, to, rate });
  if (converted > BigInt(limits.amountMinorMax)) return refused('makes it larger than any card payment', 'input.rate');
  return Number(converted);
}

/** In the message's own currency; null: it names none. */
function amountSaid(message: CardMessage): number | null {
  if (message.kind === 'advice') return message.hold_minor;
  return 'amount_minor' in message ? message.amount_minor : null;
}

function inCurrency(message: CardMessage, amount_minor: number, currency: string): CardMessage {
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
