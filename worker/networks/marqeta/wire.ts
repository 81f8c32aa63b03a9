// Marqeta's messages as far as we read them (Marqeta Core API: gateway JIT funding messages, transaction object, webhooks).
// Unknown fields are dropped. Amounts are JSON numbers in major units and keep their text: a double is not money.

import * as z from 'zod/mini';
import { categorySchema, type Merchant, merchantIdSchema } from '../../../contracts/authorization-request.ts';
import { countryFromCode } from '../../../contracts/country.ts';
import { limits } from '../../../contracts/limits.ts';
import { currencyFromNumber, currencySchema, minorFromDecimalText } from '../../../contracts/money.ts';
import { networkKeySchema } from '../../../contracts/network.ts';
import { Refusal } from '../../../contracts/problem.ts';
import { type JsonReviver, parseJson } from '../../body.ts';
import { cardholderAuthenticationSchema } from './three-d-secure.ts';

/** A JSON number as it was written. */
class DecimalText {
  readonly text: string;
  constructor(text: string) {
    this.text = text;
  }
}

/** A double keeps 15 significant digits as they were written (IEEE 754); only an amount with more of them needs its text. */
const longAmount = /amount"\s*:\s*[-+.\deE]{17}/;

/** The body with every amount exact: where a number is too long for a double, amounts are kept as their text. */
export function parseMarqeta(text: string): unknown {
  return parseJson(text, longAmount.test(text) ? keepAmountTexts : undefined);
}

const keepAmountTexts: JsonReviver = (key, value, { source }) =>
  typeof value === 'number' && key.endsWith('amount') ? new DecimalText(source ?? String(value)) : value;

/** Names of Marqeta's fields that hold identifiers: one in ten of them passes for a card number. */
export const marqetaIdentifiers: ReadonlySet<string> = new Set(
  (
    'token user_token acting_user_token card_token business_token transaction_token funding_source_token order_number ' +
    'preceding_related_transaction_token incremental_authorization_transaction_tokens original_jit_funding_token ' +
    'incremental_authorization_jit_funding_tokens card_product_token transaction_id mid terminal_id network_mid merchant_id ' +
    'retrieval_reference_number system_trace_audit_number institution_id_code network_reference_id approval_code ' +
    'issuer_payment_node acquirer_reference_data clearing_record_sequence_number token_requestor_id token_reference_id ' +
    'pan_reference_id correlation_id network_assigned_id transaction_identifier batch_number'
  ).split(' '),
);

const amount = z.union([z.number(), z.instanceof(DecimalText)], { error: 'must be a number of major units' });
type Amount = z.infer<typeof amount>;
const code = z.string().check(z.maxLength(limits.networkKeyLengthMax));

const cardAcceptor = z.object({
  mid: z.nullish(merchantIdSchema),
  mcc: z.nullish(categorySchema),
  name: z.nullish(z.string()),
  // Alpha-3 in network traffic; simulated messages say `country` and may use either.
  country_code: z.nullish(code),
  country: z.nullish(code),
});

const pointOfSale = z.object({
  pan_entry_mode: z.nullish(code),
  card_presence: z.nullish(z.boolean()),
  partial_approval_capable: z.nullish(z.boolean()),
  is_recurring: z.nullish(z.boolean()),
});

const common = {
  token: networkKeySchema,
  card_token: networkKeySchema,
  card_acceptor: z.nullish(cardAcceptor),
  currency_code: currencySchema,
  preceding_related_transaction_token: z.nullish(networkKeySchema),
  // Read by `instantOf`: an odd clock is no reason to refuse.
  created_time: z.optional(z.unknown()),
};

export const gatewaySchema = z.object({
  ...common,
  gpa_order: z.object({
    jit_funding: z.object({
      token: networkKeySchema,
      method: code,
      user_token: networkKeySchema,
      acting_user_token: z.nullish(networkKeySchema),
      amount,
    }),
  }),
  pos: z.nullish(pointOfSale),
  poi: z.nullish(pointOfSale),
  transaction_metadata: z.nullish(z.object({ payment_channel: z.nullish(code) })),
  user_transaction_time: z.optional(z.unknown()),
  currency_conversion: z.nullish(
    z.object({ network: z.nullish(z.object({ original_currency_code: z.nullish(code) })) }),
  ),
  cardholder_authentication_data: z.nullish(cardholderAuthenticationSchema),
  fraud: z.nullish(z.object({ network: z.nullish(z.object({ transaction_risk_score: z.nullish(z.number()) })) })),
});
export type GatewayMessage = z.infer<typeof gatewaySchema>;

/** As much of a transaction as every kind of it has: many kinds name no card. */
export const anyTransactionSchema = z.object({ type: code });

const jitFunding = z.object({ token: networkKeySchema, method: z.nullish(code), amount: z.nullish(amount) });

export const transactionSchema = z.object({
  ...common,
  type: code,
  state: z.nullish(code),
  amount,
  is_final_clearing: z.nullish(z.boolean()),
  multi_clearing_sequence_number: z.nullish(z.int()),
  multi_clearing_sequence_count: z.nullish(z.int()),
  subnetwork: z.nullish(code),
  /** Commando Mode: Marqeta itself decided in our place. */
  standin_approved_by: z.nullish(code),
  /** The card network decided in our place. */
  standin_by: z.nullish(code),
  gpa_order: z.nullish(
    z.object({
      jit_funding: z.nullish(jitFunding),
      funding: z.nullish(
        z.object({
          gateway_log: z.nullish(
            z.object({
              timed_out: z.nullish(z.boolean()),
              response: z.nullish(z.object({ code: z.nullish(code) })),
            }),
          ),
        }),
      ),
    }),
  ),
});
export type Transaction = z.infer<typeof transactionSchema>;

/** One array of notifications of one kind; a ping to see whether we are there. */
export const webhookSchema = z.object({
  transactions: z.optional(z.array(z.unknown()).check(z.maxLength(limits.webhookBatchMax))),
  pings: z.optional(z.array(z.unknown())),
});

/** The merchant in our words. A name longer than we keep is cut: a network's long name is no reason to refuse. */
export function merchantOf(acceptor: z.infer<typeof cardAcceptor> | null | undefined): Merchant {
  return {
    id: acceptor?.mid ?? null,
    name: acceptor?.name?.slice(0, limits.textLengthMax) ?? null,
    category: acceptor?.mcc ?? null,
    country: countryFromCode(acceptor?.country_code ?? acceptor?.country ?? ''),
  };
}

const isoInstant = /^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:?\d\d)$/;

/** The first of these that is an instant of ISO 8601 with its offset from UTC. */
export function instantOf(...texts: readonly unknown[]): number | undefined {
  for (const text of texts) {
    const at_ms = typeof text === 'string' && isoInstant.test(text) ? Date.parse(text) : Number.NaN;
    if (at_ms >= 0) return at_ms;
  }
  return undefined;
}

/** What the merchant charges in, where it is another currency than the card's. */
export function merchantCurrencyOf({ currency_conversion, currency_code }: GatewayMessage): string | undefined {
  const currency = currencyFromNumber(currency_conversion?.network?.original_currency_code ?? '');
  return currency === null || currency === currency_code ? undefined : currency;
}

/** Only what is known, for fields that are absent otherwise. */
export function known<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): Partial<T> {
  const present: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) present[name] = fields[name];
  return present;
}

/** The amount as a JSON number again. */
export function echoOf(value: Amount): number {
  return Number(textOf(value));
}

function textOf(value: Amount): string {
  return value instanceof DecimalText ? value.text : String(value);
}

/** Minor units of an amount; refused where the currency cannot hold it. `field`: its name in the whole body. */
export function minorOf(value: Amount, currency: string, field: string): number {
  const minor = minorFromDecimalText(textOf(value), currency);
  if (typeof minor === 'number') return minor;
  throw new Refusal(422, 'field_invalid', `${field} ${minor.problem}.`, [{ field, problem: minor.problem }]);
}
