// post_at_rate: money in another currency than the card's is booked in the card's, as a person says how much that is. Where it came
// before the card's profile and is booked in its own currency, that booking is booked back in the commit that closes the item.

import * as z from 'zod';
import type { CardMessage } from '../../../contracts/card-message.ts';
import { amountMinorSchema } from '../../../contracts/money.ts';
import { manySchema, sayWhatIsLeft } from '../../intake/events-together.ts';
import { type ActionParts, type CallOutcome, outsideAction } from '../action.ts';
import { rateSchema } from '../at-rate.ts';
import { bookBack, foreignEventSchema } from '../book-back.ts';
import { cardNamed, currencyOfCard, messageKeyOf, sendToCard } from '../card-messages.ts';
import { convertedAt, inCurrency, makesItNothing } from '../in-currency.ts';
import type { OpenItem } from '../open-item.ts';
import { postTogether } from '../post-together.ts';

const input = z.strictObject({
  amount_minor: z.optional(amountMinorSchema),
  rate: rateSchema.optional(),
  /** Of many that share an item, by `EUR/USD`: from the message's currency into the card's. */
  rates: z
    .record(z.string().regex(/^[A-Z]{3}\/[A-Z]{3}$/, 'must be two currencies, such as "EUR/USD"'), rateSchema)
    .optional(),
});
type Asked = z.infer<typeof input>;

export const postAtRate = outsideAction({
  name: 'post_at_rate',
  summary:
    "Book it in the card's currency: `amount_minor` in that currency, or a `rate` as a decimal text (units of the card's currency " +
    'for one unit of the message’s), rounded to the nearest minor unit, a half up. Of many that share an item: `rates`, by pairs such as `EUR/USD`, each event rounded by itself. What is booked of it in its own currency is booked back.',
  kinds: ['currency_mismatch', 'events_kept_together'],
  input,
  async call(parts, item, asked) {
    if (item.kind === 'events_kept_together') return await postMany(parts, item, asked);
    const {
      database: { sql },
      edge,
    } = parts;
    if (asked.rates !== undefined) return refused('is for many that share an item: use rate', 'input.rates');
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
    const message = { ...inCurrency({ ...event, currency }, amount), message_key: messageKeyOf(item) };
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
function amountIn(message: CardMessage, { amount_minor, rate }: Asked, currency: string): number | CallOutcome {
  if ((amount_minor === undefined) === (rate === undefined))
    return refused('must be given, or rate instead of it; not both', 'input.amount_minor');
  const stated = amount_minor ?? convertedAt(rate ?? '', { message, currency });
  if (typeof stated === 'string') return refused(stated, 'input.rate');
  if (makesItNothing(message, stated))
    return refused('makes it nothing: release_hold gives the hold back', `input.${rate ? 'rate' : 'amount_minor'}`);
  return stated;
}

/** Of many at once: a rate for each pair of currencies, since an amount would be that of one of them. */
async function postMany(
  parts: ActionParts,
  item: OpenItem,
  { amount_minor, rate, rates }: Asked,
): Promise<CallOutcome> {
  const { kind } = manySchema.parse(item.evidence);
  if (kind !== 'currency_mismatch') return refused('cannot be done: it is booked, in the cards’ own currency');
  if (rates === undefined || amount_minor !== undefined || rate !== undefined)
    return refused('must be given, and nothing beside it: {"EUR/USD":"1.0945"}', 'input.rates');
  const posted = await postTogether(parts, item, rates);
  if (posted.outcome !== 'done') await sayWhatIsLeft(parts.database.sql, item.item_key, item.evidence);
  return posted;
}
