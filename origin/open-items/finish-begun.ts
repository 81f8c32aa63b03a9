// The loop that finishes what people began: an action whose process died between its call and its record, or whose call could not be
// made (the edge was away). The same action is done again in the name of whoever began it, with their reason; its effect is keyed by
// the item, so that it happens once. Actions that an older release began, without a reason, are left to people.

import type { Logger } from 'pino';
import * as z from 'zod';
import { dueInMs } from '../db/age.ts';
import { createLoop, type Loop } from '../loop.ts';
import { createActing } from './act.ts';
import type { ActionParts } from './action.ts';
import { actionsOf } from './actions/all.ts';
import type { OpenItemKind } from './kinds.ts';

const intervalMsDefault = 5_000;
const perRoundMax = 20;
/** One that cannot be finished as it stands is looked at again by the next release, or after this time. */
const unfinishableSeconds = 3_600;

interface Begun {
  readonly open_item_id: string;
  readonly kind: OpenItemKind;
  readonly action: unknown;
}

const begunSchema = z.object({
  name: z.string(),
  input: z.record(z.string(), z.unknown()),
  actor: z.string(),
  reason: z.string(),
  correlation_id: z.string(),
});

export interface FinishOptions extends ActionParts {
  readonly log: Logger;
  readonly intervalMs?: number;
}

export function createFinishLoop({ log, intervalMs = intervalMsDefault, ...parts }: FinishOptions): Loop {
  const { database } = parts;
  return createLoop({
    name: 'open item actions',
    log,
    intervalMs,
    atRest: { rest: database.rest, dueInMs: () => dueInMs(database.sql, nextClaim) },
    async round(signal, moved) {
      const found = await begunActions(parts);
      for (const begun of found) {
        if (signal.aborted) return false;
        await finish(parts, begun, log);
        moved();
      }
      return found.length === perRoundMax;
    },
  });
}

/** SQL: when the next one may be taken up by another. */
const nextClaim = `select min(claimed_until) from open_items where status = 'open' and action is not null`;

/** Those that nobody is at, the longest waiting first. */
async function begunActions({ database }: ActionParts): Promise<Begun[]> {
  const { rows } = await database.sql.query<Begun>(
    `select open_item_id, kind, action from open_items
     where status = 'open' and action is not null and claimed_until < now() order by claimed_until limit $1`,
    [perRoundMax],
  );
  return rows;
}

/** Never throws: one that fails keeps no other waiting. */
async function finish(parts: ActionParts, { open_item_id, kind, action: begun }: Begun, log: Logger): Promise<void> {
  const read = begunSchema.safeParse(begun).data;
  const action = actionsOf(kind).find(({ name }) => name === read?.name);
  const input = action?.input.safeParse(read?.input).data;
  try {
    if (read === undefined || action === undefined || input === undefined) return await leave(parts, open_item_id, log);
    const { actor, correlation_id, reason } = read;
    const { outcome } = await createActing(parts)({ open_item_id, action, input, reason }, { actor, correlation_id });
    log.info({ open_item_id, action: action.name, outcome }, 'an action that was begun was asked for again');
  } catch (error) {
    log.error({ err: error, open_item_id, action: action?.name }, 'an action that was begun could not be finished');
  }
}

async function leave({ database }: ActionParts, openItemId: string, log: Logger): Promise<void> {
  log.error({ open_item_id: openItemId }, 'an action that was begun is none that this release knows');
  await database.sql.query(
    `update open_items set claimed_until = now() + $2 * interval '1 second' where open_item_id = $1 and status = 'open'`,
    [openItemId, unfinishableSeconds],
  );
}
