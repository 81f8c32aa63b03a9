// The thing sold, counted from the cards' events as they are booked: decisions, money, stand-ins. Each event counts once, after its
// commit, in the process that booked it, so the sums of all processes are what the ledger has booked since they began. A process that dies
// between the commit and the count has counted too little: the ledger is the truth, and the counters are for watching.

import { Counter, Histogram, type Registry } from 'prom-client';
import type { CardEvent } from '../../contracts/card-event.ts';
import { declineReasons } from '../../contracts/decline-reasons.ts';
import type { Network } from '../../contracts/network.ts';
import type { TransferKind } from '../../core/ledger/postings.ts';
import { exemplars } from '../open-metrics.ts';
import { type Exemplar, isTracing } from '../tracing/spans.ts';

/** An event that a batch has booked, and the network of its card. */
export interface CountedEvent {
  readonly network: Network;
  readonly event: CardEvent;
  /** How long its request waited for the decision, where that was measured. */
  readonly answered_ms: number | null;
  /** Of its request, where somebody has recorded it. */
  readonly trace_id: string | null;
}

/** One transfer of a card's event. `refund`: back to the cardholder. */
export interface Moved {
  readonly network: Network;
  readonly currency: string;
  readonly what: TransferKind | 'refund';
  readonly amount_minor: bigint;
}

/** What a network was told in the place of a card that did not answer in time. */
const answersWithoutCard = ['stood_in', 'given_up_by_edge', 'given_up_by_network'] as const;

function countersIn(registry: Registry) {
  const registers = [registry];
  const decisions = new Counter({
    name: 'card_decisions_total',
    help: 'Authorization requests that a card decided, by outcome and reason; none: approved',
    labelNames: ['network', 'outcome', 'reason'],
    registers,
  });
  const approvals = new Counter({
    name: 'card_approvals_total',
    help: 'Approvals of an amount, by currency: those of a card, and those that the edge gave in its place',
    labelNames: ['network', 'currency'],
    registers,
  });
  const approved = new Counter({
    name: 'card_approved_minor_total',
    help: 'What networks were told is approved, in minor units',
    labelNames: ['network', 'currency'],
    registers,
  });
  const money = new Counter({
    name: 'card_money_minor_total',
    help: "What cards' events booked in the ledger, in minor units: holds, posted and given back; posted without one; refunded",
    labelNames: ['network', 'currency', 'what'],
    registers,
  });
  const withoutCard = new Counter({
    name: 'card_requests_without_card_total',
    help: 'Requests that no card answered in time. stood_in: the edge approved; given_up_by_edge: no answer came before the deadline; given_up_by_network: the network said that ours came too late',
    labelNames: ['network', 'answer'],
    registers,
  });
  const seconds = new Histogram<'network' | keyof Exemplar>({
    name: 'card_authorization_seconds',
    help: 'From the arrival of a request at the edge until its decision is durable; of one request in 16, by chance, in whole milliseconds. Shares and percentiles are those of all; a count is a sixteenth',
    labelNames: ['network'],
    // From what one row costs on one machine to the networks' own deadlines: 1.4 s of the native one, 2.5 s of Marqeta's 3.
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 1.4, 2.5, 3],
    ...exemplars,
  });
  registry.registerMetric(seconds);
  return { decisions, approvals, approved, money, withoutCard, seconds };
}

export function createCardMetrics(registry: Registry, networks: readonly string[]) {
  const { decisions, approvals, approved, money, withoutCard, seconds } = countersIn(registry);
  // From the start, so that a rate sees the first one.
  for (const network of networks) {
    decisions.inc({ network, outcome: 'approved', reason: 'none' }, 0);
    for (const reason of declineReasons) decisions.inc({ network, outcome: 'declined', reason }, 0);
    seconds.zero({ network });
    for (const answer of answersWithoutCard) withoutCard.inc({ network, answer }, 0);
  }

  function countApproval(network: Network, currency: string, amountMinor: number): void {
    if (amountMinor === 0) return;
    approvals.inc({ network, currency });
    approved.inc({ network, currency }, amountMinor);
  }

  return {
    countEvents(events: readonly CountedEvent[]): void {
      for (const { network, event, answered_ms, trace_id } of events) {
        const exemplarLabels: Exemplar = trace_id !== null && isTracing() ? { trace_id } : {};
        if (answered_ms !== null) seconds.observe({ labels: { network }, value: answered_ms / 1_000, exemplarLabels });
        if (event.kind === 'authorization') {
          const { outcome, reason, approved_minor } = event.decision;
          decisions.inc({ network, outcome, reason: reason ?? 'none' });
          countApproval(network, event.request.currency, approved_minor);
        }
        if (event.kind === 'message' && event.message.kind === 'advice' && event.message.decided_by === 'edge') {
          withoutCard.inc({ network, answer: 'stood_in' });
          countApproval(network, event.message.currency, event.message.hold_minor);
        }
        if (event.kind === 'void')
          withoutCard.inc({ network, answer: event.by_network ? 'given_up_by_network' : 'given_up_by_edge' });
      }
    },
    countMoved(moved: readonly Moved[]): void {
      for (const { network, currency, what, amount_minor } of moved)
        money.inc({ network, currency, what }, Number(amount_minor));
    },
  };
}
