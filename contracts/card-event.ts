// A card's events: what its log holds and what the origin receives, numbered per card without gaps.

import * as z from 'zod/mini';
import { authorizationRequestSchema } from './authorization-request.ts';
import { cardMessageSchema } from './card-message.ts';
import { decisionSchema, declineReasons } from './decision.ts';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema } from './money.ts';
import { cardKeySchema, networkKeySchema } from './network.ts';
import { profileSchema } from './profile.ts';

/** What an event did to money. The origin books these figures; it never works them out again. */
export const effectSchema = z.strictObject({
  /** Change of what is held, in minor units. */
  hold_minor: z.int(),
  /** Change of what is finally spent: clearings add, refunds take away. */
  posted_minor: z.int(),
});
export type Effect = z.infer<typeof effectSchema>;

const instant = z.int().check(z.nonnegative());

const authorizationId = idSchema('auth');

/** An authorization that turned out to be the same as the event's, known by another of the network's ids until now. */
const joinedSchema = z.strictObject({
  authorization_id: authorizationId,
  /** What it held: gone from it, and part of this one's hold where it still is held. */
  released_minor: amountMinorSchema,
});

/** One row's body in the card's log. */
export const cardEventBodySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('authorization'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    request: authorizationRequestSchema,
    decision: decisionSchema,
    effect: effectSchema,
    /** Of an approval: its instant in the authorization's life, where that is not the request's own. */
    approved_at_ms: z.optional(instant),
    joined: z.optional(joinedSchema),
  }),
  z.strictObject({
    kind: z.literal('message'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    message: cardMessageSchema,
    effect: effectSchema,
    /** Why the message was kept but moved no money; a person has to look. */
    anomaly: z.optional(z.enum(['currency_mismatch'])),
    /** What the rules would have said of an advice: it was applied against them. */
    against: z.optional(z.enum(declineReasons)),
    /** The card has spent more than it was given. */
    overdrawn: z.optional(z.literal(true)),
    joined: z.optional(joinedSchema),
  }),
  /** A hold that nobody cleared in time, dropped by the card itself. */
  z.strictObject({
    kind: z.literal('expiry'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    authorization_key: z.string(),
    effect: effectSchema,
  }),
  /**
   * A request whose answer came too late: what it had held is released and its key stays declined. Two of them where both the
   * card and somebody in its place had approved.
   */
  z.strictObject({
    kind: z.literal('void'),
    event_id: idSchema('evt'),
    request_key: networkKeySchema,
    /** The authorization that the request had opened; null where the request never came before its void. */
    authorization_id: z.nullable(authorizationId),
    authorization_key: z.nullable(networkKeySchema),
    /** What the request had held, in minor units. */
    voided_minor: amountMinorSchema,
    /** What the network had been told of it; absent: as much. */
    approved_minor: z.optional(amountMinorSchema),
    /** The instant of the approval in its life, at which it is taken back; absent: nothing was approved. */
    approved_at_ms: z.optional(instant),
    /** It was answered in the card's place: the instant at which what that had held is released. `voided_minor` is of that. */
    stood_in_at_ms: z.optional(instant),
    effect: effectSchema,
  }),
  z.strictObject({ kind: z.literal('profile'), event_id: idSchema('evt'), profile: profileSchema }),
]);
export type CardEventBody = z.infer<typeof cardEventBodySchema>;

const envelope = z.strictObject({
  /** The card's own count of its events: 1, 2, 3 … */
  sequence: z.int().check(z.positive()),
  at_ms: z.int().check(z.nonnegative()),
});

/** One event as it travels: the row's body with its number and its instant. */
export const cardEventSchema = z.intersection(envelope, cardEventBodySchema);
export type CardEvent = { sequence: number; at_ms: number } & CardEventBody;

/** One queue message: some of a card's events, in order. */
export const cardEventsMessageSchema = z.object({
  version: z.literal(1),
  card_key: cardKeySchema,
  events: z.array(z.unknown()).check(z.minLength(1), z.maxLength(limits.eventsPageMax)),
});
export type CardEventsMessage = { version: 1; card_key: `${string}:${string}`; events: CardEvent[] };
