// A control: when it applies, and what it does. Everything that the processors' own spend controls offer is one of these.

import * as z from 'zod/mini';
import { countryOf, merchantIdOf } from './attributes.ts';
import { channels, entryModes, merchantIdChecks, threeDSecureResults } from './authorization-request.ts';
import { categoryPatternSchema } from './category-pattern.ts';
import { countryChecks } from './country.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';
import { namePatternSchema } from './name-pattern.ts';
import { timeZoneSchema } from './time-zone.ts';
import { windowSchema } from './window.ts';

export const daysOfWeek = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const;
export const presences = ['present', 'not_present'] as const;

/** Values are taken in any form in which networks' values are read: "BADSHOP  " and "usa" become "BADSHOP" and "US". */
const merchantId = z.string().check(
  z.overwrite((text) => merchantIdOf(text.trim()) ?? text),
  ...merchantIdChecks,
);
const country = z.string().check(
  z.overwrite((text) => countryOf(text.trim()) ?? text),
  ...countryChecks,
);

/** Values of which one must match, or none may; both at once: one of the first and none of the second. */
function anyOrNone<T extends z.ZodMiniType>(value: T) {
  const values = z.array(value).check(z.minLength(1), z.maxLength(limits.controlValuesMax));
  return z
    .strictObject({ any_of: z.optional(values), none_of: z.optional(values) })
    .check(
      z.refine(
        ({ any_of, none_of }) => any_of !== undefined || none_of !== undefined,
        'needs any_of, none_of, or both',
      ),
    );
}

const timeOfDay = z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "09:30"'));
// No `z.iso.date`: it brings every other ISO format into the edge's bundle.
const localDate = z
  .string()
  .check(z.refine((text) => /^\d{4}-\d\d-\d\d$/.test(text) && isDay(text), 'must be a date such as "2026-03-31"'));

/** 29 February only in leap years: JavaScript reads it as 1 March in others, so it does not come back. */
function isDay(text: string): boolean {
  const at = new Date(`${text}T00:00:00Z`);
  return !Number.isNaN(at.getTime()) && at.toISOString().startsWith(text);
}

/** From and up to but not including `until`; past midnight where `until` is the earlier one. Local wall-clock time. */
const timeRangeSchema = z.strictObject({ from: timeOfDay, until: timeOfDay }).check(
  z.refine(({ from, until }) => from !== until, {
    error: 'is the same time as from: the range is empty',
    path: ['until'],
  }),
);
/** Local dates, both included; one of them may be left out. */
const dateRangeSchema = z.strictObject({ from: z.optional(localDate), until: z.optional(localDate) }).check(
  z.refine(({ from, until }) => from !== undefined || until !== undefined, 'needs from, until, or both'),
  z.refine(({ from, until }) => from === undefined || until === undefined || from <= until, {
    error: 'is before from, so the control can never match',
    path: ['until'],
  }),
);
/** Which requests a control looks at: all of its attributes must match. What is not known matches no any_of and every none_of. */
export const appliesToSchema = z
  .strictObject({
    category: z.optional(anyOrNone(categoryPatternSchema)),
    merchant: z.optional(anyOrNone(merchantId)),
    merchant_name: z.optional(anyOrNone(namePatternSchema)),
    /** Where the merchant is. */
    country: z.optional(anyOrNone(country)),
    /** The merchant's currency, which may differ from the card's. */
    currency: z.optional(anyOrNone(currencySchema)),
    channel: z.optional(anyOrNone(z.enum(channels))),
    entry_mode: z.optional(anyOrNone(z.enum(entryModes))),
    presence: z.optional(anyOrNone(z.enum(presences))),
    day_of_week: z.optional(anyOrNone(z.enum(daysOfWeek))),
    time_of_day: z.optional(anyOrNone(timeRangeSchema)),
    date: z.optional(anyOrNone(dateRangeSchema)),
    /** The network's risk score: higher is riskier, the scale is the network's own. */
    risk_score: z.optional(z.strictObject({ at_least: z.int().check(z.minimum(0), z.maximum(limits.riskScoreMax)) })),
    /** Whose wall clock days, times and dates are read from. */
    time_zone: z.optional(timeZoneSchema),
  })
  .check(({ value, issues }) => {
    const timed = ['day_of_week', 'time_of_day', 'date'].find((name) => value[name as 'date'] !== undefined);
    if ((timed === undefined) === (value.time_zone === undefined)) return;
    issues.push({
      code: 'custom',
      input: value.time_zone,
      path: ['time_zone'],
      message: timed === undefined ? 'is of no use without day_of_week, time_of_day or date' : `is needed for ${timed}`,
    });
  });
export type AppliesTo = z.infer<typeof appliesToSchema>;

const common = {
  control_id: z
    .string()
    .check(
      z.maxLength(limits.controlIdLengthMax),
      z.regex(/^[\w.:-]+$/, 'must be letters, digits and the signs _ . : -'),
    ),
  /** `shadow`: judged and recorded with every decision, never applied. */
  mode: z._default(z.enum(['enforce', 'shadow']), 'enforce'),
  applies_to: z._default(appliesToSchema, {}),
};

const namesSomething = ({ applies_to }: { applies_to: AppliesTo }) => Object.keys(applies_to).length > 0;
const nothingNamed = {
  error: 'names nothing: for all requests, freeze the card or leave the control out',
  path: ['applies_to'],
};

const percent = z.int().check(z.minimum(1), z.maximum(limits.holdPercentMax));
const positive = amountMinorSchema.check(z.positive());

export const controlSchema = z.discriminatedUnion('does', [
  /** Declines what it applies to. */
  z.strictObject({ ...common, does: z.literal('block') }).check(z.refine(namesSomething, nothingNamed)),
  /** Declines what it does not apply to. */
  z.strictObject({ ...common, does: z.literal('allow_only') }).check(z.refine(namesSomething, nothingNamed)),
  /** Declines what would bring the window's total above the amount, or its uses above the count. */
  z
    .strictObject({
      ...common,
      does: z.literal('limit'),
      amount_minor: z.optional(amountMinorSchema),
      count: z.optional(z.int().check(z.minimum(1), z.maximum(limits.countMax))),
      window: windowSchema,
      /** Whether a refund gives back to the window of its authorization. */
      refunds_give_back: z._default(z.boolean(), false),
    })
    .check(
      z.refine(({ amount_minor, count }) => amount_minor !== undefined || count !== undefined, {
        error: 'is missing, and so is count: a limit needs one of them, or both',
        path: ['amount_minor'],
      }),
      z.refine(({ count, window }) => count === undefined || window.per !== 'transaction', {
        error: 'says nothing about one transaction: give a longer window',
        path: ['count'],
      }),
    ),
  /** Declines what the cardholder has not been authenticated for (3-D Secure). */
  z.strictObject({
    ...common,
    does: z.literal('require_authentication'),
    accept: z._default(z.array(z.enum(threeDSecureResults)).check(z.minLength(1)), ['authenticated']),
    /** Only above this amount. */
    above_minor: z._default(amountMinorSchema, 0),
  }),
  /** Holds more than was asked for, as far as limits and funds allow: tips, fuel. Never makes a decline of an approval. */
  z
    .strictObject({
      ...common,
      does: z.literal('adjust_hold'),
      /** Added, in percent of the amount, rounded up. */
      percent: z.optional(percent),
      /** Added, once an authorization. */
      add_minor: z.optional(positive),
      /** The least that an authorization holds. */
      at_least_minor: z.optional(positive),
      /** The most that an authorization's hold is raised to. */
      cap_minor: z.optional(positive),
    })
    .check(
      z.refine(({ percent: p, add_minor, at_least_minor }) => (p ?? add_minor ?? at_least_minor) !== undefined, {
        error: 'is missing, and so are add_minor and at_least_minor: an adjustment needs one of them',
        path: ['percent'],
      }),
      z.refine(
        ({ at_least_minor, cap_minor }) =>
          at_least_minor === undefined || cap_minor === undefined || at_least_minor <= cap_minor,
        { error: 'is below at_least_minor', path: ['cap_minor'] },
      ),
    ),
]);
export type Control = z.infer<typeof controlSchema>;
export type LimitControl = Extract<Control, { does: 'limit' }>;

/** Controls that stand side by side: at most so many, each with a name of its own. */
export const controlsSchema = z
  .array(controlSchema)
  .check(z.maxLength(limits.controlsMax))
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    for (const [index, { control_id }] of value.entries()) {
      if (seen.has(control_id))
        issues.push({
          code: 'custom',
          input: control_id,
          path: [index, 'control_id'],
          message: 'is the name of another control too',
        });
      seen.add(control_id);
    }
  });
