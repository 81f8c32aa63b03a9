// Marqeta's messages as Marqeta sends them (gateway JIT funding and transaction webhooks), with synthetic values.
// For the command line, the benchmark and the fault tests: no official sample client exists.

export interface GatewayInput {
  readonly cardToken: string;
  /** Major units as a decimal text, put into the JSON as it stands: a double never touches it. */
  readonly amount: string;
  readonly currency?: string;
  readonly category?: string;
  readonly method?: string;
  readonly transactionToken?: string;
  readonly jitToken?: string;
}

/** The JSON text of a gateway request. */
export function gatewayMessage({
  cardToken,
  amount,
  currency = 'USD',
  category = '5411',
  method = 'pgfs.authorization',
  transactionToken = crypto.randomUUID(),
  jitToken = crypto.randomUUID(),
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
    type: 'authorization',
    state: 'PENDING',
    token: transactionToken,
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
    ...surroundings(category),
  });
}

/** What stands around the money in every gateway request: who acquired it, where and how the card was used. */
function surroundings(category: string) {
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
      mid: '000000000099999',
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
  readonly type: 'authorization.clearing' | 'authorization.reversal' | 'refund';
  readonly cardToken: string;
  readonly amount: string;
  readonly currency?: string;
  readonly category?: string;
  /** The authorization's transaction token; absent: a force post, or an unlinked refund. */
  readonly precedingToken?: string;
  readonly final?: boolean;
  readonly token?: string;
}

const transactionForms = {
  'authorization.clearing': { state: 'COMPLETION', method: 'pgfs.authorization.capture', order: 'gpa_order' },
  'authorization.reversal': { state: 'CLEARED', method: 'pgfs.authorization.reversal', order: 'gpa_order' },
  refund: { state: 'COMPLETION', method: 'pgfs.refund', order: 'gpa_order_unload' },
} as const;

/** The JSON text of a webhook with one transaction. */
export function webhookMessage(input: TransactionInput): string {
  const { type, cardToken, amount, currency = 'USD', category = '5411', precedingToken, final = true } = input;
  const { state, method, order } = transactionForms[type];
  const token = input.token ?? crypto.randomUUID();
  const now = new Date().toISOString();
  const transaction = {
    type,
    state,
    token,
    user_token: 'user_demo',
    acting_user_token: 'user_demo',
    card_token: cardToken,
    ...(precedingToken === undefined ? {} : { preceding_related_transaction_token: precedingToken }),
    [order]: {
      token: crypto.randomUUID(),
      amount: amountMark,
      transaction_token: token,
      jit_funding: { token: crypto.randomUUID(), method, user_token: 'user_demo', amount: amountMark },
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
      mid: '000000000099999',
      mcc: category,
      name: 'EXAMPLE GROCER',
      city: 'Springfield',
      country_code: 'USA',
    },
  };
  return withAmounts(amount, { transactions: [transaction] });
}

const amountMark = '<amount>';

/** JSON with the amounts written exactly as the decimal text has them. */
function withAmounts(amount: string, message: unknown): string {
  return JSON.stringify(message).replaceAll(`"${amountMark}"`, amount);
}
