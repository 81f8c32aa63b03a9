// Marqeta's messages as Marqeta sends them (gateway JIT funding and transaction webhooks), with synthetic values.
// For the command line, the benchmark and the fault tests: no official sample client exists.

/** The acquirer's id of the demo's shop. */
export const demoMerchantId = '000000000099999';

export interface GatewayInput {
  readonly cardToken: string;
  /** Major units as a decimal text, put into the JSON as it stands: a double never touches it. */
  readonly amount: string;
  readonly currency?: string;
  readonly category?: string;
  /** The acquirer's id of the shop. */
  readonly merchantId?: string;
  readonly method?: string;
  readonly transactionToken?: string;
  readonly jitToken?: string;
  /** What an increment adds to: the transaction token of the authorization, or of the last thing that was said of it. */
  readonly precedingToken?: string;
}

/** Where the transaction's type is another than that of an everyday authorization. */
const typesByMethod: Readonly<Record<string, string>> = {
  'pgfs.authorization.incremental': 'authorization.incremental',
  'pgfs.auth_plus_capture': 'pindebit',
  'pgfs.balanceinquiry': 'balanceinquiry',
};

/** The JSON text of a gateway request. */
export function gatewayMessage({
  cardToken,
  amount,
  currency = 'USD',
  category = '5411',
  merchantId = demoMerchantId,
  method = 'pgfs.authorization',
  transactionToken = crypto.randomUUID(),
  jitToken = crypto.randomUUID(),
  precedingToken,
}: GatewayInput): string {
  const now = new Date().toISOString();
  const balances = {
    currency_code: currency,
    ledger_balance: 0,
    available_balance: 0,
    credit_balance: 0,
    pending_credits: 0,
  };
  return withAmounts(amount, {
    type: typesByMethod[method] ?? 'authorization',
    state: 'PENDING',
    token: transactionToken,
    ...(precedingToken === undefined ? {} : { preceding_related_transaction_token: precedingToken }),
    user_token: 'user_demo',
    acting_user_token: 'user_demo',
    card_token: cardToken,
    gpa: { ...balances, balances: { [currency]: balances } },
    gpa_order: {
      token: crypto.randomUUID(),
      amount: amountMark,
      transaction_token: transactionToken,
      state: 'PENDING',
      funding: {
        amount: amountMark,
        source: { type: 'programgateway', token: '**********pgfs', active: true, name: 'pgfs' },
      },
      funding_source_token: '**********pgfs',
      jit_funding: {
        token: jitToken,
        method,
        user_token: 'user_demo',
        acting_user_token: 'user_demo',
        amount: amountMark,
      },
      user_token: 'user_demo',
      currency_code: currency,
    },
    created_time: now,
    user_transaction_time: now,
    request_amount: amountMark,
    amount: amountMark,
    currency_code: currency,
    network: 'VISA',
    subnetwork: 'VISANET',
    issuer_received_time: now,
    ...surroundings(category, merchantId),
  });
}

/** What stands around the money in every gateway request: who acquired it, where and how the card was used. */
function surroundings(category: string, merchantId: string) {
  return {
    acquirer_fee_amount: 0,
    acquirer: {
      institution_id_code: '400000001',
      institution_country: '840',
      retrieval_reference_number: '000000000001',
      system_trace_audit_number: '000001',
    },
    user: { metadata: {} },
    card: { last_four: '6491', metadata: {} },
    card_acceptor: {
      mid: merchantId,
      mcc: category,
      name: 'EXAMPLE GROCER',
      street_address: '1 Example St',
      city: 'Springfield',
      state: 'CA',
      postal_code: '90001',
      country_code: 'USA',
    },
    pos: {
      pan_entry_mode: 'CHIP_CONTACTLESS',
      pin_entry_mode: 'FALSE',
      terminal_id: 'TR100000',
      terminal_attendance: 'ATTENDED',
      card_holder_presence: true,
      card_presence: true,
      partial_approval_capable: false,
      purchase_amount_only: false,
      is_recurring: false,
    },
    transaction_metadata: { payment_channel: 'OTHER' },
    fraud: { network: { transaction_risk_score: 97, account_risk_score: 7 } },
  };
}

export interface TransactionInput {
  readonly type: keyof typeof transactionForms;
  readonly cardToken: string;
  /** Of an advice the new total. */
  readonly amount: string;
  /** Of an advice what is given back: 100 where 400 become 300. */
  readonly released?: string;
  readonly currency?: string;
  readonly category?: string;
  /** The acquirer's id of the shop. */
  readonly merchantId?: string;
  /** The transaction token of the authorization, or of the last thing said of it; absent: a force post, an unlinked refund. */
  readonly precedingToken?: string;
  readonly final?: boolean;
  readonly token?: string;
}

interface Form {
  readonly state: string;
  readonly method: string;
  readonly order: 'gpa_order' | 'gpa_order_unload';
  /** The order's own state, where it is another. */
  readonly orderState?: string;
}

const order = 'gpa_order';
const reversed = { state: 'CLEARED', method: 'pgfs.authorization.reversal', order, orderState: 'REVERSED' } as const;
const transactionForms = {
  authorization: { state: 'PENDING', method: 'pgfs.authorization', order },
  'authorization.incremental': { state: 'PENDING', method: 'pgfs.authorization.incremental', order },
  'authorization.advice': { state: 'PENDING', method: 'pgfs.authorization.reversal', order },
  'authorization.standin': { state: 'PENDING', method: 'pgfs.authorization.standin', order },
  'authorization.reversal': reversed,
  'authorization.reversal.issuerexpiration': reversed,
  'authorization.clearing': { state: 'COMPLETION', method: 'pgfs.authorization.capture', order },
  pindebit: { state: 'COMPLETION', method: 'pgfs.auth_plus_capture', order },
  refund: { state: 'COMPLETION', method: 'pgfs.refund', order: 'gpa_order_unload' },
} as const satisfies Readonly<Record<string, Form>>;

/** The JSON text of a webhook with one transaction. */
export function webhookMessage(input: TransactionInput): string {
  const { type, cardToken, amount, currency = 'USD', category = '5411', precedingToken, final = true } = input;
  const { merchantId = demoMerchantId } = input;
  const form: Form = transactionForms[type];
  const forced = type === 'authorization.clearing' && precedingToken === undefined;
  const token = input.token ?? crypto.randomUUID();
  const now = new Date().toISOString();
  const transaction = {
    type,
    state: form.state,
    token,
    user_token: 'user_demo',
    acting_user_token: 'user_demo',
    card_token: cardToken,
    ...(precedingToken === undefined ? {} : { preceding_related_transaction_token: precedingToken }),
    [form.order]: {
      token: crypto.randomUUID(),
      amount: amountMark,
      transaction_token: token,
      state: form.orderState ?? form.state,
      jit_funding: {
        token: crypto.randomUUID(),
        method: forced ? 'pgfs.force_capture' : form.method,
        user_token: 'user_demo',
        amount: input.released === undefined ? amountMark : releasedMark,
      },
      currency_code: currency,
    },
    created_time: now,
    user_transaction_time: now,
    request_amount: amountMark,
    amount: amountMark,
    currency_code: currency,
    network: 'VISA',
    subnetwork: 'VISANET',
    ...(type === 'authorization.clearing' ? { is_final_clearing: final } : {}),
    card_acceptor: {
      mid: merchantId,
      mcc: category,
      name: 'EXAMPLE GROCER',
      city: 'Springfield',
      country_code: 'USA',
    },
  };
  return withAmounts(amount, { transactions: [transaction] }, input.released);
}

const amountMark = '<amount>';
const releasedMark = '<released>';

/** JSON with the amounts written exactly as the decimal texts have them. */
function withAmounts(amount: string, message: unknown, released = amount): string {
  return JSON.stringify(message).replaceAll(`"${amountMark}"`, amount).replaceAll(`"${releasedMark}"`, released);
}
