// Cards that are broken on purpose in what network and origin see of them: each is caught by a law that knows no model.

import type { Amounts } from '../../contracts/amount-max.ts';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import { type AuthorizeAnswer, Card, type CardHistory } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { Snapshot } from '../../core/card/snapshot.ts';

type Rows = Iterable<LoggedEvent>;
type Authorization = Extract<LoggedEvent['body'], { kind: 'authorization' }>;
type Message = Extract<LoggedEvent['body'], { kind: 'message' }>;

/** A history that changes rows on their way to the log. */
function rewriting(history: CardHistory, rewrite: (event: LoggedEvent) => LoggedEvent): CardHistory {
  return { ...history, append: (event) => history.append(rewrite(event)) };
}

function withoutHold(event: LoggedEvent, body: Authorization | Message): LoggedEvent {
  return { ...event, body: { ...body, effect: { ...body.effect, hold_minor: 0 } } };
}

/** An approval goes before all that the card had heard of its authorization, so that what it holds is gone at once. */
class PutsApprovalsBeforeWhatItHeard extends Card {
  constructor(history: CardHistory, snapshot: Snapshot | null, rows: Rows, max?: Amounts) {
    const heard = new Set<string>();
    const rewrite = (event: LoggedEvent): LoggedEvent => {
      const { body } = event;
      if (body.kind === 'message' && body.message.authorization_key !== null) heard.add(body.message.authorization_key);
      return body.kind === 'authorization' && heard.has(body.request.authorization_key)
        ? withoutHold(event, body)
        : event;
    };
    super(rewriting(history, rewrite), snapshot, rows, max);
  }
}

/** Approves what is left of the funds without what is held of them. */
class SpendsWhatIsHeld extends Card {
  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const held = this.state.held_minor;
    this.state.held_minor = 0;
    try {
      return super.authorize(request, clockMs, deadlineAtMs);
    } finally {
      this.state.held_minor += held;
    }
  }
}

/** What was declined before and is approved now counts at its first naming: no limit of now looks at it. */
class CountsAnApprovalWhenFirstNamed extends Card {
  readonly #declined = new Set<string>();

  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const { controls } = this.state;
    if (this.#declined.has(request.authorization_key))
      this.state.controls = controls.map((control) => ({
        ...control,
        judge: (question) => {
          const said = control.judge(question);
          if (said.reason?.endsWith('_in_window') !== true) return said;
          return { ...said, reason: null, room_minor: Number.MAX_SAFE_INTEGER };
        },
      }));
    const answer = super.authorize(request, clockMs, deadlineAtMs);
    this.state.controls = controls;
    if (answer.outcome === 'decided' && answer.decision.outcome === 'declined')
      this.#declined.add(request.authorization_key);
    return answer;
  }
}

/** What a final clearing leaves of a hold stays held: held and posted at once. */
class HoldsWhatWasCleared extends Card {
  constructor(history: CardHistory, snapshot: Snapshot | null, rows: Rows, max?: Amounts) {
    const rewrite = (event: LoggedEvent): LoggedEvent => {
      const { body } = event;
      return body.kind === 'message' && body.message.kind === 'clearing' ? withoutHold(event, body) : event;
    };
    super(rewriting(history, rewrite), snapshot, rows, max);
  }
}

/** The network hears of more than the books do. */
class TellsMoreThanItBooks extends Card {
  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const answer = super.authorize(request, clockMs, deadlineAtMs);
    if (answer.outcome !== 'decided' || answer.decision.approved_minor === 0) return answer;
    const { decision } = answer;
    return { ...answer, decision: { ...decision, approved_minor: decision.approved_minor + 1 } };
  }
}

/** Where two are joined, what the second held is gone. */
class LosesTheHoldOfWhatIsJoined extends Card {
  constructor(history: CardHistory, snapshot: Snapshot | null, rows: Rows, max?: Amounts) {
    const rewrite = (event: LoggedEvent): LoggedEvent => {
      const { body } = event;
      if (body.kind !== 'message' || body.joined === undefined) return event;
      const { effect, joined } = body;
      const hold_minor = effect.hold_minor - joined.released_minor;
      return { ...event, body: { ...body, effect: { ...effect, hold_minor } } };
    };
    super(rewriting(history, rewrite), snapshot, rows, max);
  }
}

/** Keeps names of 120 units, not characters: a longer one ends in half an emoji (case S1). */
class CutsNamesThroughACharacter extends Card {
  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const { merchant } = request;
    const name = merchant.name?.slice(0, 120) ?? null;
    return super.authorize({ ...request, merchant: { ...merchant, name } }, clockMs, deadlineAtMs);
  }
}

/** A clock that jumped ahead once, and the card stays there: what is approved today counts a year from now (case T8). */
class StaysAheadWithItsClock extends Card {
  #latestMs = 0;

  override now(clockMs: number): number {
    this.#latestMs = Math.max(this.#latestMs, super.now(clockMs));
    return this.#latestMs;
  }
}

export const brokenOnTheWire = {
  PutsApprovalsBeforeWhatItHeard,
  SpendsWhatIsHeld,
  CountsAnApprovalWhenFirstNamed,
  HoldsWhatWasCleared,
  TellsMoreThanItBooks,
  LosesTheHoldOfWhatIsJoined,
  CutsNamesThroughACharacter,
  StaysAheadWithItsClock,
} as const;
