// What a network asks, in our words. Every adapter parses into this; `decide` reads nothing else.

import * as z from 'zod/mini';
import { countrySchema } from './country.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';
import { networkKeySchema } from './network.ts';
import { plainTextSchema } from './text.ts';

export const channels = ['ecommerce', 'pos', 'atm', 'moto', 'recurring', 'other'] as const;
export const entryModes = ['chip', 'contactless', 'magnetic_stripe', 'manual', 'card_on_file', 'other'] as const;

/** ISO 18245: four digits. */
const categorySchema = z.string().check(z.regex(/^\d{4}$/, 'must be a merchant category code of four digits'));

/** The acquirer's own id of a merchant. ISO 8583 field 42 has 15 characters and lets spaces stand among them. */
export const merchantIdChecks = [
  z.minLength(1),
  z.maxLength(limits.networkKeyLengthMax),
  z.regex(/^[\x20-\x7e]+$/, 'must be printable ASCII characters'),
] as const;
const merchantIdSchema = z.string().check(...merchantIdChecks);

export const merchantSchema = z.strictObject({
  id: z._default(z.nullable(merchantIdSchema), null),
  name: z._default(z.nullable(plainTextSchema), null),
  category: z._default(z.nullable(categorySchema), null),
  country: z._default(z.nullable(countrySchema), null),
});
export type Merchant = z.infer<typeof merchantSchema>;

/** `incremental`: more for an authorization that stands. The last two move no money and consume nothing. */
export const requestKinds = ['authorization', 'incremental', 'account_verification', 'balance_inquiry'] as const;

/**
 * EMV 3-D Secure: `attempted`: the merchant tried, the issuer did not take part; `exempted`: an exemption was granted, such as
 * for a low value; `not_done`: none was asked for.
 */
export const threeDSecureResults = ['authenticated', 'attempted', 'exempted', 'failed', 'not_done'] as const;

/**
 * An instant by the network's own clock, in milliseconds; a network that knows only the day gives 00:00 UTC of it. Without one,
 * a request or message comes after all that the card has heard of its authorization. It orders what happens to one
 * authorization; windows and expiry go by the card's clock.
 */
export const occurredAtSchema = z.optional(z.int().check(z.nonnegative()));

/** The network's own number of what happens to one authorization: 7 is after 6, whatever their stamps say. */
export const orderSchema = z.optional(z.int().check(z.nonnegative()));

/**
 * Another id by which the network may name this authorization from now on: Marqeta's clearing names the last incremental, not
 * the first request.
 */
export const aliasKeySchema = z.optional(networkKeySchema);

export const authorizationRequestSchema = z.strictObject({
  /** The network's id of this one request: repeats of it get the same answer. */
  request_key: networkKeySchema,
  /** The network's id of the authorization's life: its clearings and reversals name it. */
  authorization_key: networkKeySchema,
  kind: z._default(z.enum(requestKinds), 'authorization'),
  amount_minor: amountMinorSchema,
  currency: currencySchema,
  merchant: merchantSchema,
  channel: z._default(z.enum(channels), 'other'),
  entry_mode: z._default(z.enum(entryModes), 'other'),
  card_present: z._default(z.nullable(z.boolean()), null),
  partial_approval_capable: z._default(z.boolean(), false),
  alias_key: aliasKeySchema,
  occurred_at_ms: occurredAtSchema,
  order: orderSchema,
  /** When the network drops the hold by itself, believed up to `limits.holdDaysMax` from now; absent: the profile says how long. */
  hold_expires_at_ms: z.optional(z.int().check(z.nonnegative())),
  /** What the merchant charges in, where it is not the card's currency. */
  merchant_currency: z.optional(currencySchema),
  three_d_secure: z.optional(z.enum(threeDSecureResults)),
  risk_score: z.optional(z.int().check(z.minimum(0), z.maximum(limits.riskScoreMax))),
});
export type AuthorizationRequest = z.infer<typeof authorizationRequestSchema>;
