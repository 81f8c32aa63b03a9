// What a card may do: status, currency, funds, controls. Versioned: an older version never replaces a newer one.

import * as z from 'zod/mini';
import { categorySchema } from './authorization-request.ts';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';

export const cardStatuses = ['active', 'frozen', 'closed'] as const;

export const timeZoneSchema = z
  .string()
  .check(z.refine(isTimeZone, { error: 'is not an IANA time zone, such as "Europe/Berlin"' }));

/** Names only: Intl also takes offsets such as "+01:00", which have no daylight changes and no place in a profile. */
function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const categories = z.array(categorySchema).check(z.minLength(1), z.maxLength(limits.controlValuesMax));

/** Which requests a control looks at. Absent: all. */
const appliesToSchema = z._default(
  z.strictObject({ category_any_of: z.optional(categories), category_none_of: z.optional(categories) }),
  {},
);
export type AppliesTo = z.infer<typeof appliesToSchema>;

/** The period over which a limit counts. A day runs from local midnight to local midnight. */
const windowSchema = z.discriminatedUnion('per', [
  z.strictObject({ per: z.literal('transaction') }),
  z.strictObject({ per: z.literal('day'), time_zone: timeZoneSchema }),
]);

const common = { control_id: z.string().check(z.minLength(1), z.maxLength(64)), applies_to: appliesToSchema };

export const controlSchema = z.discriminatedUnion('does', [
  /** Declines what it applies to. */
  z.strictObject({ ...common, does: z.literal('block') }),
  /** Declines what it does not apply to. */
  z.strictObject({ ...common, does: z.literal('allow_only') }),
  /** Declines what would bring the window's total above the amount. */
  z.strictObject({ ...common, does: z.literal('limit'), amount_minor: amountMinorSchema, window: windowSchema }),
]);
export type Control = z.infer<typeof controlSchema>;
export type LimitControl = Extract<Control, { does: 'limit' }>;

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
    controls: z._default(z.array(controlSchema).check(z.maxLength(limits.controlsMax)), []),
  })
  .check((context) => {
    const seen = new Set<string>();
    for (const [index, control] of context.value.controls.entries()) {
      if (seen.has(control.control_id))
        context.issues.push({
          code: 'custom',
          input: control.control_id,
          path: ['controls', index, 'control_id'],
          message: 'names another control of this profile too',
        });
      seen.add(control.control_id);
    }
  });
export type Profile = z.infer<typeof profileSchema>;
