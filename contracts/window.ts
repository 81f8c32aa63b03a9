// The period over which a limit counts.

import * as z from 'zod/mini';
import { limits } from './limits.ts';
import { timeZoneSchema } from './time-zone.ts';

const weekDays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
const inZone = { time_zone: z._default(timeZoneSchema, 'UTC') };

/** Calendar windows run from local midnight to local midnight, whatever clocks do in between. */
export const windowSchema = z.discriminatedUnion('per', [
  z.strictObject({ per: z.literal('transaction') }),
  z.strictObject({ per: z.literal('day'), ...inZone }),
  z.strictObject({ per: z.literal('week'), starts_on: z._default(z.enum(weekDays), 'monday'), ...inZone }),
  /** A month that has no such day starts on its last one. */
  z.strictObject({
    per: z.literal('month'),
    starts_on: z._default(z.int().check(z.minimum(1), z.maximum(31)), 1),
    ...inZone,
  }),
  z.strictObject({ per: z.literal('year'), ...inZone }),
  z.strictObject({ per: z.literal('lifetime') }),
  /** The time that ends now. */
  z.strictObject({
    per: z.literal('rolling'),
    seconds: z.int().check(z.minimum(limits.rollingSecondsMin), z.maximum(limits.rollingSecondsMax)),
  }),
]);
export type Window = z.infer<typeof windowSchema>;
