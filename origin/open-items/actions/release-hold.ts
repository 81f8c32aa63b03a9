// release_hold: what is left of an authorization's hold is given back to the card; no money moves.

import * as z from 'zod';
import { networkKeySchema } from '../../../contracts/network.ts';
import { outsideAction } from '../action.ts';
import { foreignEventSchema, isBooked } from '../book-back.ts';
import { cardNamed, currencyOfCard, messageKeyOf, sendToCard } from '../card-messages.ts';

const evidenceSchema = z.object({ event: z.object({ message: z.object({ authorization_key: networkKeySchema }) }) });

export const releaseHold = outsideAction({
  name: 'release_hold',
  summary:
    'Give back to the card all that is left of the hold. `authorization_key` names it as the network does, where the item does not.',
  kinds: ['currency_mismatch', 'fact_out_of_contract', 'fact_held_back', 'key_reused'],
  input: z.strictObject({ authorization_key: z.optional(networkKeySchema) }),
  async call({ database: { sql }, edge }, item, asked) {
    const card = cardNamed(item.card_key);
    if (card === null) return { outcome: 'refused', problem: 'cannot be done: the item names no card' };
    const foreign = foreignEventSchema.safeParse(item.evidence).data;
    if (foreign !== undefined && item.kind === 'currency_mismatch' && isBooked(foreign.event))
      return {
        outcome: 'refused',
        problem: `cannot be done: it is booked in ${foreign.event.message.currency}, and holds nothing of what the card counts`,
      };
    const currency = await currencyOfCard(sql, card);
    if (currency === null)
      return { outcome: 'refused', problem: 'cannot be done: no card with this token was made here' };
    const authorization_key =
      asked.authorization_key ?? evidenceSchema.safeParse(item.evidence).data?.event.message.authorization_key;
    if (authorization_key === undefined)
      return {
        outcome: 'refused',
        field: 'input.authorization_key',
        problem: 'is missing: the item names no authorization',
      };
    const message_key = messageKeyOf(item);
    return await sendToCard(edge, card, {
      kind: 'reversal',
      message_key,
      currency,
      authorization_key,
      amount_minor: null,
    });
  },
});
