// Settlements that exhausted their tries, over HTTP: looked at, replayed one, a group or all, discarded with a reason.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import { settlementSchema } from '../../../contracts/settlement.ts';
import {
  type DeadSettlement,
  discardSettlement,
  inspectDeadSettlement,
  listDeadSettlements,
  replayedAtOnceMax,
  replaySettlement,
  replaySettlements,
} from '../../payouts/dead-letters.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { givenReason } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { findSettlement, settlementView } from './settlement-view.ts';

const reads = { tag: 'dead letters', scope: 'dead_letters:read', forMerchants: false } as const;
const writes = { tag: 'dead letters', scope: 'dead_letters:write', forMerchants: false } as const;
const byId = z.strictObject({ settlement_id: idSchema('stl') });
const base = '/settlement-dead-letters';
const group = {
  failure_code: z.string().min(1).max(100).optional(),
  provider: z.string().min(1).max(40).optional(),
};

export const deadLetterSchema = z.strictObject({
  settlement_id: idSchema('stl'),
  merchant_id: idSchema('mrch'),
  amount_minor: z.bigint(),
  currency: currencySchema,
  reference: z.string(),
  /** The last one that it was sent to. */
  provider: z.string().nullable(),
  failure_code: z.string(),
  submissions: z.number().int(),
  attempts: z.number().int(),
  dead_lettered_at: z.iso.datetime(),
});

const exchangeSchema = z.strictObject({
  submission: z.number().int(),
  provider: z.string(),
  kind: z.string(),
  outcome: z.string(),
  detail: z.string(),
  duration_ms: z.number().int().nullable(),
  at: z.iso.datetime(),
});

function view({ amount_minor, dead_lettered_at, ...row }: DeadSettlement) {
  return { ...row, amount_minor: BigInt(amount_minor), dead_lettered_at: dead_lettered_at.toISOString() };
}

const list = route({
  ...reads,
  method: 'get',
  path: base,
  name: 'listSettlementDeadLetters',
  cost: costs.page,
  summary: 'Settlements that wait for a person, the newest first',
  query: z.strictObject({
    ...group,
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([z.iso.datetime(), idSchema('stl')])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ dead_letters: z.array(deadLetterSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor, ...which }, sql }) {
    const before = cursor === undefined ? null : { dead_lettered_at: new Date(cursor[0]), settlement_id: cursor[1] };
    const rows = await listDeadSettlements(sql, { ...which, limit: limit + 1, before });
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      body: {
        dead_letters: rows.slice(0, limit).map(view),
        next_cursor: last === undefined ? null : cursorOf(last.dead_lettered_at.toISOString(), last.settlement_id),
      },
    };
  },
});

const inspect = route({
  ...reads,
  method: 'get',
  path: `${base}/{settlement_id}`,
  name: 'readSettlementDeadLetter',
  cost: costs.one,
  summary: 'One of them, with every word exchanged with providers',
  params: byId,
  answers: {
    status: 200,
    schema: z.strictObject({ ...deadLetterSchema.shape, exchanges: z.array(exchangeSchema) }),
    description: 'In their order.',
  },
  errors: ['dead_letter_not_found'],
  async handle({ params: { settlement_id }, sql }) {
    const { exchanges, ...row } = await inspectDeadSettlement(sql, settlement_id);
    return { body: { ...view(row), exchanges: exchanges.map((one) => ({ ...one, at: one.at.toISOString() })) } };
  },
});

const replay = route({
  ...writes,
  method: 'post',
  path: `${base}/{settlement_id}/replay`,
  name: 'replaySettlementDeadLetter',
  cost: costs.change,
  summary: 'Try one again, with all its tries before it',
  params: byId,
  answers: { status: 202, schema: settlementSchema, description: 'Due now.' },
  errors: ['dead_letter_not_found'],
  async handle(call) {
    await replaySettlement(call.sql, call.params.settlement_id, doerOf(call));
    return { body: settlementView(await findSettlement(call.sql, call.caller, call.params.settlement_id)) };
  },
});

const replayMany = route({
  ...writes,
  method: 'post',
  path: `${base}/replay`,
  name: 'replaySettlementDeadLetters',
  cost: costs.many,
  summary: 'Try a group again: of one failure, of one provider, or all',
  body: z
    .strictObject({ ...group, all: z.literal(true).optional() })
    .refine(({ failure_code, provider, all }) => failure_code !== undefined || provider !== undefined || all === true, {
      error: 'must be true where neither failure_code nor provider is given',
      path: ['all'],
    }),
  answers: {
    status: 202,
    schema: z.strictObject({ replayed: z.number().int(), complete: z.boolean() }),
    description: 'How many are due now. `complete` false: more are left than one commit takes; ask again.',
  },
  errors: [],
  async handle(call) {
    const { all: _, ...which } = call.body;
    const replayed = await replaySettlements(call.sql, which, doerOf(call));
    return { body: { replayed, complete: replayed < replayedAtOnceMax } };
  },
});

const discard = route({
  ...writes,
  method: 'post',
  path: `${base}/{settlement_id}/discard`,
  name: 'discardSettlementDeadLetter',
  cost: costs.change,
  summary: 'Give one up for good: it fails, and what was reserved is owed again',
  params: byId,
  body: z.strictObject({
    reason: givenReason,
  }),
  answers: { status: 200, schema: settlementSchema, description: 'Failed, with `discarded`.' },
  errors: ['dead_letter_not_found'],
  async handle(call) {
    const { settlement_id } = call.params;
    await discardSettlement(call.sql, settlement_id, { ...doerOf(call), reason: call.body.reason });
    return { body: settlementView(await findSettlement(call.sql, call.caller, settlement_id)) };
  },
});

export const settlementDeadLetterRoutes: readonly Route[] = [list, inspect, replayMany, replay, discard];
