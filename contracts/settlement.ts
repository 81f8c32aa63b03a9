// Settlements as partners see them: what is owed to a merchant, paid out once through a provider.

import * as z from 'zod/mini';
import { idSchema } from './ids.ts';
import { limits } from './limits.ts';
import { amountMinorSchema, currencySchema } from './money.ts';

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
  'provider_rejected',
  'attempts_exhausted',
  'discarded',
] as const;

const printable = z
  .string()
  .check(z.maxLength(limits.textLengthMax), z.regex(/^[^\p{Cc}\p{Cs}]*$/u, 'must be printable text'));

export const newSettlementSchema = z.strictObject({
  merchant_id: idSchema('mrch'),
  amount_minor: amountMinorSchema.check(z.positive()),
  currency: currencySchema,
  /** The merchant's own word for it, shown on its statement. */
  reference: z._default(printable, ''),
});
export type NewSettlement = z.input<typeof newSettlementSchema>;

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
  actor: z.string(),
  reason: z.string(),
  correlation_id: z.string(),
});
export type SettlementTransition = z.infer<typeof settlementTransitionSchema>;

const ledgerSideSchema = z.strictObject({ ledger_account_id: idSchema('lac'), kind: z.string() });

/** What the ledger did for a settlement: reserved (`pending`), then paid (`post`) or gave back (`void`). */
export const settlementTransferSchema = z.strictObject({
  transfer_id: idSchema('trf'),
  /** `direct`: reserved with one provider and paid by another, it moved from the one's account to the other's. */
  kind: z.enum(['pending', 'post', 'void', 'direct']),
  debit: ledgerSideSchema,
  credit: ledgerSideSchema,
  amount_minor: amountMinorSchema,
  currency: currencySchema,
  booked_at: z.iso.datetime(),
});
export type SettlementTransfer = z.infer<typeof settlementTransferSchema>;

export const settlementEventTypes = ['settlement.completed', 'settlement.failed'] as const;

/** The body of a webhook to a partner (Standard Webhooks: type, timestamp, data). */
export const settlementWebhookSchema = z.object({
  type: z.enum(settlementEventTypes),
  timestamp: z.iso.datetime(),
  data: z.object({
    settlement_id: idSchema('stl'),
    merchant_id: idSchema('mrch'),
    amount_minor: amountMinorSchema,
    currency: currencySchema,
    reference: z.string(),
    state: z.enum(settlementStates),
    failure_code: z.nullable(z.string()),
  }),
});
export type SettlementWebhook = z.infer<typeof settlementWebhookSchema>;
