// Settlements as partners see them: what is owed to a merchant, paid out once through a provider.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';
import { isPlain, wordsForm, wordsProblem } from './text.ts';

/** `retry_pending`: it failed softly, and is tried again; or it waits for a person (`dead_lettered`). */
export const settlementStates = ['queued', 'processing', 'completed', 'failed', 'retry_pending'] as const;
export type SettlementState = (typeof settlementStates)[number];

/** Where a settlement stands within `processing`, and where it is taken up after a crash. */
export const settlementSteps = ['reserve', 'submit', 'confirm', 'post', 'finalise'] as const;
export type SettlementStep = (typeof settlementSteps)[number];

/** Why a settlement failed; stable names. Others come from providers, as `provider_…`. */
export const failureCodes = [
  'cancelled',
  'amount_not_owed',
  'destination_missing',
  'destination_refused',
  'amount_not_payable',
  'provider_rejected',
  'attempts_exhausted',
  'discarded',
] as const;

const printable = z
  .string()
  .check(z.maxLength(limits.textLengthMax), z.regex(wordsForm, wordsProblem), z.refine(isPlain, wordsProblem));

export const newSettlementSchema = z.strictObject({
  merchant_id: idSchema('mrch'),
  amount_minor: amountMinorSchema.check(z.positive()),
  currency: currencySchema,
  /** The merchant's own word for it, shown on its statement. */
  reference: z._default(printable, ''),
});
export type NewSettlement = z.input<typeof newSettlementSchema>;

/** Money of a completed settlement that came back; what it was is owed again. */
export const settlementReturnSchema = z.strictObject({
  settlement_return_id: idSchema('srt'),
  amount_minor: amountMinorSchema,
  /** Why, in the provider's words: `provider_account_closed`. */
  reason_code: z.string(),
  /** By the provider's clock; null where it does not tell. */
  occurred_at: z.nullable(z.iso.datetime()),
  booked_at: z.iso.datetime(),
});
export type SettlementReturn = z.infer<typeof settlementReturnSchema>;

export const settlementSchema = z.strictObject({
  settlement_id: idSchema('stl'),
  merchant_id: idSchema('mrch'),
  amount_minor: amountMinorSchema,
  currency: currencySchema,
  reference: z.string(),
  state: z.enum(settlementStates),
  /** Set aside until an operator replays or discards it. */
  dead_lettered: z.boolean(),
  failure_code: z.nullable(z.string()),
  /** The merchant's destination was changed before it was asked for: it waits, `queued`, and is sent from then on. Null: at once. */
  payable_from: z.nullable(z.iso.datetime()),
  /** What came back after it was completed, in sum, and each return. The state stays `completed`. */
  returned_minor: amountMinorSchema,
  returns: z.array(settlementReturnSchema),
  /** What of it needs one of our people now: ids to ask us by. */
  open_item_ids: z.array(idSchema('oit')),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
  final_at: z.nullable(z.iso.datetime()),
});
export type Settlement = z.infer<typeof settlementSchema>;

/** One transition, from the audit trail. */
export const settlementTransitionSchema = z.strictObject({
  from: z.nullable(z.enum(settlementStates)),
  to: z.enum(settlementStates),
  at: z.iso.datetime(),
  /** The API key, the provider or the part of the service. To a partner: its own key, or `atlas`, then without the other two. */
  actor: z.string(),
  reason: z.string(),
  correlation_id: z.string(),
});
export type SettlementTransition = z.infer<typeof settlementTransitionSchema>;

/** To a partner the id of its own account alone: those of the platform say which provider pays. */
const ledgerSideSchema = z.strictObject({ ledger_account_id: z.nullable(idSchema('lac')), kind: z.string() });

/** What the ledger did for a settlement: reserved (`pending`), then paid (`post`) or gave back (`void`); what came back (`direct`). */
export const settlementTransferSchema = z.strictObject({
  transfer_id: idSchema('trf'),
  /**
   * `direct` to `merchant_payable`: it came back, and is owed again. `direct` between two `provider_transit`: reserved with one
   * provider and paid by another.
   */
  kind: z.enum(['pending', 'post', 'void', 'direct']),
  debit: ledgerSideSchema,
  credit: ledgerSideSchema,
  amount_minor: amountMinorSchema,
  currency: currencySchema,
  booked_at: z.iso.datetime(),
});
export type SettlementTransfer = z.infer<typeof settlementTransferSchema>;

export const settlementEventTypes = [
  'settlement.completed',
  'settlement.failed',
  'settlement.returned',
  'merchant.destination_changed',
] as const;

const told = {
  settlement_id: idSchema('stl'),
  merchant_id: idSchema('mrch'),
  amount_minor: amountMinorSchema,
  currency: currencySchema,
  reference: z.string(),
  state: z.enum(settlementStates),
  failure_code: z.nullable(z.string()),
};

/** The body of a webhook to a partner (Standard Webhooks: type, timestamp, data). */
export const settlementWebhookSchema = z.discriminatedUnion('type', [
  z.object({
    type: z.enum(['settlement.completed', 'settlement.failed']),
    timestamp: z.iso.datetime(),
    data: z.object(told),
  }),
  z.object({
    type: z.literal('settlement.returned'),
    timestamp: z.iso.datetime(),
    data: z.object({
      ...told,
      settlement_return_id: idSchema('srt'),
      /** By this return, and by all of this settlement up to it. */
      returned_minor: amountMinorSchema,
      returned_total_minor: amountMinorSchema,
      reason_code: z.string(),
      occurred_at: z.nullable(z.iso.datetime()),
    }),
  }),
  z.object({
    type: z.literal('merchant.destination_changed'),
    timestamp: z.iso.datetime(),
    data: z.object({
      merchant_id: idSchema('mrch'),
      /** Settlements asked for from now on wait until then, and go to the new destination. Null: they do not wait. */
      payable_from: z.nullable(z.iso.datetime()),
    }),
  }),
]);
export type SettlementWebhook = z.infer<typeof settlementWebhookSchema>;
