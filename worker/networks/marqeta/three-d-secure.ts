// What Marqeta says of 3-D Secure, in our words. Its fields are optional and each is somebody else's claim, so only what says so
// plainly counts as authenticated; what we cannot read stays unsaid, and a control that asks for authentication declines it.

import { attribute, type Unread, wordOf } from '../../../contracts/attributes.ts';
import type { threeDSecureResults } from '../../../contracts/authorization-request.ts';
import { fieldsOf } from './wire.ts';

type ThreeDSecure = (typeof threeDSecureResults)[number];

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
export function threeDSecureOf(data: unknown, unread: Unread): ThreeDSecure | undefined {
  const fields = fieldsOf(data, 'three_d_secure', unread);
  const word = (name: string) => attribute(wordOf, fields[name], 'three_d_secure', unread);
  /** What the card network found when it checked the cryptogram. */
  const checked = word('verification_result')?.toLowerCase() ?? null;
  if (checked !== null && disproven.has(checked)) return 'failed';
  // A check of which nothing can be read is not the absence of one: it proves nothing.
  const isProven = checked === null ? fields['verification_result'] == null : proven.has(checked);
  /** What the merchant's side claims. */
  const indicator = word('electronic_commerce_indicator')?.toLowerCase();
  if (indicator === 'authentication_successful' && isProven) return 'authenticated';
  if (exemptions.has(word('authentication_status') ?? '')) return 'exempted';
  if (indicator === 'authentication_attempted') return 'attempted';
  return indicator === 'no_authentication' ? 'not_done' : undefined;
}
