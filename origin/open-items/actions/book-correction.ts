// book_correction: what a network meant is booked as a person writes it, in the words of the native network.

import * as z from 'zod';
import { cardMessageSchema } from '../../../contracts/card-message.ts';
import { fieldProblems } from '../../../contracts/problem.ts';
import { outsideAction } from '../action.ts';
import { cardNamed, messageKeyOf, sendToCard } from '../card-messages.ts';

export const bookCorrection = outsideAction({
  name: 'book_correction',
  summary:
    'Book a `message` as the native network writes it (docs/open-items.md). Without a `message_key` it gets one of its own; with the ' +
    "network's key, the network's own correction under that key will be a repeat. `card_key` (`<network>:<token>`) where the item names no card.",
  kinds: ['fact_out_of_contract', 'key_reused', 'currency_mismatch', 'refund_above_cleared', 'card_behind_ledger'],
  input: z.strictObject({ message: z.record(z.string(), z.unknown()), card_key: z.string().max(300).optional() }),
  async call({ edge }, item, asked) {
    const field = 'input.card_key';
    if (item.card_key !== null && asked.card_key !== undefined && asked.card_key !== item.card_key)
      return { outcome: 'refused', field, problem: `must be ${item.card_key}, as the item says, or left out` };
    const card = cardNamed(item.card_key ?? asked.card_key ?? null);
    if (card === null) return { outcome: 'refused', field, problem: 'must be <network>:<card token>' };
    const message = cardMessageSchema.safeParse({ message_key: messageKeyOf(item), ...asked.message });
    if (!message.success) {
      const [first] = fieldProblems(message.error, 'input.message');
      return {
        outcome: 'refused',
        field: first?.field ?? 'input.message',
        problem: first?.problem ?? 'cannot be read',
      };
    }
    return await sendToCard(edge, card, message.data);
  },
});
