// The plain comparisons take what the schema takes, and nothing else.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { gatewayMessage } from '../../../scripts/marqeta-messages.ts';
import { gatewaySchema, isGatewayMessage, parseMarqeta } from './wire.ts';

type Fields = Record<string, unknown>;
const sample = () => parseMarqeta(gatewayMessage({ cardToken: 'card-1', amount: '12.34' })) as Fields;

/** Every field that the schema reads, and some that it does not. */
const paths = [
  '',
  'token',
  'card_token',
  'currency_code',
  'preceding_related_transaction_token',
  'created_time',
  'user_transaction_time',
  'gpa_order',
  'gpa_order.jit_funding',
  'gpa_order.jit_funding.token',
  'gpa_order.jit_funding.method',
  'gpa_order.jit_funding.user_token',
  'gpa_order.jit_funding.acting_user_token',
  'gpa_order.jit_funding.amount',
  'card_acceptor',
  'card_acceptor.mid',
  'card_acceptor.mcc',
  'card_acceptor.name',
  'card_acceptor.country_code',
  'card_acceptor.country',
  'pos',
  'pos.pan_entry_mode',
  'pos.card_presence',
  'pos.partial_approval_capable',
  'pos.is_recurring',
  'poi',
  'poi.pan_entry_mode',
  'transaction_metadata',
  'transaction_metadata.payment_channel',
  'currency_conversion',
  'currency_conversion.network',
  'currency_conversion.network.original_currency_code',
  'cardholder_authentication_data',
  'cardholder_authentication_data.electronic_commerce_indicator',
  'cardholder_authentication_data.verification_result',
  'cardholder_authentication_data.authentication_status',
  'fraud',
  'fraud.network',
  'fraud.network.transaction_risk_score',
  'user',
];

function put(body: unknown, path: readonly string[], value: unknown): unknown {
  const [name, ...rest] = path;
  if (name === undefined || name === '') return value;
  const fields = (typeof body === 'object' && body !== null && !Array.isArray(body) ? body : {}) as Fields;
  return { ...fields, [name]: put(fields[name], rest, value) };
}

const value = fc.oneof(
  fc.constantFrom<unknown>(
    undefined,
    null,
    true,
    false,
    0,
    -1,
    1.5,
    Number.POSITIVE_INFINITY,
    Number.NaN,
    '',
    ' ',
    'USD',
    'usd',
    'XXX',
  ),
  fc.constantFrom<unknown>([], {}, [[]], '5411', '541', '54111', 'a b', 'ä', '\n', 'a\n', '\u007f', '840'),
  fc.constantFrom<unknown>('x'.repeat(255), 'x'.repeat(256), 'x y'.repeat(85), '4'.repeat(256)),
  fc.string({ maxLength: 4 }),
  fc.jsonValue({ maxDepth: 2 }),
);

test('any change of any field: both take it, or neither does', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.constantFrom(...paths), value), { minLength: 1, maxLength: 3 }), (changes) => {
      let body: unknown = sample();
      for (const [path, changed] of changes) body = put(body, path.split('.'), changed);
      expect(isGatewayMessage(body)).toBe(gatewaySchema.safeParse(body).success);
    }),
    { numRuns: 3_000 },
  );
});

test('an amount that kept its text is an amount', () => {
  const body = parseMarqeta(gatewayMessage({ cardToken: 'card-1', amount: '12345678901234567.5' }));
  expect([isGatewayMessage(body), gatewaySchema.safeParse(body).success]).toEqual([true, true]);
});
