// What a card must still be told: a message of the network, or that a request is given up. It travels by a durable queue of the
// edge's own until the card has heard it, so it outlives the request and the worker that it comes from. Repeats are harmless.

import * as z from 'zod/mini';
import { type CardMessage, cardMessageSchema } from './card-message.ts';
import { isFields, messageRead } from './decorations.ts';
import { type CardKey, cardKeySchema, networkKeySchema } from './network.ts';

const version = z.literal(2);

export const cardNoticeSchema = z.discriminatedUnion('does', [
  z.strictObject({ version, card_key: cardKeySchema, does: z.literal('receive'), message: cardMessageSchema }),
  /** Nobody waits for the answer to this request any more: what it had been approved for is released, and its key is spent. */
  z.strictObject({
    version,
    card_key: cardKeySchema,
    does: z.literal('void'),
    request_key: networkKeySchema,
    /** The edge's own approval of it, which may be on its way too: the card hears it first, so that the void is the newer one. */
    after: z.optional(cardMessageSchema),
  }),
]);
export type CardNotice = z.infer<typeof cardNoticeSchema>;

/** Version 1, of before 2026-12: only messages. A queue may hold them for two weeks after the deployment that ended them. */
const firstVersionSchema = z.strictObject({
  version: z.literal(1),
  card_key: cardKeySchema,
  message: cardMessageSchema,
});

/** Null for what is of no version that this code knows: a newer one, or nothing of ours. */
export function readCardNotice(body: unknown): CardNotice | null {
  // An older edge may have queued a name that would not be kept today: it is read anew, and never holds a notice back.
  const read =
    isFields(body) && 'message' in body ? { ...body, message: messageRead(body['message'], new Set()) } : body;
  const notice = cardNoticeSchema.safeParse(read);
  if (notice.success) return notice.data;
  const first = firstVersionSchema.safeParse(read);
  return first.success ? receiveNotice(first.data.card_key, first.data.message) : null;
}

export function receiveNotice(card_key: CardKey, message: CardMessage): CardNotice {
  return { version: 2, card_key, does: 'receive', message };
}

export function voidNotice(card_key: CardKey, request_key: string, after: CardMessage | null): CardNotice {
  return { version: 2, card_key, does: 'void', request_key, ...(after === null ? {} : { after }) };
}
