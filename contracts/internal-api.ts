// What the two halves say to each other over HTTP. Each call is signed by Standard Webhooks over `signedText`, so that a
// signature for one call is worth nothing for another.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';
import { profileSchema } from './profile.ts';

/** The text under the signature: method, path with its query, and the raw body (empty for a GET). */
export function signedText(call: { method: string; pathAndQuery: string; body: string }): string {
  return `${call.method.toUpperCase()} ${call.pathAndQuery}\n${call.body}`;
}

/**
 * The text under a call's second signature, which says how long the body will be: so that whoever receives it knows, before it
 * gathers the bytes, that they come from the other half. For calls whose body may be larger than any stranger's.
 */
export function headText(head: { method: string; pathAndQuery: string; bytes: number }): string {
  return `head of ${head.method.toUpperCase()} ${head.pathAndQuery}\n${head.bytes}`;
}
export const headSignatureHeader = 'atlas-head-signature';
export const bodyBytesHeader = 'atlas-body-bytes';

/**
 * A card's token as one segment of a path. `.` and `..` would be taken for steps within the path, by every client and in every spelling
 * (`%2e%2e` too), and reach another route; so they travel as `~.` and `~..`, and what looks like that gets one `~` more.
 */
export function tokenInPath(token: string): string {
  return encodeURIComponent(/^~*\.{1,2}$/.test(token) ? `~${token}` : token);
}

/** The token again, of the segment as the router has decoded it. */
export function tokenOfSegment(segment: string): string {
  return /^~+\.{1,2}$/.test(segment) ? segment.slice(1) : segment;
}

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

/**
 * `PUT /internal/cards/:network/:token?after=N`: an older version never replaces a newer one; the same version twice is fine. N: the newest
 * event of this card that the origin knows, 0 without it; a card that has none of its own numbers its first one after that.
 */
export const putCardBodySchema = profileSchema;
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

/** `POST /internal/facts/:network`: a kept fact once more. `taken` false: it cannot be booked now either. */
export const postFactBodySchema = z.object({ fact: z.string() });
export const postFactAnswerSchema = z.object({ taken: z.boolean() });

/** `GET /internal/cards/:network/:token/events?after=N`: events above N in order, at most `limits.eventsPageMax`. */
export const cardEventsAnswerSchema = z.object({
  events: z.array(z.unknown()),
  /** The oldest one that the card still has: those below have outlived its retention. */
  first_sequence: z.int().check(z.positive()),
  /** The card's newest sequence: more pages follow while the last event is below it. */
  last_sequence: z.int().check(z.nonnegative()),
});

/**
 * `PUT /internal/stand-in/:network` turns stand-ins of a network on or off, at once and without a deployment; both it and GET answer how
 * it stands. Whether anything is stood in for while it is on is the network's failure policy, in the edge's own settings.
 */
export const turnStandInBodySchema = z.strictObject({ is_on: z.boolean(), by: z.string().check(z.maxLength(100)) });
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
  last_sequence: z.int().check(z.nonnegative()),
  /** The newest event that was handed to the queue. */
  published_sequence: z.int().check(z.nonnegative()),
});
export type ReadCardAnswer = z.infer<typeof readCardAnswerSchema>;

/** `POST /internal/card-events` on the origin: queue messages, whole and unjudged. */
export const deliverBodySchema = z.object({
  messages: z.array(z.object({ id: z.string(), body: z.unknown() })).check(z.minLength(1)),
});
/** `retry`: not taken, bring it again. The other two are final; what was dead-lettered is kept by the origin. */
export const deliverAnswerSchema = z.object({
  results: z.array(z.object({ id: z.string(), outcome: z.enum(['done', 'dead_letter', 'retry']) })),
});
export type DeliverAnswer = z.infer<typeof deliverAnswerSchema>;
