// A person acts on an open item: once, however often it is asked for and wherever the process dies. Every closing is one audit
// event. Where all of the effect is in this database, it is one transaction. Where a part of it is elsewhere, it is three steps, and
// no transaction is open during the second: the action is claimed (written down, with who and why), called, and recorded. What a
// crash leaves between the steps is finished by the loop in finish-begun.ts.

import type { Doer } from '../audit/audit-event.ts';
import type { ActionOutcome, ActionParts, CallOutcome, OutsideAction } from './action.ts';
import { type Claimed, claim, giveBack, isStillMine } from './claim.ts';
import { close } from './close.ts';
import { type Acted, type Acting, lookAt } from './look-at.ts';

export type Act = (acting: Acting, doer: Doer) => Promise<Acted>;

/** How long one who asks for what somebody else is just doing waits for it to end. Longer than a call of the edge may take. */
const waitMsMax = 8_000;
const lookAgainMs = 50;

export function createActing(parts: ActionParts): Act {
  return (acting, doer) =>
    acting.action.effect === 'transaction'
      ? performInTransaction(parts, acting, doer)
      : performOutside(parts, acting, acting.action, doer);
}

async function performInTransaction({ database }: ActionParts, acting: Acting, doer: Doer): Promise<Acted> {
  const { action, input, reason } = acting;
  if (action.effect !== 'transaction') throw new Error(`${action.name} has its effect elsewhere`);
  try {
    return await database.transaction(async (sql) => {
      const found = await lookAt(sql, acting);
      if ('outcome' in found) return found;
      const performed = await action.perform({ sql }, found.item, input as never, { ...doer, reason });
      if (performed.outcome !== 'done') throw new Unperformed(performed);
      return {
        outcome: 'closed',
        item: await close(sql, { ...acting, item: found.item, result: performed.result }, doer),
      };
    });
  } catch (error) {
    if (error instanceof Unperformed) return error.outcome;
    throw error;
  }
}

/** Thrown to roll back what an action wrote before it found that it cannot be done. */
class Unperformed extends Error {
  readonly outcome: Exclude<ActionOutcome, { outcome: 'done' }>;
  constructor(outcome: Unperformed['outcome']) {
    super(outcome.problem);
    this.outcome = outcome;
  }
}

async function performOutside(parts: ActionParts, acting: Acting, action: OutsideAction, doer: Doer): Promise<Acted> {
  const claimed = await claimInTurn(parts, acting, doer);
  if ('outcome' in claimed) return claimed;
  try {
    const called = await action.call(parts, claimed.item, acting.input as never);
    return await record(parts, { acting, claimed, called }, doer);
  } catch (error) {
    // It may have had its effect: it stays under way, and the loop asks again.
    await giveBack(parts.database.sql, claimed);
    throw error;
  }
}

/** Waits while somebody else does the same, and then finds what came of it. */
async function claimInTurn({ database }: ActionParts, acting: Acting, doer: Doer): Promise<Claimed | Acted> {
  const untilMs = performance.now() + waitMsMax;
  for (;;) {
    const claimed = await database.transaction((sql) => claim(sql, acting, doer));
    if (claimed !== 'in_hand') return claimed;
    if (performance.now() > untilMs) return beingDone;
    await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
  }
}

const beingDone = {
  outcome: 'not_now',
  problem: 'is being done at this moment; ask again for what came of it',
} as const;

interface Called {
  readonly acting: Acting;
  readonly claimed: Claimed;
  readonly called: CallOutcome;
}

async function record({ database }: ActionParts, { acting, claimed, called }: Called, doer: Doer): Promise<Acted> {
  if (called.outcome === 'not_now') {
    await giveBack(database.sql, claimed);
    return called;
  }
  return await database.transaction(async (sql) => {
    const found = await lookAt(sql, acting);
    if ('outcome' in found) return found;
    // The call took longer than its claim, and somebody else does the same by now: they record what came of it.
    if (!(await isStillMine(sql, claimed))) return beingDone;
    if (called.outcome === 'refused') {
      // It has had no effect, so another action is free.
      await sql.query(
        `update open_items set action = null, claimed_by = null, claimed_until = null where open_item_id = $1`,
        [acting.open_item_id],
      );
      return called;
    }
    const recorded = await called.record?.(sql);
    const result = { ...called.result, ...recorded };
    return { outcome: 'closed', item: await close(sql, { ...acting, item: found.item, result }, doer) };
  });
}
