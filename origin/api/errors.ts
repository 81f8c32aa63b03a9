// Every error the origin's API answers with: its stable name, its status, and what it says when nothing better is known.

import { type FieldProblem, Refusal } from '../../contracts/problem.ts';

export const errors = {
  body_malformed: { status: 400, says: 'The body is not JSON in UTF-8.' },
  credentials_wrong: {
    status: 401,
    says: 'The Authorization header is missing or wrong. Send "Bearer" and your API key.',
  },
  signature_wrong: {
    status: 401,
    says: 'The Standard Webhooks signature is missing, wrong, or older than five minutes.',
  },
  route_not_found: { status: 404, says: 'There is nothing at this path.' },
  account_not_found: { status: 404, says: 'There is no account with this id.' },
  card_not_found: { status: 404, says: 'There is no card with this id.' },
  authorization_not_found: { status: 404, says: 'There is no authorization with this id.' },
  ledger_account_not_found: { status: 404, says: 'There is no ledger account with this id.' },
  control_set_not_found: { status: 404, says: 'There is no control set with this id, or no such version of it.' },
  card_already_exists: { status: 409, says: 'The network has a card with this token already.' },
  profile_version_conflict: {
    status: 409,
    says: 'The profile is at another version than expected_version. Read it again.',
  },
  body_too_large: { status: 413, says: 'The body is too large.' },
  field_invalid: { status: 422, says: 'A field is out of contract.' },
  card_data_refused: { status: 422, says: 'The body holds card data. Send tokens only.' },
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
