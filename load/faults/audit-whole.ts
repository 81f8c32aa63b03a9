// The audit after a fault that the whole system was under: once nothing is on its way any more, each approval that the network was told is in
// its card's log once, has moved that card's counter and the ledger once, sums are 0, both chains verify, and each card was booked in its order.

import { drained } from './drained.ts';
import { gatherEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import type { Network } from './network-clients.ts';
import { outcomeOf } from './records.ts';
import type { RunningSystem } from './system.ts';

export interface WholeAudit {
  readonly figures: {
    readonly acknowledged: number;
    readonly clearings_and_reversals: number;
    /** Events that the cards have, each with a number of its own. */
    readonly events: number;
    /** Of those, the ones that the origin has stored. */
    readonly effects: number;
    readonly transfers: number;
    readonly out_of_order: number;
    readonly lost: number;
    readonly double_counted: number;
    readonly drained_in_ms: number;
  };
  readonly findings: readonly string[];
}

export async function auditWhole(
  system: RunningSystem,
  { asked, told }: Network,
  cardTokens: readonly string[],
): Promise<WholeAudit> {
  const drainedMs = await drained(system, cardTokens);
  const evidence = await gatherEvidence(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(asked, told, evidence);
  const cards = [...evidence.cards.values()];
  const sum = (of: (card: (typeof cards)[number]) => number) => cards.reduce((total, card) => total + of(card), 0);
  const acknowledged = asked.filter((request) => outcomeOf(request) === 'approved').length;
  return {
    figures: {
      ...{ acknowledged, clearings_and_reversals: told.length },
      events: sum(({ lastSequence }) => lastSequence),
      effects: sum(({ storedEvents }) => storedEvents),
      transfers: sum(({ transfers }) => transfers.length),
      out_of_order: evidence.outOfOrder,
      ...{ lost, double_counted: doubleCounted, drained_in_ms: drainedMs },
    },
    // Else nothing was tried.
    findings: acknowledged === 0 ? [...findings, 'nothing was approved: nothing is shown'] : findings,
  };
}
