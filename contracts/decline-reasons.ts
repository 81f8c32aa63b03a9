// Why a request is declined.

/** In order of precedence: of two reasons at once the earlier one is reported. */
export const declineReasons = [
  'card_unknown',
  'card_not_active',
  'card_closed',
  'card_expired',
  'card_already_used',
  'currency_not_allowed',
  'amount_invalid',
  'channel_not_allowed',
  'country_not_allowed',
  'merchant_not_allowed',
  'category_not_allowed',
  'time_not_allowed',
  'authentication_required',
  'risk_too_high',
  'exceeds_amount_max',
  'exceeds_amount_in_window',
  'exceeds_count_in_window',
  'insufficient_funds',
  'request_voided',
] as const;
export type DeclineReason = (typeof declineReasons)[number];
