// atlas settlements stuck: payouts that are not final although they should be.

import type { Settlement, SettlementState } from '../../sdk/index.ts';
import { type Command, type Found, wholeNumber, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { length, lines, money, table } from './shown.ts';

const states: readonly SettlementState[] = ['queued', 'processing', 'retry_pending'];
/** Looked at of each state, the newest first: more than that in one state is an incident of its own, and is said. */
const lookedAtMax = 5_000;

export const settlementsStuck: Command = {
  help: `atlas settlements stuck      queued, processing or to be tried again for too long, and those set aside for a person
  --older-than MINUTES       30 where it is left out

One that waits for a changed destination is not stuck before its time. Needs settlements:read. Found (1): there are some.
What to do: atlas open-items --kind settlement_set_aside, ops/runbooks/settlements-slow.md and provider-outage.md.`,
  read(args) {
    const { values } = wordsIn(args, { options: { 'older-than': { type: 'string' } } as const });
    const minutes = wholeNumber('older-than', values['older-than']) ?? 30;
    return (connection) => run(connection(), { minutes, nowMs: Date.now() });
  },
};

async function run({ atlas }: Connection, { minutes, nowMs }: { minutes: number; nowMs: number }): Promise<Found> {
  const stuck: Settlement[] = [];
  let isMore = false;
  for (const state of states) {
    let lookedAt = 0;
    for await (const settlement of atlas.settlements.list({ state, limit: 100 })) {
      if (++lookedAt > lookedAtMax) {
        isMore = true;
        break;
      }
      if (isStuck(settlement, nowMs - minutes * 60_000)) stuck.push(settlement);
    }
  }
  const rows = stuck.map((settlement) => [
    ...[settlement.settlement_id, money(settlement.amount_minor, settlement.currency), settlement.state],
    ...[settlement.dead_lettered ? 'set aside' : '', length(nowMs - Date.parse(settlement.created_at))],
    ...[settlement.failure_code ?? '', settlement.open_item_ids.join(' ')],
  ]);
  const text = lines([
    ...table(rows.length === 0 ? [] : [['settlement', 'amount', 'state', '', 'age', 'failure', 'open items'], ...rows]),
    ...(rows.length === 0 ? [`No settlement waits for longer than ${minutes} minutes.`] : []),
    ...(isMore ? [`More than ${lookedAtMax} are in one state: older ones were not looked at.`] : []),
  ]);
  return { text, answer: { settlements: stuck, is_more: isMore }, isWell: rows.length === 0 && !isMore };
}

function isStuck({ dead_lettered, created_at, payable_from }: Settlement, beforeMs: number): boolean {
  if (dead_lettered) return true;
  return Math.max(Date.parse(created_at), payable_from === null ? 0 : Date.parse(payable_from)) < beforeMs;
}
