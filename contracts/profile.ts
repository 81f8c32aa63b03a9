// What a card may do: status, currency, funds, controls. Versioned: an older version never replaces a newer one.

import * as z from 'zod/mini';
import { controlsSchema } from './control.ts';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';

export const cardStatuses = ['active', 'frozen', 'closed'] as const;

export const profileSchema = z
  .strictObject({
    card_id: idSchema('card'),
    account_id: idSchema('acct'),
    /** Counts up with each change of the profile at the origin. */
    version: z.int().check(z.positive()),
    status: z.enum(cardStatuses),
    currency: currencySchema,
    /** First instant at which the card is no longer valid; null: never. */
    expires_at_ms: z._default(z.nullable(z.int().check(z.nonnegative())), null),
    /** Total ever given to the card, in minor units; null: the network holds the funds and none are checked here. */
    funds_minor: z._default(z.nullable(amountMinorSchema), null),
    /** Good for one purchase, and what belongs to it. */
    single_use: z._default(z.boolean(), false),
    /** Approve what is left where the terminal can take less than it asked for. */
    partial_approval: z._default(z.boolean(), false),
    /** How long a hold lasts where the network does not say; null: 7 days, 30 for lodging and car rental. */
    hold_days: z._default(z.nullable(z.int().check(z.minimum(1), z.maximum(limits.holdDaysMax))), null),
    controls: z._default(controlsSchema, []),
  })
  .check(
    // An event carries the whole profile, and must fit in a message.
    z.refine((profile) => fitsInBytes(JSON.stringify(profile), limits.profileBytesMax), {
      error: `make the profile larger than ${limits.profileBytesMax} bytes`,
      path: ['controls'],
    }),
  );
export type Profile = z.infer<typeof profileSchema>;

/** In UTF-8: names of merchants may be written in any script. */
function fitsInBytes(text: string, bytesMax: number): boolean {
  if (text.length * 3 <= bytesMax) return true;
  let bytes = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (code < 0x80) bytes += 1;
    else if (code < 0x800) bytes += 2;
    else bytes += code < 0x10000 ? 3 : 4;
  }
  return bytes <= bytesMax;
}
