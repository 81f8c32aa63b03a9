// Facts that share an open item, handed in again one after the other. Each is noted once the edge has it, so that what a crash or an edge that
// is away leaves is only the rest; the edge takes the same fact twice as once.

import type { Database, Sql } from '../db/client.ts';
import { type FactLeft, factsLeft, noteTaken } from '../intake/facts-together.ts';
import { describeError } from '../log.ts';
import type { ActionParts, CallOutcome } from './action.ts';

/** Half of what an action may take before somebody else takes it up (claim.ts). */
const callMsMax = 60_000;
/** Sent side by side: each waits for a card of its own. */
const atOnce = 8;

export async function bookFactsAgain(
  {
    database,
    edge,
  }: { readonly database: Pick<Database, 'sql'>; readonly edge: Pick<ActionParts['edge'], 'sendFact'> },
  itemKey: string,
): Promise<CallOutcome> {
  const untilMs = performance.now() + callMsMax;
  let after = '0';
  let taken = 0;
  let refused = 0;
  for (;;) {
    const facts = await factsLeft(database.sql, itemKey, after, atOnce);
    const last = facts.at(-1);
    if (last === undefined) break;
    const answers = await Promise.all(facts.map((fact) => handIn(edge, fact)));
    const took = facts.filter((_, index) => answers[index] === true);
    await noteTaken(
      database.sql,
      took.map(({ fact_no }) => fact_no),
    );
    taken += took.length;
    refused += answers.filter((answer) => answer === false).length;
    const problem = answers.find((answer) => typeof answer === 'string');
    if (problem !== undefined)
      return { outcome: 'not_now', problem: `was done for ${taken}; the others wait: ${problem}` };
    if (performance.now() > untilMs)
      return { outcome: 'not_now', problem: `was done for ${taken}; the others follow by themselves` };
    after = last.fact_no;
  }
  if (refused > 0)
    return {
      outcome: 'refused',
      problem: `cannot be done for ${refused}: the edge cannot read them now either; ${taken} others were taken`,
    };
  return { outcome: 'done', result: { taken }, record: (sql) => noneLeft(sql, itemKey) };
}

/** True: taken; false: cannot be read; a text: why not now. */
async function handIn(
  edge: Pick<ActionParts['edge'], 'sendFact'>,
  { network, fact }: FactLeft,
): Promise<boolean | string> {
  try {
    return (await edge.sendFact(network, fact)).taken;
  } catch (error) {
    return describeError(error).message;
  }
}

/** One that came while the last ones were handed in would lie in a closed item: the action stays under way, and takes it with it. */
async function noneLeft(sql: Sql, itemKey: string): Promise<object> {
  const left = await factsLeft(sql, itemKey, '0', 1);
  if (left.length > 0) throw new Error('another fact has come while the others were handed in');
  return {};
}
