// A card whose storage is empty though it has had a profile: told to the origin by the queue of card events, so that it is rebuilt at once.

import * as z from 'zod/mini';
import { cardKeySchema } from './network.ts';

export const lostCardSchema = z.object({
  version: z.literal(1),
  kind: z.literal('lost_card'),
  card_key: cardKeySchema,
});
export type LostCard = z.infer<typeof lostCardSchema>;
