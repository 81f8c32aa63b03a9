// Every error the origin's API answers with: its stable name, its status, and what it says when nothing better is known.

import { type FieldProblem, Refusal } from '../../contracts/problem.ts';

export const errors = {
  body_malformed: { status: 400, says: 'The body is not JSON in UTF-8.' },
  credentials_wrong: {
    status: 401,
    says: 'The Authorization header is missing or wrong. Send "Bearer" and your API key.',
  },
  idempotency_key_missing: { status: 400, says: 'The Idempotency-Key header is missing.' },
  idempotency_key_malformed: { status: 400, says: 'The Idempotency-Key header is malformed.' },
  signature_wrong: {
    status: 401,
    says: 'The Standard Webhooks signature is missing, wrong, or older than five minutes.',
  },
  scope_missing: { status: 403, says: 'The API key may not do this.' },
  route_not_found: { status: 404, says: 'There is nothing at this path.' },
  account_not_found: { status: 404, says: 'There is no account with this id.' },
  card_not_found: { status: 404, says: 'There is no card with this id.' },
  authorization_not_found: { status: 404, says: 'There is no authorization with this id.' },
  ledger_account_not_found: { status: 404, says: 'There is no ledger account with this id.' },
  settlement_not_found: { status: 404, says: 'There is no settlement with this id.' },
  merchant_not_found: { status: 404, says: 'There is no merchant with this id.' },
  webhook_endpoint_not_found: { status: 404, says: 'There is no webhook endpoint with this id.' },
  webhook_message_not_found: { status: 404, says: 'There is no webhook message with this id.' },
  api_key_not_found: { status: 404, says: 'There is no API key with this id.' },
  dead_letter_not_found: { status: 404, says: 'There is no dead letter with this id.' },
  version_unknown: { status: 406, says: 'There is no such version of this API.' },
  request_in_flight: { status: 409, says: 'The first request with this Idempotency-Key is still at work. Ask again.' },
  webhook_endpoint_disabled: { status: 409, says: 'The webhook endpoint is disabled. Enable it first.' },
  settlement_already_final: { status: 409, says: 'The settlement is final, and never changes again.' },
  settlement_not_queued: { status: 409, says: 'Only a settlement that is still queued can be cancelled.' },
  control_set_not_found: { status: 404, says: 'There is no control set with this id, or no such version of it.' },
  card_already_exists: { status: 409, says: 'The network has a card with this token already.' },
  profile_version_conflict: {
    status: 409,
    says: 'The profile is at another version than expected_version. Read it again.',
  },
  body_too_large: { status: 413, says: 'The body is too large.' },
  content_type_unsupported: { status: 415, says: 'The body must be application/json.' },
  idempotency_key_reused: { status: 422, says: 'The Idempotency-Key was used before, for another request.' },
  amount_not_owed: { status: 422, says: 'The ledger owes the merchant less than this amount.' },
  destination_missing: { status: 422, says: 'The merchant has no destination that a provider could pay to.' },
  field_invalid: { status: 422, says: 'A field is out of contract.' },
  card_data_refused: { status: 422, says: 'The body holds card data. Send tokens only.' },
  too_many_requests: { status: 429, says: 'The quota of this API key is used up. Wait for Retry-After seconds.' },
  backtest_too_large: { status: 422, says: 'The history is larger than one backtest reads. Take less of it.' },
  internal_error: { status: 500, says: 'The request failed here. Send it again.' },
  backtest_running: { status: 503, says: 'Another backtest is running. Send it again when that one is done.' },
  edge_unavailable: {
    status: 503,
    says: 'The edge cannot be reached, or does not know this card yet. Try again in a moment.',
  },
  intake_full: { status: 503, says: 'No message could be taken now. Bring them again.' },
  database_unavailable: { status: 503, says: 'The database cannot be reached. Send the request again in a moment.' },
} as const satisfies Record<string, { status: Refusal['status']; says: string }>;

export type ErrorCode = keyof typeof errors;

export function refusal(code: ErrorCode, details: readonly FieldProblem[] = []): Refusal {
  const { status, says } = errors[code];
  const [first] = details;
  return new Refusal(status, code, first === undefined ? says : `${first.field} ${first.problem}.`, details);
}
