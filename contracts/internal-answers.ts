// What the edge says to the origin over HTTP, as the origin reads it: apart from `internal-api.ts`, so that the edge's bundle has no reader of
// its own words.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';

/**
 * A limit was edited that counts purchases older than the card's memory (35 days), so that they cannot be counted anew.
 * `forgotten_purchases_still_count`: they go on counting as under the former scope, zone or treatment of refunds.
 * `forgotten_purchases_missing`: its window is of another kind, and some of them may not count any more.
 */
export const profileWarningSchema = z.object({
  control_id: z.string(),
  warning: z.enum(['forgotten_purchases_still_count', 'forgotten_purchases_missing']),
});
export type ProfileWarning = z.infer<typeof profileWarningSchema>;

/** The answer to `POST /internal/calls`: in the order of the calls. */
export const callsAnswerSchema = z.array(z.object({ status: z.int(), body: z.unknown() }));

/** The answer to `PUT /internal/cards/:network/:token`. */
export const putCardAnswerSchema = z.object({
  outcome: z.enum(['stored', 'unchanged', 'stale']),
  version: z.int(),
  warnings: z.optional(z.array(profileWarningSchema)),
});

/**
 * `POST /internal/cards/:network/:token/messages`: a message that a person books for a card, as a network would have sent it. Sent
 * again under the same key it is `repeated`; `conflict` (409): the key was used for something else, which differs in `field`.
 */
export const postMessageAnswerSchema = z.object({
  outcome: z.enum(['stored', 'repeated', 'conflict']),
  /** The authorization that the message belongs to; absent for a conflict. */
  authorization_id: z.optional(idSchema('auth')),
  field: z.optional(z.string()),
});

/** The answer to `POST /internal/facts/:network`: false, it cannot be booked now either. */
export const postFactAnswerSchema = z.object({ taken: z.boolean() });

/** `GET /internal/cards/:network/:token/events?after=N`: events above N in order, at most `limits.eventsPageMax`. */
export const cardEventsAnswerSchema = z.object({
  events: z.array(z.unknown()),
  /** The oldest one that the card still has: those below have outlived its retention. */
  first_sequence: z.int().check(z.positive()),
  /** The card's newest sequence: more pages follow while the last event is below it. */
  last_sequence: z.int().check(z.nonnegative()),
  /** The card was set back: nothing of its log is to be believed, and it decides nothing until it is rebuilt. */
  is_fenced: z.optional(z.boolean()),
});

/** The answer to `POST /internal/cards/:network/:token/rebuild`. */
export const rebuildAnswerSchema = z.object({
  /** Events up to here are back: the next page begins after it. */
  sequence: z.int().check(z.nonnegative()),
  is_fenced: z.boolean(),
  /** Events that the card had numbered anew, and was told again. */
  told_again: z.int().check(z.nonnegative()),
});
export type RebuildAnswer = z.infer<typeof rebuildAnswerSchema>;

/** The answer to GET and PUT of `/internal/stand-in/:network`. */
export const standInStandingSchema = z.object({
  is_on: z.boolean(),
  at_ms: z.nullable(z.int()),
  by: z.nullable(z.string()),
  failure_policy: z.string(),
});

/** `GET /internal/cards/:network/:token`: the card as it stands. Of a card with no event yet it is 404. */
export const readCardAnswerSchema = z.object({
  /** Null: the card was told of by a network alone. */
  profile: z.nullable(z.object({ version: z.int(), currency: z.string() })),
  /** Of the profile's currency. */
  held_minor: z.int(),
  posted_minor: z.int(),
  /** Of its refunds of no purchase, what the card may not spend; an edge of before does not say it. */
  withheld_minor: z.optional(z.int()),
  last_sequence: z.int().check(z.nonnegative()),
  /** The newest event that was handed to the queue. */
  published_sequence: z.int().check(z.nonnegative()),
  /** Since when the card decides nothing, because its storage was set back; null: it decides. */
  fenced_since_ms: z.optional(z.nullable(z.int())),
});
export type ReadCardAnswer = z.infer<typeof readCardAnswerSchema>;

/** `POST /internal/card-events` on the origin: queue messages, whole and unjudged. */
export const deliverBodySchema = z.object({
  messages: z.array(z.object({ id: z.string(), body: z.unknown() })).check(z.minLength(1)),
});

/** The answer to `POST /internal/cards/:network/:token/return`. */
export const returnAnswerSchema = z.object({ undo_bookmark: z.string() });
