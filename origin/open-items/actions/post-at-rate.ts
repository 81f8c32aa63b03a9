// post_at_rate: money in another currency than the card's is booked in the card's, as a person says how much that is.

import * as z from 'zod';
import { type CardMessage, cardMessageSchema } from '../../../contracts/card-message.ts';
import { limits } from '../../../contracts/limits.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { type CallOutcome, outsideAction } from '../action.ts';
import { atRate, rateSchema } from '../at-rate.ts';
import { cardNamed, currencyOfCard, messageKeyOf, sendToCard } from '../card-messages.ts';

const evidenceSchema = z.object({ event: z.object({ message: cardMessageSchema }) });

type Asked = { readonly amount_minor?: number | undefined; readonly rate?: string | undefined };

export const postAtRate = outsideAction({
  name: 'post_at_rate',
  summary:
    "Book it in the card's currency: `amount_minor` in that currency, or a `rate` as a decimal text (units of the card's currency " +
    'for one unit of the message’s), rounded to the nearest minor unit, a half up.',
  kinds: ['currency_mismatch'],
  input: z.strictObject({ amount_minor: z.optional(amountMinorSchema), rate: rateSchema.optional() }),
  async call({ database: { sql }, edge }, item, asked) {
    const card = cardNamed(item.card_key);
    const evidence = evidenceSchema.safeParse(item.evidence);
    if (card === null || !evidence.success)
      return refused('cannot be done: its evidence has no message that can be read');
    const currency = await currencyOfCard(sql, card);
    if (currency === null)
      return refused('cannot be done: no card with this token was made here, so its currency is not known');
    const { message } = evidence.data.event;
    const amount = amountIn(message, asked, currency);
    if (typeof amount !== 'number') return amount;
    return await sendToCard(edge, card, { ...inCurrency(message, amount, currency), message_key: messageKeyOf(item) });
  },
});

function refused(problem: string, field?: string): CallOutcome {
  return { outcome: 'refused', problem, ...(field === undefined ? {} : { field }) };
}

/** Minor units of the card's currency. */
function amountIn(message: CardMessage, { amount_minor, rate }: Asked, currency: string): number | CallOutcome {
  if ((amount_minor === undefined) === (rate === undefined))
    return refused('must be given, or rate instead of it; not both', 'input.amount_minor');
  if (amount_minor !== undefined) return amount_minor;
  const said = message.kind === 'advice' ? message.hold_minor : 'amount_minor' in message ? message.amount_minor : null;
  if (said === null) return refused('cannot be used: the message names no amount', 'input.rate');
  const converted = atRate({ amount_minor: said, from: message.currency, to: currency, rate: rate ?? '' });
  if (converted > BigInt(limits.amountMinorMax)) return refused('makes it larger than any card payment', 'input.rate');
  return Number(converted);
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
