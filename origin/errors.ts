// Every error the origin's API answers with: its stable name, its status, and what it says when nothing better is known.

import { type FieldProblem, Refusal } from '../contracts/problem.ts';
import { accountErrors } from './accounts/account-errors.ts';
import { companyErrors } from './companies/company-errors.ts';

/** `remedy`: what its reader can do, for the page of all errors. */
export const errors = {
  body_malformed: {
    status: 400,
    says: 'The body is not JSON in UTF-8.',
    remedy: 'Send JSON; a byte order mark or another charset is not taken.',
  },
  head_ambiguous: {
    status: 400,
    says: 'The path or a header can be read in two ways.',
    remedy:
      'Send the path as `/docs` has it, without `..`, `//`, `;` or an encoded slash, and one Host and one Authorization header.',
  },
  idempotency_key_missing: {
    status: 400,
    says: 'The Idempotency-Key header is missing.',
    remedy: 'Send a random key, and the same one again with a repeat of this request.',
  },
  idempotency_key_malformed: {
    status: 400,
    says: 'The Idempotency-Key header is malformed.',
    remedy: 'Send 1 to 255 printable ASCII characters without spaces, quoted or bare; a UUID is fine.',
  },
  credentials_wrong: {
    status: 401,
    says: 'The Authorization header is missing or wrong. Send "Bearer" and your API key.',
    remedy: 'Look whether the key is complete, has expired or was taken back; ask for a new one.',
  },
  signature_wrong: {
    status: 401,
    says: 'The Standard Webhooks signature is missing, wrong, or older than five minutes.',
    remedy: 'For calls between our own halves and from providers: compare the secrets and the clocks.',
  },
  scope_missing: {
    status: 403,
    says: 'The API key may not do this.',
    remedy: 'Use a key with the scope that the answer names; some routes are for operators only.',
  },
  route_not_found: {
    status: 404,
    says: 'There is nothing at this path.',
    remedy: 'Compare the path with `/docs`.',
  },
  card_not_found: { status: 404, says: 'There is no card with this id.', remedy: 'Compare the id.' },
  control_set_not_found: {
    status: 404,
    says: 'There is no control set with this id, or no such version of it.',
    remedy: 'Compare the id and the version.',
  },
  distribution_not_found: {
    status: 404,
    says: 'No version of this control set was ever applied by a distribution.',
    remedy: 'Compare the id; apply a version first.',
  },
  authorization_not_found: {
    status: 404,
    says: 'There is no authorization with this id.',
    remedy: 'Compare the id; what was authorized a moment ago may be seconds behind.',
  },
  ledger_account_not_found: {
    status: 404,
    says: 'There is no ledger account with this id.',
    remedy: 'Compare the id.',
  },
  settlement_not_found: {
    status: 404,
    says: 'There is no settlement with this id.',
    remedy: 'Compare the id, and whose key it is: another merchant’s is not there.',
  },
  merchant_not_found: {
    status: 404,
    says: 'There is no merchant with this id.',
    remedy: 'Compare the id, and whose key it is: another merchant is not there.',
  },
  webhook_endpoint_not_found: {
    status: 404,
    says: 'There is no webhook endpoint with this id.',
    remedy: 'Compare the id, and whose key it is: another merchant’s is not there.',
  },
  webhook_message_not_found: {
    status: 404,
    says: 'There is no webhook message with this id.',
    remedy: 'Compare the id, and whose key it is: another merchant’s is not there.',
  },
  api_key_not_found: {
    status: 404,
    says: 'There is no API key with this id.',
    remedy: 'Compare the id: it begins with `akey_`, and is not the key itself.',
  },
  dead_letter_not_found: {
    status: 404,
    says: 'There is no dead letter with this id.',
    remedy: 'It may have been replayed or discarded meanwhile: list them again.',
  },
  open_item_not_found: { status: 404, says: 'There is no open item with this id.', remedy: 'Compare the id.' },
  open_item_action_not_found: {
    status: 404,
    says: 'Open items of this kind have no such action.',
    remedy: 'Read the item: `actions` lists those that its kind allows.',
  },
  method_not_allowed: {
    status: 405,
    says: 'This path does not take this method.',
    remedy: 'Use one of those that the answer’s `Allow` header names.',
  },
  version_unknown: {
    status: 406,
    says: 'There is no such version of this API.',
    remedy: 'Send `Accept: application/json` for the newest version, or one that the answer names.',
  },
  request_in_flight: {
    status: 409,
    says: 'The first request with this Idempotency-Key is still at work. Ask again.',
    remedy: 'Send the same request again after `Retry-After`; it is not carried out twice.',
  },
  distribution_over: {
    status: 409,
    says: 'The distribution is over: there is nothing to pause.',
    remedy: 'Read it to see how it ended; undo it, or apply another version.',
  },
  distribution_not_undoable: {
    status: 409,
    says: 'There was no version before it that cards could get back.',
    remedy: 'Make a version with the controls that you want, and apply it.',
  },
  webhook_endpoint_disabled: {
    status: 409,
    says: 'The webhook endpoint is disabled. Enable it first.',
    remedy: 'Change its `status` to `enabled`, then recover what it missed.',
  },
  settlement_already_final: {
    status: 409,
    says: 'The settlement is final, and never changes again.',
    remedy: 'Ask for a new settlement.',
  },
  settlement_not_queued: {
    status: 409,
    says: 'Only a settlement that is still queued can be cancelled.',
    remedy: 'Read the settlement: it is being paid, or is final.',
  },
  open_item_closed: {
    status: 409,
    says: 'The open item was closed by another action, or by this one with other input.',
    remedy: 'Read the item: `resolution`, `result` and `history` say what was done.',
  },
  open_item_under_way: {
    status: 409,
    says: 'Another action on this open item was begun, and may have had its effect.',
    remedy:
      'Ask for the action that the answer names, with the same input, until it is done: it has its effect only once.',
  },
  card_already_exists: {
    status: 409,
    says: 'The network has a card with this token already.',
    remedy: 'Find it among the cards of its account.',
  },
  profile_version_conflict: {
    status: 409,
    says: 'The profile is at another version than expected_version. Read it again.',
    remedy: 'Read the card, look whether the change is still wanted, and send its newest version.',
  },
  body_too_large: { status: 413, says: 'The body is too large.', remedy: 'Send at most 64 KiB.' },
  content_encoding_unsupported: {
    status: 415,
    says: 'The body must be sent as it is, without a Content-Encoding.',
    remedy: 'Send the JSON itself, uncompressed, and leave the Content-Encoding header out.',
  },
  content_type_unsupported: {
    status: 415,
    says: 'The body must be application/json.',
    remedy: 'Send `Content-Type: application/json`, without a charset or with utf-8.',
  },
  idempotency_key_reused: {
    status: 422,
    says: 'The Idempotency-Key was used before, for another request.',
    remedy: 'Use a new key for a new request; send a repeat exactly as the first was.',
  },
  field_invalid: {
    status: 422,
    says: 'A field is out of contract.',
    remedy: '`details` names each field and its rule. Unknown fields and parameters are refused too.',
  },
  card_data_refused: {
    status: 422,
    says: 'The body holds card data. Send tokens only.',
    remedy: 'Take the card number or code out; nothing of the body was kept.',
  },
  amount_not_owed: {
    status: 422,
    says: 'The ledger owes the merchant less than this amount.',
    remedy: 'Read the merchant: `owed_minor` is what can be settled now.',
  },
  amount_not_payable: {
    status: 422,
    says: 'No provider that the merchant can be paid through pays this amount.',
    remedy:
      '`details` names the largest amount below it that can be paid: some currencies are paid in whole units only.',
  },
  destination_missing: {
    status: 422,
    says: 'The merchant has no destination that a provider could pay to.',
    remedy: 'Have an operator add a destination.',
  },
  open_item_action_refused: {
    status: 422,
    says: 'The action cannot be done on this open item. The item stays open.',
    remedy: 'Mend what the answer names, or choose another action.',
  },
  backtest_too_large: {
    status: 422,
    says: 'The history is larger than one backtest reads. Take less of it.',
    remedy: 'Take a smaller sample or a shorter time, as the answer says.',
  },
  too_many_requests: {
    status: 429,
    says: 'The quota of this API key is used up. Wait for Retry-After seconds.',
    remedy: 'Wait, then go on more slowly: `RateLimit` says what is left before it comes to this.',
  },
  too_many_attempts: {
    status: 429,
    says: 'Too many wrong keys came from this address. Wait for Retry-After seconds.',
    remedy:
      'Look whether a deployment uses an old key, and wait. A key that was good within a day is taken all the same.',
  },
  too_many_at_once: {
    status: 429,
    says: 'Too many requests of this kind are in hand already. Send it again when one of them is answered.',
    remedy:
      'Wait for `Retry-After`, and send fewer at once: requests that take long have a small bound for each tenant.',
  },
  internal_error: {
    status: 500,
    says: 'The request failed here. Send it again.',
    remedy: 'Send it again, with the same Idempotency-Key; if it stays, tell us the `request_id`.',
  },
  backtest_running: {
    status: 503,
    says: 'Another backtest is running. Send it again when that one is done.',
    remedy: 'Wait for `Retry-After`, and send it again.',
  },
  edge_unavailable: {
    status: 503,
    says: 'The edge cannot be reached, or does not know this card yet. Try again in a moment.',
    remedy: 'Wait for `Retry-After`, and send it again; cards are still being decided.',
  },
  open_item_action_unavailable: {
    status: 503,
    says: 'What the action needs does not answer. The open item stays open.',
    remedy: 'Send the same again after `Retry-After`: it has its effect only once.',
  },
  overloaded: {
    status: 503,
    says: 'More is asked for than can be answered in time. Send the request again in a moment.',
    remedy: 'Wait for `Retry-After`, and send it again, with the same Idempotency-Key.',
  },
  too_many_connections: {
    status: 503,
    says: 'Too many connections are open, from your address or altogether.',
    remedy: 'Wait for `Retry-After`; keep connections and use them again.',
  },
  intake_full: {
    status: 503,
    says: 'No message could be taken now. Bring them again.',
    remedy: 'For calls between our own halves: they come again by themselves.',
  },
  database_unavailable: {
    status: 503,
    says: 'The database cannot be reached. Send the request again in a moment.',
    remedy: 'Wait for `Retry-After`, and send it again, with the same Idempotency-Key.',
  },
  ...companyErrors,
  ...accountErrors,
} as const satisfies Record<string, { status: Refusal['status']; says: string; remedy: string }>;

export type ErrorCode = keyof typeof errors;

export function refusal(code: ErrorCode, details: readonly FieldProblem[] = []): Refusal {
  const { status, says } = errors[code];
  const [first] = details;
  return new Refusal(status, code, first === undefined ? says : `${first.field} ${first.problem}.`, details);
}
