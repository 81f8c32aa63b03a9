// Marqeta's messages as far as we read them (Marqeta Core API: gateway JIT funding messages, transaction object, webhooks).
// Unknown fields are dropped. Amounts are JSON numbers in major units and keep their text: a double is not money. The schemas
// hold what is strict: amount, currency and keys. All else is `unknown` here and read by the readers of contracts/attributes.ts.

import * as z from 'zod/mini';
import {
  attribute,
  isoInstantOf,
  merchantCurrencyOf,
  merchantFrom,
  type Unread,
} from '../../../contracts/attributes.ts';
import type { Merchant } from '../../../contracts/authorization-request.ts';
import { type Fields, isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { lostOf, withNothingLost } from '../../../contracts/lost-by-json.ts';
import { currencySchema, isCurrency, minorFromDecimalText } from '../../../contracts/money.ts';
import { cardTokenSchema, isNetworkKey, networkKeySchema } from '../../../contracts/network.ts';
import { WrittenNumber } from '../../../contracts/written-number.ts';
import { parseJson, refusalOf } from '../../body.ts';

/**
 * The body with every amount exact: a number that is too long for a double is kept as its text. A field that stands there twice has two names: whoever
 * reads it asks `fieldAgain`.
 */
export function parseMarqeta(text: string): unknown {
  const body = parseJson(text);
  const names = lostOf(text, body).filter(({ isName }) => isName);
  return names.length === 0 ? body : parseJson(withNothingLost(text, names));
}

/** Names of Marqeta's fields that hold identifiers: one in ten of them passes for a card number. */
export const marqetaIdentifiers: ReadonlySet<string> = new Set(
  (
    'token user_token acting_user_token business_token transaction_token funding_source_token order_number ' +
    'preceding_related_transaction_token incremental_authorization_transaction_tokens original_jit_funding_token ' +
    'incremental_authorization_jit_funding_tokens card_product_token transaction_id mid terminal_id network_mid merchant_id ' +
    'retrieval_reference_number system_trace_audit_number institution_id_code network_reference_id approval_code ' +
    'issuer_payment_node acquirer_reference_data clearing_record_sequence_number token_requestor_id token_reference_id ' +
    'pan_reference_id correlation_id network_assigned_id transaction_identifier batch_number'
  ).split(' '),
);

type Amount = number | WrittenNumber;

function isAmount(value: unknown): value is Amount {
  return typeof value === 'number' || value instanceof WrittenNumber;
}

const method = z.string().check(z.maxLength(limits.networkKeyLengthMax));
const unread = z.optional(z.unknown());

const common = {
  token: networkKeySchema,
  card_token: networkKeySchema,
  card_acceptor: unread,
  currency_code: currencySchema,
  preceding_related_transaction_token: unread,
  created_time: unread,
};

export const gatewaySchema = z.object({
  ...common,
  gpa_order: z.object({
    jit_funding: z.object({
      token: networkKeySchema,
      method,
      // Told back as they came; nothing here depends on them.
      user_token: unread,
      acting_user_token: unread,
      amount: z.custom<Amount>(isAmount, { error: 'must be a number of major units' }),
    }),
  }),
  pos: unread,
  poi: unread,
  transaction_metadata: unread,
  user_transaction_time: unread,
  currency_conversion: unread,
  cardholder_authentication_data: unread,
  fraud: unread,
});
export type GatewayMessage = z.infer<typeof gatewaySchema>;

/** By plain comparisons what `gatewaySchema` takes, and nothing else, in a tenth of its time: the schema is for the words of what is wrong. */
export function isGatewayMessage(body: unknown): body is GatewayMessage {
  if (!isFields(body) || !isFields(body['gpa_order'])) return false;
  const { jit_funding: funding } = body['gpa_order'];
  if (!isFields(funding) || ![body['token'], body['card_token'], funding['token']].every(isNetworkKey)) return false;
  const { method, amount } = funding;
  return isCurrency(body['currency_code']) && isCode(method) && isAmount(amount);
}

function isCode(value: unknown): boolean {
  return typeof value === 'string' && value.length <= limits.networkKeyLengthMax;
}

/** What every transaction that is read must have. */
export const transactionSchema = z.object({
  ...common,
  card_token: cardTokenSchema,
  amount: unread,
  is_final_clearing: unread,
  multi_clearing_sequence_number: unread,
  multi_clearing_sequence_count: unread,
  gpa_order: unread,
});
export type Transaction = z.infer<typeof transactionSchema>;

/** The fields of an object inside another; none where it is absent, or no object, which is counted under `name`. */
export function fieldsOf(value: unknown, name: string, unread: Unread): Fields {
  if (isFields(value)) return value;
  if (value !== undefined && value !== null) unread.add(name);
  return {};
}

/**
 * The transaction that this one belongs to; null where it names none. A key is strict: one that cannot be read must not make a
 * force post of a clearing.
 */
export function linkOf(
  { preceding_related_transaction_token: link }: { preceding_related_transaction_token?: unknown },
  at: string,
) {
  if (link === undefined || link === null || link === '') return null;
  const read = networkKeySchema.safeParse(link);
  if (read.success) return read.data;
  throw refusalOf(
    `${at === '' ? '' : `${at}.`}preceding_related_transaction_token`,
    read.error.issues[0]?.message ?? '',
  );
}

/** The merchant in our words. */
export function merchantOf(acceptor: unknown, unread: Unread): Merchant {
  const { mid, name, mcc, country_code, country } = fieldsOf(acceptor, 'merchant', unread);
  // Alpha-3 in network traffic; simulated messages say `country` and may use either.
  return merchantFrom({ id: mid, name, category: mcc, country: country_code ?? country }, unread);
}

/** The same for a message: null where nothing of it is known, so that the authorization's own merchant counts. */
export function merchantOrNull(acceptor: unknown, unread: Unread): Merchant | null {
  const merchant = merchantOf(acceptor, unread);
  return Object.values(merchant).every((part) => part === null) ? null : merchant;
}

/** The first of these that is an instant of ISO 8601 with its offset from UTC. */
export function instantOf(unread: Unread, ...texts: readonly unknown[]): number | undefined {
  for (const text of texts) {
    const at_ms = attribute(isoInstantOf, text, 'occurred_at_ms', unread);
    if (at_ms !== null) return at_ms;
  }
  return undefined;
}

/** What the merchant charges in, where it is another currency than the card's. */
export function merchantCurrencyIn(
  { currency_conversion, currency_code }: GatewayMessage,
  unread: Unread,
): string | undefined {
  const { network } = fieldsOf(currency_conversion, 'merchant_currency', unread);
  const { original_currency_code } = fieldsOf(network, 'merchant_currency', unread);
  const currency = attribute(merchantCurrencyOf, original_currency_code, 'merchant_currency', unread);
  return currency === null || currency === currency_code ? undefined : currency;
}

/** Only what is known, for fields that are absent otherwise. */
export function known<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const present: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) present[name] = fields[name];
  return present;
}

/** The amount as a JSON number again; nothing where it was none. */
export function echoOf(value: unknown): number | undefined {
  return isAmount(value) ? Number(textOf(value)) : undefined;
}

function textOf(value: Amount): string {
  return value instanceof WrittenNumber ? value.text : String(value);
}

/** Minor units of an amount; refused where it is none, or the currency cannot hold it. `field`: its name in the whole body. */
export function minorOf(value: unknown, currency: string, field: string): number {
  if (value === undefined) throw refusalOf(field, 'is missing');
  if (!isAmount(value)) throw refusalOf(field, 'must be a number of major units');
  const minor = minorFromDecimalText(textOf(value), currency);
  if (typeof minor === 'number') return minor;
  throw refusalOf(field, minor.problem);
}
