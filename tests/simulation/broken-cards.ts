// Cards that are broken on purpose, each in one way: a simulator that finds nothing wrong with them proves nothing.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import { newAuthorization } from '../../core/card/authorization.ts';
import { type AuthorizeAnswer, Card, type PutProfileAnswer, type ReceiveAnswer } from '../../core/card/card.ts';
import { removeAuthorization } from '../../core/card/card-state.ts';
import { availableMinor } from '../../core/card/funds.ts';
import { countUnmatched } from '../../core/card/unmatched.ts';

type Made = ConstructorParameters<typeof Card>;

class ForgetsCountersOnReload extends Card {
  constructor(...args: Made) {
    super(...args);
    if (args[1] === null) return;
    for (const counter of this.state.counters.values())
      for (const life of this.state.authorizations.values())
        counter.change(life, newAuthorization(life.authorization_id, life.at_ms, life.currency));
  }
}

class LosesAHoldOnReload extends Card {
  constructor(...args: Made) {
    super(...args);
    if (args[1] === null) return;
    const held = [...this.state.authorizations].find(([, life]) => life.hold_minor > 0);
    if (held !== undefined) removeAuthorization(this.state, ...held);
  }
}

class AnswersRepeatsAnew extends Card {
  readonly #seen = new Map<string, number>();

  override authorize(
    request: AuthorizationRequest,
    clockMs: number,
    deadlineAtMs: number | null = null,
  ): AuthorizeAnswer {
    const times = this.#seen.get(request.request_key) ?? 0;
    this.#seen.set(request.request_key, times + 1);
    const request_key = times === 0 ? request.request_key : `${request.request_key}-${times}`;
    return super.authorize({ ...request, request_key }, clockMs, deadlineAtMs);
  }
}

class CountsMessagesTwice extends Card {
  #times = 0;

  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    this.#times++;
    const isRepeat = this.state.received.has(message.message_key);
    const message_key = isRepeat ? `${message.message_key}-${this.#times}` : message.message_key;
    const answer = super.receive({ ...message, message_key }, clockMs);
    return isRepeat && answer.outcome !== 'conflict' ? { ...answer, outcome: 'repeated' } : answer;
  }
}

class TakesMessagesByTheirArrival extends Card {
  override receive({ occurred_at_ms: _, ...message }: CardMessage, clockMs: number): ReceiveAnswer {
    return super.receive(message as CardMessage, clockMs);
  }
}

class GivesRefundsBack extends Card {
  override putProfile(profile: Profile, clockMs: number): PutProfileAnswer {
    const controls = profile.controls.map((control) =>
      control.does === 'limit' ? { ...control, refunds_give_back: true } : control,
    );
    return super.putProfile({ ...profile, controls }, clockMs);
  }
}

class OverlooksLimits extends Card {
  override putProfile(profile: Profile, clockMs: number): PutProfileAnswer {
    const answer = super.putProfile(profile, clockMs);
    this.state.controls = this.state.controls.map((control) => ({
      ...control,
      judge: (question) => {
        const said = control.judge(question);
        return said.reason?.startsWith('exceeds_')
          ? { ...said, reason: null, room_minor: Number.MAX_SAFE_INTEGER }
          : said;
      },
    }));
    return answer;
  }
}

class TakesOlderProfiles extends Card {
  override putProfile(profile: Profile, clockMs: number): PutProfileAnswer {
    const version = this.state.profile?.version ?? 0;
    return super.putProfile(profile.version < version ? { ...profile, version: version + 1 } : profile, clockMs);
  }
}

class NeverLetsHoldsLapse extends Card {
  override expire(): { expired: number; next_ms: number } {
    return { expired: 0, next_ms: Number.POSITIVE_INFINITY };
  }
}

class StampsRequestsItself extends Card {
  override authorize(
    request: AuthorizationRequest,
    clockMs: number,
    deadlineAtMs: number | null = null,
  ): AuthorizeAnswer {
    return super.authorize({ occurred_at_ms: clockMs, ...request }, clockMs, deadlineAtMs);
  }
}

/** Where two are joined, the approval that began the later one counts as the beginning of both: an end of the first takes it too. */
export class ForgetsWhenItBegan extends Card {
  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const { authorizations } = this.state;
    if (message.alias_key !== undefined)
      for (const [key, authorization] of authorizations) authorizations.set(key, { ...authorization, begun: null });
    return super.receive(message, clockMs);
  }
}

/** What our edge approved in its place counts as given when the card hears of it: what it has heard since takes nothing of that. */
export class TakesItsPlaceLate extends Card {
  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const isOfEdge = message.kind === 'advice' && message.decided_by === 'edge';
    return super.receive(isOfEdge ? { ...message, answered_at_ms: clockMs } : message, clockMs);
  }
}

/** The order in which it heard things is that of its clock: a clearing dated May 6 was heard after an approval given on May 3. */
export class HearsByItsClock extends Card {
  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const { authorizations } = this.state;
    const unnumbered = <H extends { heard: number } | null>(one: H): H => (one === null ? one : { ...one, heard: 0 });
    if (message.alias_key !== undefined)
      for (const [key, one] of authorizations) {
        const { begun, changed, changes } = one;
        const heard = { begun: unnumbered(begun), changed: unnumbered(changed), changes: changes.map(unnumbered) };
        authorizations.set(key, { ...one, ...heard });
      }
    return super.receive(message, clockMs);
  }
}

/** A name with signs that are neither ASCII nor of a European keyboard is none: a blocked shop in full width is not blocked. */
class TakesOddNamesForUnknown extends Card {
  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const { merchant } = request;
    const isOdd = Array.from(merchant.name ?? '').some((sign) => sign > '\u00ff');
    const name = isOdd ? null : merchant.name;
    return super.authorize({ ...request, merchant: { ...merchant, name } }, clockMs, deadlineAtMs);
  }
}

/** What a network stamps days ahead is believed: all that follows stands before it. */
class BelievesStampsOfTheFuture extends Card {
  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const { occurred_at_ms: stampMs } = message;
    const isAhead = stampMs !== undefined && stampMs > clockMs + 86_400_000;
    // The card would not believe it: so the clock is said to be there.
    return super.receive(message, isAhead ? stampMs : clockMs);
  }
}

/** What was refunded of no purchase is funds, however much it is. */
class SpendsEveryRefund extends Card {
  override authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs?: number | null): AuthorizeAnswer {
    const { unmatchedMax } = this.state;
    Object.assign(this.state, { unmatchedMax: new Map([['EUR', Number.MAX_SAFE_INTEGER]]) });
    try {
      return super.authorize(request, clockMs, deadlineAtMs);
    } finally {
      Object.assign(this.state, { unmatchedMax });
    }
  }
}

/** What is withheld of a life is forgotten with it. */
class ForgetsWhatItWithholds extends Card {
  override forget(forgotten: Parameters<Card['forget']>[0], clockMs: number): void {
    const before = [...this.state.authorizations.values()];
    super.forget(forgotten, clockMs);
    const after = new Set(this.state.authorizations.values());
    for (const life of before) if (!after.has(life)) countUnmatched(this.state.unmatched, life, -1);
  }
}

/** A clearing that comes after its refund frees nothing. */
class MatchesNoLateClearing extends Card {
  override receive(message: CardMessage, clockMs: number): ReceiveAnswer {
    const { unmatched } = this.state;
    const before = new Map(unmatched);
    const answer = super.receive(message, clockMs);
    if (message.kind === 'clearing') for (const [key, minor] of before) unmatched.set(key, minor);
    return answer;
  }
}

/** What a control wants held in addition is not asked for. */
class AsksForNoTips extends Card {
  override shortfall(request: AuthorizationRequest, clockMs: number): number {
    const left = availableMinor(this.state) ?? 0;
    return Math.min(super.shortfall(request, clockMs), Math.max(0, request.amount_minor - left));
  }
}

export const brokenCards = {
  ForgetsCountersOnReload,
  LosesAHoldOnReload,
  AnswersRepeatsAnew,
  CountsMessagesTwice,
  TakesMessagesByTheirArrival,
  GivesRefundsBack,
  OverlooksLimits,
  TakesOlderProfiles,
  NeverLetsHoldsLapse,
  StampsRequestsItself,
  TakesOddNamesForUnknown,
  BelievesStampsOfTheFuture,
  SpendsEveryRefund,
  ForgetsWhatItWithholds,
  MatchesNoLateClearing,
  AsksForNoTips,
} as const;
