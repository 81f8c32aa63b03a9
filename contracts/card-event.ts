// A card's events: what its log holds and what the origin receives, numbered per card without gaps.

import * as z from 'zod/mini';
import { authorizationRequestSchema } from './authorization-request.ts';
import { cardMessageSchema } from './card-message.ts';
import { decisionSchema } from './decision.ts';
import { declineReasons } from './decline-reasons.ts';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema } from './money.ts';
import { cardKeySchema, networkKeySchema } from './network.ts';
import { profileSchema } from './profile.ts';
import { releasedRefundSchema } from './refund-release.ts';

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

/** Where a change of a hold stands among those of its authorization: see `core/card/hold-changes.ts`. */
const placeSchema = z.strictObject({
  at_ms: instant,
  order: z.optional(z.int().check(z.nonnegative())),
  nth: z.int().check(z.minimum(-1)),
});

/** An approval as its authorization keeps it, and as a void takes it back. */
const approvalSchema = z.strictObject({
  ...placeSchema.shape,
  /** The instant by the card's clock at which it was given. */
  given_at_ms: instant,
  /**
   * What it adds to the hold. More than the decision's `hold_minor` where earlier messages already took a part: of 500 approved
   * after a clearing of 200 it is 500, and 300 are held.
   */
  adds_minor: amountMinorSchema,
});

/**
 * What our own edge approved in the card's place, as the authorization keeps it. `adds_minor`: less what the card itself holds
 * for the same request. Its place is the one that it would have if it had begun the authorization.
 */
const approvalInPlaceSchema = z.strictObject({
  ...approvalSchema.shape,
  /** How much more than the card's own answer the network was told. */
  approved_minor: amountMinorSchema,
  /** The card's own approval of the request, where it holds more than the edge told the network: it holds as much from then on. */
  lowers: z.optional(approvalSchema),
});

/** An authorization that turned out to be the same as the event's, known by another of the network's ids until now. */
const joinedSchema = z.strictObject({
  authorization_id: authorizationId,
  /** What it held: gone from it, and part of this one's hold where it still is held. */
  released_minor: amountMinorSchema,
});

/** Other names of the authorization, which only a request that held nothing has given. */
const alsoNamedSchema = z.optional(z.array(networkKeySchema).check(z.maxLength(limits.alsoNamedMax)));

/**
 * More was refunded than the purchase cost: 500 of a purchase of 90. Booked all the same; a person has to look. It stands at the event
 * by which it came to be so, in whatever order they came: the refund, a clearing of less, the end of a hold that was never cleared.
 */
const refundAboveClearedSchema = z.optional(z.literal(true));

export type Place = z.infer<typeof placeSchema>;
export type RecordedApproval = z.infer<typeof approvalSchema>;
export type ApprovalInPlace = z.infer<typeof approvalInPlaceSchema>;

/** One row's body in the card's log. */
export const cardEventBodySchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('authorization'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    request: authorizationRequestSchema,
    decision: decisionSchema,
    effect: effectSchema,
    /** Of an approval that adds to the hold. Rows of the first version have `approved_at_ms` instead. */
    approval: z.optional(approvalSchema),
    approved_at_ms: z.optional(instant),
    refund_above_cleared: refundAboveClearedSchema,
    also_named: alsoNamedSchema,
    joined: z.optional(joinedSchema),
  }),
  z.strictObject({
    kind: z.literal('message'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    message: cardMessageSchema,
    effect: effectSchema,
    /** Of an answer of our own edge that approved something; older rows have none. */
    approval: z.optional(approvalInPlaceSchema),
    /** Why the message was kept but moved no money; a person has to look. */
    anomaly: z.optional(z.enum(['currency_mismatch'])),
    /** What the rules would have said of an advice: it was applied against them. */
    against: z.optional(z.enum(declineReasons)),
    /** The card has spent more than it was given. */
    overdrawn: z.optional(z.literal(true)),
    refund_above_cleared: refundAboveClearedSchema,
    /** Of a refund: how much more the card withholds from now on. Absent in events of before it withheld any: then it withholds nothing of it. */
    withheld_minor: z.optional(amountMinorSchema),
    /** What the card withholds of all its refunds after it; absent where that is 0 before and after, and in events of before it was told. */
    withheld_after_minor: z.optional(amountMinorSchema),
    /** Only an operator says it, never a network: the message itself is then a reversal of nothing. */
    releases: z.optional(releasedRefundSchema),
    also_named: alsoNamedSchema,
    joined: z.optional(joinedSchema),
  }),
  /** A hold that nobody cleared in time, dropped by the card itself. */
  z.strictObject({
    kind: z.literal('expiry'),
    event_id: idSchema('evt'),
    authorization_id: authorizationId,
    authorization_key: z.string(),
    effect: effectSchema,
    refund_above_cleared: refundAboveClearedSchema,
  }),
  /**
   * A request whose answer came too late: what it had held is released and its key stays declined. Two kinds in one: with `stood_in` what
   * was approved in the card's place is taken back, without it the card's own approval; where both had approved, there are two rows.
   * Example: the card held 50, the edge told the network 60, which added 10: one void of 50, and one of 10 with `stood_in`.
   * A card tells them apart where it reads them (`core/card/rows-of-old.ts`): on a card with a row of another kind, a release that does not
   * know it decides nothing.
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
    /** The approval that is taken back; absent: nothing was held. Rows of the first version have `approved_at_ms` instead. */
    approval: z.optional(approvalSchema),
    approved_at_ms: z.optional(instant),
    /** It was answered in the card's place: where that answer stood, whose hold is released. `voided_minor` is of that. */
    stood_in: z.optional(placeSchema),
    stood_in_at_ms: z.optional(instant),
    /** The network itself gave it up. Absent: our edge did, or the event is of before this was said. */
    by_network: z.optional(z.literal(true)),
    effect: effectSchema,
    refund_above_cleared: refundAboveClearedSchema,
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
  /**
   * By an event's sequence: the traces it came of, `traceparent`s with spaces between them. Beside the events and not in them: an
   * origin of before passes over it, and an event read back from its card is to the letter the one that was booked. Read apart
   * (`tracesIn`), so that nothing in it can keep a message from being taken.
   */
  traces: z.optional(z.unknown()),
  /** By an event's sequence: how many milliseconds its request waited. Beside the events and read apart (`waitsIn`), as `traces` is. */
  answered_ms: z.optional(z.unknown()),
});
export type CardEventsMessage = {
  version: 1;
  card_key: `${string}:${string}`;
  events: CardEvent[];
  traces?: Readonly<Record<number, string>>;
  /** From the arrival at the edge until the decision was durable. */
  answered_ms?: Readonly<Record<number, number>>;
};
