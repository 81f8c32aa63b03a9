// book_correction: what a network meant is booked as a person writes it, in the words of the native network.

import * as z from 'zod';
import { type Merchant, merchantSchema } from '../../../contracts/authorization-request.ts';
import { cardMessageSchema } from '../../../contracts/card-message.ts';
import { fieldProblems } from '../../../contracts/problem.ts';
import type { Sql } from '../../db/client.ts';
import { outsideAction } from '../action.ts';
import { bookBack, foreignEventSchema } from '../book-back.ts';
import { cardNamed, messageKeyOf, sendToCard } from '../card-messages.ts';
import type { OpenItem } from '../open-item.ts';

export const bookCorrection = outsideAction({
  name: 'book_correction',
  summary:
    'Book a `message` as the native network writes it (docs/open-items.md). Without a `message_key` it gets one of its own; with the ' +
    "network's key, the network's own correction under that key will be a repeat. Without a `merchant` it is at the shop that the evidence " +
    'names. `card_key` (`<network>:<token>`) where the item names no card.',
  kinds: [
    'fact_out_of_contract',
    'fact_held_back',
    'money_told_again',
    'key_reused',
    'currency_mismatch',
    'refund_above_cleared',
    'card_behind_ledger',
    'clearing_withheld',
    'refund_withheld',
  ],
  input: z.strictObject({ message: z.record(z.string(), z.unknown()), card_key: z.string().max(300).optional() }),
  async call({ database: { sql }, edge }, item, asked) {
    const field = 'input.card_key';
    if (item.card_key !== null && asked.card_key !== undefined && asked.card_key !== item.card_key)
      return { outcome: 'refused', field, problem: `must be ${item.card_key}, as the item says, or left out` };
    const card = cardNamed(item.card_key ?? asked.card_key ?? null);
    if (card === null) return { outcome: 'refused', field, problem: 'must be <network>:<card token>' };
    const message = cardMessageSchema.safeParse({
      message_key: messageKeyOf(item),
      ...(await shopFor(sql, asked.message, item)),
      ...asked.message,
    });
    if (!message.success) {
      const [first] = fieldProblems(message.error, 'input.message');
      return {
        outcome: 'refused',
        field: first?.field ?? 'input.message',
        problem: first?.problem ?? 'cannot be read',
      };
    }
    const sent = await sendToCard(edge, card, message.data);
    const foreign = item.kind === 'currency_mismatch' ? foreignEventSchema.safeParse(item.evidence).data : undefined;
    if (sent.outcome !== 'done' || foreign === undefined) return sent;
    return { ...sent, record: (within) => bookBack(within, card, foreign.event) };
  },
});

/** Only where the person says nothing of a shop: null says that there is none. */
async function shopFor(sql: Sql, message: Readonly<Record<string, unknown>>, { evidence }: OpenItem): Promise<object> {
  const kind = message['kind'];
  const takesShop = kind === 'clearing' || kind === 'refund' || kind === 'advice';
  if (!takesShop || message['merchant'] !== undefined) return {};
  const said = keptSchema.safeParse(evidence).data ?? eventSchema.safeParse(evidence).data?.event.message;
  const merchant = said?.merchant ?? (await shopOfAuthorization(sql, evidence));
  return merchant === null ? {} : { merchant };
}

const keptSchema = z.object({ merchant: merchantSchema });
const eventSchema = z.object({
  event: z.object({
    authorization_id: z.string(),
    /** None where the card's own event is the evidence: a hold that ran out. */
    message: z.optional(z.object({ merchant: z.nullish(merchantSchema) })),
  }),
});

/** A refund that belongs to a purchase does not name its shop again. */
async function shopOfAuthorization(sql: Sql, evidence: unknown): Promise<Merchant | null> {
  const read = eventSchema.safeParse(evidence).data;
  if (read === undefined) return null;
  const { rows } = await sql.query<{ merchant: unknown }>(
    'select merchant from authorizations where authorization_id = $1',
    [read.event.authorization_id],
  );
  return merchantSchema.safeParse(rows[0]?.merchant).data ?? null;
}
