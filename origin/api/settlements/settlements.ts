// Settlements over HTTP: asked for, read, listed, cancelled while queued, and how they became what they are.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { Refusal } from '../../../contracts/problem.ts';
import {
  newSettlementSchema,
  settlementSchema,
  settlementStates,
  settlementTransitionSchema,
} from '../../../contracts/settlement.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { cancelSettlement } from '../../payouts/cancel.ts';
import { refusalOf } from '../../payouts/create.ts';
import type { Payer } from '../../providers/payable.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Call, doerOf, type Route, route } from '../http/route.ts';
import { sees } from '../identity/caller.ts';
import { createOnce } from './create-once.ts';
import { findSettlement, type SettlementRow, settlementColumns, settlementView } from './settlement-view.ts';

const tag = 'settlements';
const byId = z.strictObject({ settlement_id: idSchema('stl') });

function create(payers: readonly Payer[], rememberedMs: number): Route {
  return route({
    method: 'post',
    path: '/settlements',
    name: 'createSettlement',
    cost: costs.change,
    summary: 'Have what is owed to a merchant paid out',
    description: 'Answers at once with a settlement that is `queued`. Its final state comes by webhook, or by asking.',
    tag,
    scope: 'settlements:write',
    forMerchants: true,
    idempotency: 'required',
    body: newSettlementSchema,
    answers: { status: 201, schema: settlementSchema, description: 'Queued.' },
    errors: ['merchant_not_found', 'amount_not_owed', 'destination_missing', 'amount_not_payable'],
    async handle(call) {
      const [answer] = await createTogether(call.sql, [call], { payers, rememberedMs });
      if (answer === undefined || answer instanceof Refusal) throw answer ?? new Error('neither created nor refused');
      return answer;
    },
    handleTogether: (sql, calls) => createTogether(sql, calls, { payers, rememberedMs }),
  });
}

type CreateCall = Pick<Call, 'caller' | 'requestId' | 'traceParent' | 'keyDigest'> & {
  readonly body: z.output<typeof newSettlementSchema>;
};

/** The audit trail's head is locked from the first insert to the commit: for all of them together. */
async function createTogether(
  sql: Sql,
  calls: readonly CreateCall[],
  { payers, rememberedMs }: { readonly payers: readonly Payer[]; readonly rememberedMs: number },
): Promise<({ body: object } | Refusal)[]> {
  const seen = calls.filter(({ caller, body }) => sees(caller, body.merchant_id));
  const asked = seen.map(({ keyDigest, ...call }) => {
    if (keyDigest === null) throw new Error('a settlement is asked for with a key');
    return { ...doerOf(call), trace_parent: call.traceParent, settlement: call.body, keyDigest };
  });
  const outcomes = await createOnce(sql, asked, payers, rememberedMs);
  const outcomeOf = new Map(seen.map((call, index) => [call, outcomes[index]]));
  return calls.map((call) => {
    const outcome = outcomeOf.get(call);
    if (outcome === undefined) return refusal('merchant_not_found');
    if ('refusal' in outcome) return outcome.refusal;
    if ('found' in outcome) return { body: settlementView(outcome.found) };
    if ('refused' in outcome) return refusalOf(outcome);
    if (outcome.at === null) throw new Error(`${outcome.created} was there already`);
    return { body: queuedView(call.body, { ...outcome, at: outcome.at }) };
  });
}

/** As it stands in its first row, which need not be read again: until the commit all others wait. */
function queuedView(
  body: CreateCall['body'],
  {
    created: settlement_id,
    at,
    payable_from,
  }: { created: SettlementRow['settlement_id']; at: Date; payable_from: Date | null },
) {
  const { merchant_id, amount_minor, currency, reference } = body;
  const asked = { settlement_id, merchant_id, amount_minor: String(amount_minor), currency, reference };
  const standing = {
    state: 'queued',
    failure_code: null,
    dead_lettered_at: null,
    payable_from,
    final_at: null,
    returns: null,
    open_item_ids: [],
  } as const;
  return settlementView({ ...asked, ...standing, created_at: at, updated_at: at });
}

const read = route({
  method: 'get',
  path: '/settlements/{settlement_id}',
  name: 'readSettlement',
  cost: costs.one,
  summary: 'Read a settlement',
  tag,
  scope: 'settlements:read',
  forMerchants: true,
  params: byId,
  answers: { status: 200, schema: settlementSchema, description: 'As it stands.' },
  errors: ['settlement_not_found'],
  async handle({ params, caller, sql }) {
    return { body: settlementView(await findSettlement(sql, caller, params.settlement_id)) };
  },
});

const list = route({
  method: 'get',
  path: '/settlements',
  name: 'listSettlements',
  cost: costs.page,
  summary: 'List settlements, the newest first',
  tag,
  scope: 'settlements:read',
  forMerchants: true,
  query: z.strictObject({
    merchant_id: z.optional(idSchema('mrch')),
    state: z.enum(settlementStates).optional(),
    limit: limitSchema,
    cursor: cursorSchema(z.tuple([cursorNumber])),
  }),
  answers: {
    status: 200,
    schema: z.strictObject({ settlements: z.array(settlementSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { merchant_id, state, limit, cursor }, caller, sql }) {
    const { rows } = await sql.query<SettlementRow & { settlement_no: string }>(
      `select ${settlementColumns}, settlement_no from settlements
       where ($1::text is null or merchant_id = $1) and ($2::text is null or merchant_id = $2)
         and ($3::text is null or state = $3) and ($4::bigint is null or settlement_no < $4)
       order by settlement_no desc limit $5`,
      [caller.merchant_id, merchant_id ?? null, state ?? null, cursor?.[0] ?? null, limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      body: {
        settlements: rows.slice(0, limit).map(settlementView),
        next_cursor: last === undefined ? null : cursorOf(last.settlement_no),
      },
    };
  },
});

const cancel = route({
  method: 'post',
  path: '/settlements/{settlement_id}/cancel',
  name: 'cancelSettlement',
  cost: costs.change,
  summary: 'Cancel a settlement that is still queued',
  tag,
  scope: 'settlements:write',
  forMerchants: true,
  idempotency: 'optional',
  params: byId,
  answers: { status: 200, schema: settlementSchema, description: 'Failed, with `cancelled`.' },
  errors: ['settlement_not_found', 'settlement_not_queued'],
  async handle({ params: { settlement_id }, sql, ...call }) {
    await findSettlement(sql, call.caller, settlement_id);
    await cancelSettlement(sql, settlement_id, doerOf(call));
    return { body: settlementView(await findSettlement(sql, call.caller, settlement_id)) };
  },
});

const transitions = route({
  method: 'get',
  path: '/settlements/{settlement_id}/transitions',
  name: 'listSettlementTransitions',
  cost: costs.one,
  summary: 'How a settlement became what it is, from the audit trail',
  tag,
  scope: 'settlements:read',
  forMerchants: true,
  params: byId,
  answers: {
    status: 200,
    schema: z.strictObject({ transitions: z.array(settlementTransitionSchema) }),
    description: 'In their order.',
  },
  errors: ['settlement_not_found'],
  async handle({ params: { settlement_id }, caller, sql }) {
    await findSettlement(sql, caller, settlement_id);
    const { rows } = await sql.query<TransitionRow>(
      `select from_state as "from", to_state as "to", at, actor, reason, correlation_id, k.api_key_id is not null as is_own
       from audit_trail left join api_keys k on k.api_key_id = actor and k.merchant_id = $2
       where subject = $1 and to_state is not null order by audit_no, waiting_no, place`,
      [settlement_id, caller.merchant_id],
    );
    return { body: { transitions: rows.map((row) => transitionView(row, caller)) } };
  },
});

interface TransitionRow {
  readonly from: string | null;
  readonly to: string;
  readonly at: Date;
  readonly actor: string;
  readonly reason: string;
  readonly correlation_id: string;
  /** Done with a key of the merchant that asks. */
  readonly is_own: boolean;
}

/**
 * An operator sees who did it and why. A partner sees that of what its own keys did; of the rest only what became of the settlement: who
 * works for us, which provider pays, and what our engine says of an error is none of its own.
 */
function transitionView({ at, is_own, ...row }: TransitionRow, { merchant_id }: Pick<Call, 'caller'>['caller']) {
  const isShown = merchant_id === null || is_own;
  return { ...row, at: at.toISOString(), ...(isShown ? {} : { actor: 'atlas', reason: '', correlation_id: '' }) };
}

/** `payers`: the providers that are configured, primary first. `rememberedMs`: how long idempotency keys are kept. */
export function settlementRoutes(payers: readonly Payer[], rememberedMs: number): readonly Route[] {
  return [create(payers, rememberedMs), read, list, cancel, transitions];
}
