// What the two halves say to each other over HTTP; what only the origin reads of it is in `internal-answers.ts`. Each call is signed by
// Standard Webhooks over `signedText`, so that a signature for one call is worth nothing for another.

import * as z from 'zod/mini';
import { limits } from './limits.ts';
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
 * `PUT /internal/cards/:network/:token?after=N`: an older version never replaces a newer one; the same version twice is fine. N: the newest
 * event of this card that the origin knows, 0 without it; a card that has none of its own numbers its first one after that.
 */
export const putCardBodySchema = profileSchema;

/**
 * `POST /internal/calls`: several of these calls in one, such as the profiles of a hundred cards. Each is answered by itself, in its place, as
 * `{status, body}`; `body` is the text that it would have been sent with. What stands in the path of one is not signed apart: the whole is.
 */
export const callsBodySchema = z
  .array(z.object({ method: z.enum(['GET', 'PUT']), path: z.string(), body: z.string() }))
  .check(z.maxLength(limits.batchDirectMax));

/** `POST /internal/facts/:network`: a kept fact once more. `taken` false: it cannot be booked now either. */
export const postFactBodySchema = z.object({ fact: z.string() });

/**
 * `PUT /internal/stand-in/:network` turns stand-ins of a network on or off, at once and without a deployment; both it and GET answer how
 * it stands. Whether anything is stood in for while it is on is the network's failure policy, in the edge's own settings.
 */
export const turnStandInBodySchema = z.strictObject({ is_on: z.boolean(), by: z.string().check(z.maxLength(100)) });

/**
 * The answer to `POST /internal/card-events` on the origin. `retry`: not taken, bring it again. The other two are final; what was
 * dead-lettered is kept by the origin.
 */
export const deliverAnswerSchema = z.object({
  results: z.array(z.object({ id: z.string(), outcome: z.enum(['done', 'dead_letter', 'retry']) })),
});
export type DeliverAnswer = z.infer<typeof deliverAnswerSchema>;

/** Words in the error of a card that the edge's release cannot read: an error of an object is its words elsewhere, its class stays behind. */
export const newerRelease = 'is of a newer release of the card than this one';

/** Words in the error of a card that was set back and is not rebuilt yet. */
export const setBack = 'the card was set back, and decides nothing until it is rebuilt';

/**
 * `POST /internal/cards/:network/:token/rebuild`: some of a fenced card's events, as it once wrote them and in order, and the last one that
 * the origin has; none to ask where to begin. Bounded by the bytes of a body.
 */
export const rebuildBodySchema = z.object({
  until: z.object({ sequence: z.int().check(z.positive()), event_id: z.nullable(z.string()) }),
  /** Looked at by the card, which has written them. */
  events: z.array(z.unknown()),
});

/** `POST /internal/cards/:network/:token/return`: its storage as it was at that instant, where the platform keeps a history of it. */
export const returnBodySchema = z.strictObject({ at_ms: z.int().check(z.nonnegative()) });

/** Why a card cannot return: of any platform but Cloudflare's own. */
export const noHistory =
  'This edge runs where no history of objects is kept (storage back-end without point-in-time recovery): only on Cloudflare can a card return to an earlier instant.';
