// POST /controls/backtest: what a draft of controls would have decided of what was recorded, by the code that decides live.
// One at a time: it shares its process with intake.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { originLimits } from '../../../contracts/limits.ts';
import { runBacktest } from '../../backtest/run-backtest.ts';
import type { Population } from '../../backtest/sample-cards.ts';
import { readControls } from '../../controls/read-controls.ts';
import type { Sql } from '../../db/client.ts';
import { type ErrorCode, refusal } from '../../errors.ts';
import { type Route, route } from '../http/route.ts';
import { backtestSchema } from './backtest-view.ts';
import { givenControls } from './written-controls.ts';

const instant = z.int().check(z.nonnegative());

const bodySchema = z
  .strictObject({
    card_id: z.optional(idSchema('card')),
    control_set_id: z.optional(idSchema('cset')),
    account_id: z.optional(idSchema('acct')),
    /** How many cards at most, drawn by the seed: the same seed draws the same cards. */
    sample: z.int().check(z.gte(1), z.lte(originLimits.backtestCardsMax)).default(100),
    seed: z.int().check(z.gte(0), z.lte(2_147_483_647)).default(1),
    controls: givenControls,
    from_ms: instant.default(0),
    until_ms: z.optional(instant),
  })
  .refine((body) => columns.filter((column) => body[column] !== undefined).length === 1, {
    error: 'must name one of card_id, control_set_id and account_id',
  })
  .refine(({ from_ms, until_ms }) => until_ms === undefined || from_ms < until_ms, {
    error: 'is not after from_ms',
    path: ['until_ms'],
  });

const columns = ['card_id', 'control_set_id', 'account_id'] as const;
const tables: Readonly<Record<Population['column'], readonly [table: string, otherwise: ErrorCode]>> = {
  card_id: ['cards', 'card_not_found'],
  control_set_id: ['control_sets', 'control_set_not_found'],
  account_id: ['accounts', 'account_not_found'],
};

export function backtestRoutes(): readonly Route[] {
  let running = false;
  const backtest = route({
    method: 'post',
    path: '/controls/backtest',
    name: 'backtestControls',
    cost: { outside: 0, rows: originLimits.backtestEventsMax, cpuMs: 'grows' },
    summary: 'What a draft of controls would have decided of what was recorded',
    tag: 'controls',
    scope: 'controls:read',
    forMerchants: false,
    commitsItself: true,
    body: bodySchema,
    answers: { status: 200, schema: backtestSchema, description: 'What would have changed, and by which control.' },
    errors: [
      ...(['card_not_found', 'control_set_not_found', 'account_not_found'] as const),
      ...(['backtest_too_large', 'backtest_running'] as const),
    ],
    async handle({ body, sql }) {
      const { controls, sample: size, seed, from_ms, until_ms = Date.now() } = body;
      const draft = readControls(controls, { at: 'controls', nowMs: null });
      const column = columns.find((name) => body[name] !== undefined) ?? 'card_id';
      const id = body[column] ?? '';
      if (running) throw refusal('backtest_running');
      running = true;
      try {
        await requireOne(sql, column, id);
        const population = { column, id };
        const times = { fromMs: from_ms, untilMs: until_ms };
        const found = await runBacktest(sql, { controls: draft.resolved, population, size, seed, ...times });
        return { body: { [column]: id, sample: size, seed, from_ms, until_ms, ...found } };
      } finally {
        running = false;
      }
    },
  });
  return [backtest];
}

async function requireOne(sql: Sql, column: Population['column'], id: string): Promise<void> {
  const [table, otherwise] = tables[column];
  const { rows } = await sql.query(`select from ${table} where ${column} = $1`, [id]);
  if (rows.length === 0) throw refusal(otherwise);
}
