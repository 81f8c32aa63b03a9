// What Marqeta says of 3-D Secure, in our words. Its fields are optional and each is somebody else's claim, so only what says so
// plainly counts as authenticated; what we cannot read stays unsaid, and a control that asks for authentication declines it.

import * as z from 'zod/mini';
import type { threeDSecureResults } from '../../../contracts/authorization-request.ts';
import { limits } from '../../../contracts/limits.ts';

type ThreeDSecure = (typeof threeDSecureResults)[number];

const word = z.nullish(z.string().check(z.maxLength(limits.networkKeyLengthMax)));

export const cardholderAuthenticationSchema = z.object({
  /** What the merchant's side claims. */
  electronic_commerce_indicator: word,
  /** What the card network found when it checked the cryptogram. */
  verification_result: word,
  authentication_status: word,
});

/**
 * The cryptogram was good. Not among them: `verified_amount_greater_than_20_percent`, where the cardholder agreed to much less.
 * [U] `not_verified_mac_key_validation_passed`: the cryptogram is genuine, its amount was not compared.
 */
const proven: ReadonlySet<string> = new Set([
  'verified',
  'verified_amount_checked',
  'verified_amount_less_than_20_percent',
  'not_verified_mac_key_validation_passed',
]);
const disproven: ReadonlySet<string> = new Set(['failed', 'not_verified_mac_key_validation_failed']);

/** The THREEDS_REQUESTER_… words are Marqeta's older names. */
const exemptions: ReadonlySet<string> = new Set([
  'EXEMPTED',
  'EXEMPTION_CLAIMED',
  'SCA_EXEMPTION',
  'DATA_SHARE_EXEMPTED',
  'DATA_SHARE_EXEMPTION',
  'THREEDS_REQUESTER_DATA_SHARE_EXEMPTION',
  'THREEDS_REQUESTER_SCA_EXEMPTION',
  'THREEDS_REQUESTER_TRA_EXEMPTION',
]);

/** [U] Success without any word of the check is taken as authenticated: networks that check leave the word out at times. */
export function threeDSecureOf(
  data: z.infer<typeof cardholderAuthenticationSchema> | null | undefined,
): ThreeDSecure | undefined {
  const checked = data?.verification_result ?? null;
  if (checked !== null && disproven.has(checked)) return 'failed';
  const indicator = data?.electronic_commerce_indicator ?? null;
  if (indicator === 'authentication_successful' && (checked === null || proven.has(checked))) return 'authenticated';
  if (exemptions.has(data?.authentication_status ?? '')) return 'exempted';
  if (indicator === 'authentication_attempted') return 'attempted';
  return indicator === 'no_authentication' ? 'not_done' : undefined;
}
