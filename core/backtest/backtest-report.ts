// What a backtest found, added up over cards: how many decisions would change, by which control, for how much.

import type { Decision } from '../../contracts/decision.ts';
import type { DeclineReason } from '../../contracts/decline-reasons.ts';
import type { Compared } from './backtest.ts';

/** Amounts of one currency only ever meet their like. */
export interface ChangedBy {
  readonly control_id: string | null;
  readonly reason: DeclineReason | null;
  readonly currency: string;
  count: number;
  /** Newly declined: what had been approved. Newly approved: what would be. Changed: how much more would be held, or less. */
  amount_minor: bigint;
}

export interface Example extends Pick<Compared, 'change' | 'authorization_id' | 'at_ms'> {
  readonly card_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly recorded: Answer;
  readonly draft: Answer;
}
type Answer = Pick<Decision, 'outcome' | 'approved_minor' | 'hold_minor' | 'reason' | 'control_id'>;

type Changed = Exclude<Compared['change'], 'unchanged'>;

export class BacktestReport {
  readonly #examplesMax: number;
  readonly #cards = new Set<string>();
  #requests = 0;
  readonly #changed: Record<Changed, ChangedBy[]> = { newly_declined: [], newly_approved: [], amount_changed: [] };
  readonly #wouldDecline: ChangedBy[] = [];
  readonly #examples: Example[] = [];

  constructor({ examplesMax }: { examplesMax: number }) {
    this.#examplesMax = examplesMax;
  }

  add(cardId: string, compared: Compared): void {
    this.#cards.add(cardId);
    this.#requests += 1;
    this.#addShadows(compared);
    const { change, authorization_id, at_ms, request, recorded, draft } = compared;
    if (change === 'unchanged') return;
    const { amount_minor, currency } = request;
    addTo(this.#changed[change], { ...causeOf(compared), currency, amount_minor: movedBy(compared) });
    if (this.#examples.length >= this.#examplesMax) return;
    this.#examples.push({
      ...{ change, card_id: cardId, authorization_id, at_ms, amount_minor, currency },
      recorded: answerOf(recorded),
      draft: answerOf(draft),
    });
  }

  /** What the draft's shadow controls would have declined of what the draft approves. */
  #addShadows({ request, draft }: Compared): void {
    if (draft.outcome === 'declined') return;
    const { currency } = request;
    for (const { control_id, verdict, shadow } of draft.trace)
      if (shadow && verdict === 'decline')
        addTo(this.#wouldDecline, { control_id, reason: null, currency, amount_minor: draft.approved_minor });
  }

  /** The most frequent causes first. */
  result() {
    const of = (causes: readonly ChangedBy[]) => ({
      count: causes.reduce((sum, { count }) => sum + count, 0),
      by: causes.toSorted((one, other) => other.count - one.count),
    });
    const newly_declined = of(this.#changed.newly_declined);
    const newly_approved = of(this.#changed.newly_approved);
    const amount_changed = of(this.#changed.amount_changed);
    return {
      cards_with_requests: this.#cards.size,
      requests: this.#requests,
      unchanged: this.#requests - newly_declined.count - newly_approved.count - amount_changed.count,
      newly_declined,
      newly_approved,
      amount_changed,
      shadow_would_decline: of(this.#wouldDecline),
      examples: this.#examples,
    };
  }
}

/** The control that would decline; of what would be approved, the one that had declined. */
function causeOf({ change, recorded, draft }: Compared): Pick<ChangedBy, 'control_id' | 'reason'> {
  if (change === 'newly_declined') return draft;
  if (change === 'newly_approved') return recorded;
  return { control_id: draft.control_id ?? recorded.control_id, reason: null };
}

function movedBy({ change, recorded, draft }: Compared): number {
  if (change === 'newly_declined') return recorded.approved_minor;
  if (change === 'newly_approved') return draft.approved_minor;
  return draft.hold_minor - recorded.hold_minor;
}

function addTo(
  causes: ChangedBy[],
  { control_id, reason, currency, amount_minor }: Omit<ChangedBy, 'count' | 'amount_minor'> & { amount_minor: number },
): void {
  let cause = causes.find((one) => one.control_id === control_id && one.reason === reason && one.currency === currency);
  if (cause === undefined) {
    cause = { control_id, reason, currency, count: 0, amount_minor: 0n };
    causes.push(cause);
  }
  cause.count += 1;
  cause.amount_minor += BigInt(amount_minor);
}

function answerOf({ outcome, approved_minor, hold_minor, reason, control_id }: Decision): Answer {
  return { outcome, approved_minor, hold_minor, reason, control_id };
}
