// Merchants over HTTP: who is paid out, where to, and what the ledger owes them.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import { timeZoneSchema } from '../../../contracts/time-zone.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { addNetworkMerchantIds, changeDestinations, createMerchant } from '../../merchants/merchants.ts';
import { owedTo } from '../../merchants/owed.ts';
import { costs } from '../http/cost.ts';
import { cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { printableText } from '../http/printable-text.ts';
import { doerOf, type Route, route } from '../http/route.ts';
import { type Caller, sees } from '../identity/caller.ts';

const tag = 'merchants';

/** What a provider says of a destination: its problem, or null. */
export type ProblemOfDestination = (provider: string, destination: unknown) => string | null;

const scheduleSchema = z.strictObject({
  time: z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be a time such as "23:30"'),
  zone: timeZoneSchema,
});

/** Spaces around it do not count. */
const networkMerchantIdSchema = z
  .string()
  .max(64)
  .regex(/^[\x20-\x7e]*[\x21-\x7e][\x20-\x7e]*$/, 'must be 1 to 64 printable characters');

/** By provider: an account of theirs or bank details. */
const destinationsSchema = z.record(z.string().max(40), z.record(z.string(), z.unknown()));

const newMerchantSchema = z.strictObject({
  name: printableText,
  currency: currencySchema,
  /** The acquirers' ids whose clearings are owed to it. */
  network_merchant_ids: z.array(networkMerchantIdSchema).max(100).default([]),
  destinations: destinationsSchema.default({}),
  /** When what has cleared is settled by itself, every day; null: only when asked. */
  schedule: scheduleSchema.nullable().default(null),
});

const merchantSchema = z.strictObject({
  merchant_id: idSchema('mrch'),
  name: z.string(),
  currency: currencySchema,
  network_merchant_ids: z.array(z.string()),
  /** By provider, for operators; a partner sees none. */
  destinations: z.record(z.string(), z.unknown()),
  /** They were changed: settlements asked for since then are sent from this instant on. Null: at once. */
  destinations_payable_from: z.iso.datetime().nullable(),
  schedule: scheduleSchema.nullable(),
  /** The ledger account of what is owed to it, in the ledger's API. */
  ledger_account_id: idSchema('lac'),
  /** What could be settled now: posted, not reserved by another settlement, and not withheld. */
  owed_minor: z.bigint(),
  /** What is not payable until a person has looked at an open item of this merchant. */
  withheld_minor: z.bigint(),
  /** What was refunded beyond what is owed: what clears next makes it good first. */
  deficit_minor: z.bigint(),
  created_at: z.iso.datetime(),
});

interface MerchantRow {
  readonly merchant_id: string;
  readonly name: string;
  readonly currency: string;
  readonly network_merchant_ids: string[];
  readonly destinations: Record<string, unknown>;
  /** Null where it is over. */
  readonly destinations_payable_from: Date | null;
  readonly schedule_time: string | null;
  readonly schedule_zone: string | null;
  readonly created_at: Date;
}

const columns = `merchant_id, name, currency, network_merchant_ids, destinations, schedule_time, schedule_zone, created_at,
  case when destinations_payable_from > now() then destinations_payable_from end as destinations_payable_from`;

async function views(sql: Sql, rows: readonly MerchantRow[]) {
  const owed = await owedTo(
    sql,
    rows.map(({ merchant_id }) => merchant_id),
  );
  return rows.map(({ schedule_time, schedule_zone, created_at, destinations_payable_from, ...row }) => {
    const account = owed.get(row.merchant_id);
    if (account === undefined) throw new Error(`${row.merchant_id} has no ledger account`);
    return {
      ...row,
      destinations_payable_from: destinations_payable_from?.toISOString() ?? null,
      schedule: schedule_time === null || schedule_zone === null ? null : { time: schedule_time, zone: schedule_zone },
      ledger_account_id: account.ledger_account_id,
      owed_minor: account.payable_minor,
      withheld_minor: account.withheld_minor,
      deficit_minor: account.deficit_minor,
      created_at: created_at.toISOString(),
    };
  });
}

/**
 * A partner does not see by which providers it is paid, nor the account numbers that an operator has entered: its key may lie in a shop's
 * back office, and both are of use to who finds it there.
 */
function shownTo({ merchant_id }: Caller) {
  return (view: Awaited<ReturnType<typeof views>>[number]) =>
    merchant_id === null ? view : { ...view, destinations: {} };
}

async function findMerchant(sql: Sql, caller: Caller, merchantId: string) {
  const { rows } = await sql.query<MerchantRow>(`select ${columns} from merchants where merchant_id = $1`, [
    merchantId,
  ]);
  const [view] = await views(sql, rows);
  if (view === undefined || !sees(caller, merchantId)) throw refusal('merchant_not_found');
  return shownTo(caller)(view);
}

function create(problemOf: ProblemOfDestination): Route {
  return route({
    method: 'post',
    path: '/merchants',
    name: 'createMerchant',
    cost: costs.change,
    summary: 'Add a merchant that is to be paid out',
    tag,
    scope: 'merchants:write',
    forMerchants: false,
    idempotency: 'optional',
    body: newMerchantSchema,
    answers: { status: 201, schema: merchantSchema, description: 'With a ledger account of its own.' },
    errors: [],
    async handle({ body, sql, ...call }) {
      requirePayable(body.destinations, problemOf);
      const merchant_id = await createMerchant(sql, body, doerOf(call));
      return { body: await findMerchant(sql, call.caller, merchant_id) };
    },
  });
}

function requirePayable(destinations: Readonly<Record<string, unknown>>, problemOf: ProblemOfDestination): void {
  for (const [provider, destination] of Object.entries(destinations)) {
    const problem = problemOf(provider, destination);
    if (problem !== null) throw refusal('field_invalid', [{ field: `destinations.${provider}`, problem }]);
  }
}

function changeWhere(problemOf: ProblemOfDestination): Route {
  return route({
    method: 'put',
    path: '/merchants/{merchant_id}/destinations',
    name: 'changeDestinations',
    cost: costs.change,
    summary: 'Change where a merchant is paid to',
    description:
      'All of its destinations, by provider: what is left out is removed. Settlements asked for from now on go there, and are sent only ' +
      'from `destinations_payable_from` on (24 hours later, unless configured otherwise); those asked for before go where they went. The ' +
      'merchant is told by the webhook `merchant.destination_changed`. The first destination of a merchant that was never owed anything ' +
      'does not wait. The same destinations again change nothing.',
    tag,
    scope: 'merchants:write',
    forMerchants: false,
    params: z.strictObject({ merchant_id: idSchema('mrch') }),
    body: z.strictObject({ destinations: destinationsSchema }),
    answers: { status: 200, schema: merchantSchema, description: 'As it stands now.' },
    errors: ['merchant_not_found'],
    async handle({ params: { merchant_id }, body: { destinations }, sql, ...call }) {
      requirePayable(destinations, problemOf);
      if (!(await changeDestinations(sql, { merchant_id, destinations }, doerOf(call))))
        throw refusal('merchant_not_found');
      return { body: await findMerchant(sql, call.caller, merchant_id) };
    },
  });
}

const addIds = route({
  method: 'post',
  path: '/merchants/{merchant_id}/network-merchant-ids',
  name: 'addNetworkMerchantIds',
  cost: costs.change,
  summary: 'Add ids of a merchant at acquirers',
  description:
    'What clears there from now on is owed to it, and so is, within a few seconds, what has cleared there in its currency while no ' +
    'merchant had the id. Ids that it has already change nothing. None can be taken away: what was owed by them stays owed.',
  tag,
  scope: 'merchants:write',
  forMerchants: false,
  params: z.strictObject({ merchant_id: idSchema('mrch') }),
  body: z.strictObject({ network_merchant_ids: z.array(networkMerchantIdSchema).min(1).max(100) }),
  answers: { status: 200, schema: merchantSchema, description: 'With all its ids.' },
  errors: ['merchant_not_found'],
  async handle({ params: { merchant_id }, body: { network_merchant_ids }, sql, ...call }) {
    const isKnown = await addNetworkMerchantIds(sql, { merchant_id, network_merchant_ids }, doerOf(call));
    if (!isKnown) throw refusal('merchant_not_found');
    return { body: await findMerchant(sql, call.caller, merchant_id) };
  },
});

const read = route({
  method: 'get',
  path: '/merchants/{merchant_id}',
  name: 'readMerchant',
  cost: costs.one,
  summary: 'Read a merchant, and what it is owed',
  tag,
  scope: 'merchants:read',
  forMerchants: true,
  params: z.strictObject({ merchant_id: idSchema('mrch') }),
  answers: { status: 200, schema: merchantSchema, description: 'As it stands.' },
  errors: ['merchant_not_found'],
  async handle({ params: { merchant_id }, caller, sql }) {
    return { body: await findMerchant(sql, caller, merchant_id) };
  },
});

const list = route({
  method: 'get',
  path: '/merchants',
  name: 'listMerchants',
  cost: costs.page,
  summary: 'List merchants',
  tag,
  scope: 'merchants:read',
  forMerchants: true,
  query: z.strictObject({ limit: limitSchema, cursor: cursorSchema(z.tuple([idSchema('mrch')])) }),
  answers: {
    status: 200,
    schema: z.strictObject({ merchants: z.array(merchantSchema), next_cursor: z.string().nullable() }),
    description: 'A page, in the order of their ids; `next_cursor` null on the last.',
  },
  errors: [],
  async handle({ query: { limit, cursor }, caller, sql }) {
    const { rows } = await sql.query<MerchantRow>(
      `select ${columns} from merchants where ($1::text is null or merchant_id = $1) and merchant_id > $2
       order by merchant_id limit $3`,
      [caller.merchant_id, cursor?.[0] ?? '', limit + 1],
    );
    const last = rows.length > limit ? rows[limit - 1] : undefined;
    return {
      body: {
        merchants: (await views(sql, rows.slice(0, limit))).map(shownTo(caller)),
        next_cursor: last === undefined ? null : cursorOf(last.merchant_id),
      },
    };
  },
});

export function merchantRoutes(problemOf: ProblemOfDestination): readonly Route[] {
  return [create(problemOf), changeWhere(problemOf), addIds, read, list];
}
