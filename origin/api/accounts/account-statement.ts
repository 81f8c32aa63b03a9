// What an account had at any past moment, and the lines that made it so.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { currencySchema } from '../../../contracts/money.ts';
import { findAccount } from '../../accounts/account-tree.ts';
import { balanceAt } from '../../accounts/balance-at.ts';
import { type Line, readLines } from '../../accounts/statement.ts';
import { refusal } from '../../errors.ts';
import { costs } from '../http/cost.ts';
import { cursorNumber, cursorOf, cursorSchema, limitSchema } from '../http/cursor.ts';
import { type Route, route } from '../http/route.ts';
import { accountById } from './accounts.ts';

const common = {
  method: 'get',
  tag: 'accounts',
  scope: 'ledger:read',
  forMerchants: false,
  params: accountById,
} as const;

const balance = route({
  ...common,
  path: '/accounts/{account_id}/balance',
  name: 'readBalanceAt',
  // Up to half of all transfers of its accounts, added up by Postgres.
  cost: costs.many,
  summary: 'What an account and all below it had at a past moment',
  description:
    'By when transfers were booked; without `at`, of now. Of the last minute it may still change, by what is being booked.',
  query: z.strictObject({ at: z.iso.datetime({ offset: true }).optional() }),
  answers: {
    status: 200,
    schema: z.strictObject({
      account_id: idSchema('acct'),
      at: z.iso.datetime(),
      currency: currencySchema,
      /** What had come in, less what was spent. */
      balance_minor: z.bigint(),
      /** What purchases had reserved that had not cleared. */
      held_minor: z.bigint(),
    }),
    description: 'As the ledger says.',
  },
  errors: ['account_not_found'],
  async handle({ params: { account_id }, query, sql }) {
    const at = query.at === undefined ? new Date() : new Date(query.at);
    if (at.getTime() > Date.now()) throw refusal('field_invalid', [{ field: 'at', problem: 'is in the future' }]);
    const account = await findAccount(sql, account_id);
    const funds = await balanceAt(sql, account, at);
    return { body: { account_id, at: at.toISOString(), currency: account.currency, ...funds } };
  },
});

export const statementLineSchema = z.strictObject({
  transfer_id: idSchema('trf'),
  /** `pending` holds, `void` gives back, `post` takes what was held, `direct` moves what never was. */
  kind: z.enum(['pending', 'post', 'void', 'direct']),
  /** Above nothing: into the account; below: out of it. Of `pending` and `void`: what would be. */
  amount_minor: z.bigint(),
  /** What kind of ledger account is on the other side. */
  counterparty: z.string(),
  authorization_id: z.nullable(idSchema('auth')),
  event_at_ms: z.int(),
  booked_at_ms: z.int(),
});

const lineView = ({ transfer_id, kind, amount_minor, counterparty, authorization_id, ...line }: Line) => ({
  ...{ transfer_id, kind, counterparty, authorization_id },
  amount_minor: BigInt(amount_minor),
  event_at_ms: Number(line.event_at_ms),
  booked_at_ms: line.booked_at.getTime(),
});

const statement = route({
  ...common,
  path: '/accounts/{account_id}/statement',
  name: 'readStatement',
  cost: costs.fullPage,
  summary: "An account's own transfers, the newest first",
  description: 'Of this account alone: purchases of cards below it stand in the statements of their own accounts.',
  query: z.strictObject({ limit: limitSchema, cursor: cursorSchema(z.tuple([cursorNumber])) }),
  answers: {
    status: 200,
    schema: z.strictObject({ lines: z.array(statementLineSchema), next_cursor: z.string().nullable() }),
    description: 'A page; `next_cursor` null on the last.',
  },
  errors: ['account_not_found'],
  async handle({ params: { account_id }, query: { limit, cursor }, sql }) {
    await findAccount(sql, account_id);
    const lines = await readLines(sql, { account_id, below: cursor?.[0] ?? null, limit: limit + 1 });
    const last = lines.length > limit ? lines[limit - 1] : undefined;
    const next_cursor = last === undefined ? null : cursorOf(last.transfer_no);
    return { body: { lines: lines.slice(0, limit).map(lineView), next_cursor } };
  },
});

export const accountStatementRoutes: readonly Route[] = [balance, statement];
