// A slow, obvious card: lists of what was told, and every figure taken from them anew. Written from the domain's rules alone, and
// shares no code with core, so that a mistake would have to be made twice.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { RefundRelease } from '../../contracts/refund-release.ts';
import {
  type Answered,
  answerTo,
  decidedInPlace,
  forgetBefore,
  type MessageRecord,
  type ModelAnswer,
  nothingRecorded,
  type StoodIn,
  toldInstead,
} from './model-answer.ts';
import { carriedTo, countKeyOf } from './model-carried.ts';
import { type Carried, countFor, modelDecision, type Situation } from './model-decision.ts';
import { ModelLife, nowhere } from './model-life.ts';
import { ModelLives, type Trimmed } from './model-lives.ts';
import { approvalPlaceOf, beginningOf, type When } from './model-order.ts';
import { bodyOf, holdsUntil, longestRollingMs, requestLike } from './model-reading.ts';
import { giveUp, giveUpInPlace, type HasForRequest, isOfEdge, tellWord } from './model-word.ts';

export class Model {
  profile: Profile | null = null;
  sequence = 0;
  clockMs = 0;
  readonly #lives = new ModelLives();
  readonly answered = new Map<string, Answered>();
  readonly #stoodIn = new Map<string, StoodIn>();
  readonly #voided = new Map<string, number>();
  readonly #received = new Map<string, number>();
  #countKeys: (string | null)[] = [];
  #carried: Carried[] = [];
  /** Over all purchases, each time anew. */
  get totals(): ModelLives['totals'] {
    return this.#lives.totals;
  }

  get all(): readonly ModelLife[] {
    return this.#lives.all;
  }

  get currency(): string | null {
    return this.#lives.currency;
  }

  get names(): ReadonlyMap<string, ModelLife> {
    return this.#lives.byName;
  }

  authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs: number | null): ModelAnswer {
    const key = request.request_key;
    const before = this.answered.get(key);
    if (before !== undefined) {
      if (before.request !== request && bodyOf(before.request) !== bodyOf(request)) return { outcome: 'conflict' };
      const life = this.names.get(request.authorization_key) ?? null;
      const decision = this.#standing(request) ?? before.decision;
      return { outcome: 'decided', isRepeat: true, life, decision, own: before.decision, limitsSeen: [], lacks: 0 };
    }
    const nowMs = this.#now(clockMs);
    const inPlace = answerTo(request, this.#inPlace(key));
    if (deadlineAtMs !== null && clockMs > deadlineAtMs && inPlace === null) this.void(key, clockMs);
    const { authorization_key, alias_key } = request;
    const situation = this.#situation(authorization_key, alias_key, nowMs, this.#voided.has(key));
    const its = inPlace === null ? modelDecision(situation, request) : decidedInPlace(situation, inPlace.minor);
    const { decision: own, limitsSeen, lacks } = its;
    const decided = { outcome: 'decided', isRepeat: false, own, limitsSeen, lacks } as const;
    this.#next(nowMs);
    const isNothing = own.hold_minor === 0 && this.#lives.known(authorization_key, alias_key).length === 0;
    if (isNothing) {
      const life = this.#lives.askedInVain(authorization_key, alias_key, this.sequence, nowMs, request.currency);
      Object.assign(own, this.#funds());
      this.answered.set(key, { sequence: this.sequence, request, decision: own, approval: null });
      return { ...decided, life, decision: this.#standing(request) ?? own };
    }
    const { life } = this.#lives.take(authorization_key, alias_key, nowMs, request.currency);
    const held = life.hold_minor;
    const approval = own.outcome === 'approved' && own.hold_minor > 0 ? this.#approve(life, request, own, nowMs) : null;
    if (approval !== null) own.hold_minor = life.hold_minor - held;
    else if (own.outcome === 'approved' && (life.approved_minor === 0 || life.use === nowhere))
      life.usedAt({ request, merchant: request.merchant });
    life.begun ??= this.#when(nowMs);
    life.touched_ms = nowMs;
    Object.assign(own, this.#funds());
    this.answered.set(key, { sequence: this.sequence, request, decision: own, approval });
    if (own.hold_minor > 0)
      for (const seen of limitsSeen) {
        const lives = this.#lives.counting;
        const { windowMs, control, index } = seen;
        const places = { lives, life, nowMs, windowMs, countKeys: this.#countKeys, carried: this.#carried };
        seen.after = countFor(places, control, index);
      }
    return { ...decided, life, decision: this.#standing(request) ?? own };
  }

  #approve(life: ModelLife, request: AuthorizationRequest, own: Decision, nowMs: number): Answered['approval'] {
    const minor = own.hold_minor;
    if (life.approved_minor === 0 || life.use === nowhere) life.usedAt({ request, merchant: request.merchant });
    const isMore = request.kind === 'incremental';
    const [hasBegun, isFirst] = [life.begun !== null, life.moved === null];
    const begins = isMore ? hasBegun && isFirst : !hasBegun || isFirst;
    const place = begins ? beginningOf(request, nowMs) : approvalPlaceOf(life.facts, request, nowMs);
    const of = request.request_key;
    life.move(nowMs, { approved: { isMore, minor } }, () => {
      const its = { ...place, minor, told: own.approved_minor, ...this.#when(nowMs), of, why: request.kind };
      life.tell({ ...its, does: 'adds' });
      life.approved_minor += minor;
    });
    life.expires_at_ms = Math.max(life.expires_at_ms, holdsUntil(this.profile, request, nowMs));
    return { minor, given_ms: nowMs };
  }

  message(message: CardMessage, clockMs: number): MessageRecord {
    if (this.#received.has(message.message_key)) return { ...nothingRecorded, isRepeat: true };
    const nowMs = this.#now(clockMs);
    const name = message.authorization_key ?? `message ${message.message_key}`;
    const situation = this.#situation(name, message.alias_key, nowMs, false);
    const isOther = situation.life !== null && situation.life.currency !== message.currency;
    const isMismatch = isOther || (this.profile !== null && message.currency !== this.profile.currency);
    const against = message.kind === 'advice' && !isMismatch ? this.#judge(message, situation) : null;
    this.#next(nowMs);
    this.#received.set(message.message_key, this.sequence);
    if (isMismatch) return { ...nothingRecorded, isMismatch };
    const wasAboveCleared = this.#lives.partsOf(situation.life).some((one) => one.isRefundedAboveCleared);
    const { life, ...joined } = this.#lives.take(name, message.alias_key, nowMs, message.currency);
    const { totals: before, availableMinor: left } = situation;
    const held = tellWord(life, message, this.profile, this.#when(nowMs), this.#hasFor(message));
    if (message.kind === 'advice' && message.request_key !== undefined)
      this.#stoodIn.set(message.request_key, { sequence: this.sequence, minor: message.hold_minor, name, held });
    const after = this.totals;
    const moreWithheld = after.withheld_minor - before.withheld_minor;
    const spends = after.held_minor + after.posted_minor - before.held_minor - before.posted_minor + moreWithheld;
    const isOverdrawn = left !== null && spends > 0 && left < spends;
    const isAboveCleared = life.isRefundedAboveCleared && (message.kind === 'refund' || !wasAboveCleared);
    return { isRepeat: false, isMismatch: false, life, isOverdrawn, against, isAboveCleared, moreWithheld, ...joined };
  }

  /** What the rules would have said of what an advice holds more than was held. */
  #judge(message: Extract<CardMessage, { kind: 'advice' }>, situation: Situation): Decision['reason'] {
    const { life, nowMs } = situation;
    const trial = life?.copy() ?? new ModelLife('', nowMs, message.currency);
    trial.heardUntil(nowMs);
    const next = { ...this.#when(nowMs), number: this.sequence + 1 };
    tellWord(trial, message, this.profile, next, this.#hasFor(message));
    let amount_minor = trial.hold_minor;
    for (const one of this.#lives.partsOf(trial)) amount_minor -= one.hold_minor;
    if (amount_minor <= 0) return null;
    return modelDecision(situation, { ...requestLike(message, life), amount_minor }).decision.reason;
  }

  #hasFor(message: CardMessage): HasForRequest {
    if (!isOfEdge(message)) return { own: null, inPlace: null };
    const { request_key } = message;
    const own = this.#voided.has(request_key) ? undefined : this.answered.get(request_key);
    return { own: own ?? null, inPlace: this.#inPlace(request_key) };
  }

  /** How many rows say so: none where it was given up before, two where card and network had both approved. */
  void(requestKey: string, clockMs: number): number {
    const isGivenUp = this.#voided.has(requestKey);
    const inPlace = this.#inPlace(requestKey);
    if (isGivenUp && inPlace === null) return 0;
    const nowMs = this.#now(clockMs);
    const answer = isGivenUp ? undefined : this.answered.get(requestKey);
    const before = this.sequence;
    if (inPlace === null || (answer !== undefined && answer.approval !== null)) {
      this.#next(nowMs);
      if (answer !== undefined) giveUp(this.names.get(answer.request.authorization_key), answer, nowMs);
    }
    if (inPlace !== null) {
      this.#next(nowMs);
      giveUpInPlace(this.names.get(inPlace.name), requestKey, inPlace, nowMs);
    }
    this.#voided.set(requestKey, this.sequence);
    return this.sequence - before;
  }

  /** How many holds lapsed. */
  expire(clockMs: number): number {
    const nowMs = this.#now(clockMs);
    const due = this.#lives.all.filter((life) => life.hold_minor > 0 && life.expires_at_ms <= nowMs);
    for (const life of due) {
      this.#next(nowMs);
      life.lapse(this.#when(nowMs));
    }
    return due.length;
  }

  putProfile(profile: Profile, clockMs: number): 'stored' | 'unchanged' | 'stale' {
    const inForce = this.profile;
    if (inForce !== null && profile.version <= inForce.version)
      return JSON.stringify(inForce) === JSON.stringify(profile) ? 'unchanged' : 'stale';
    const nowMs = this.#now(clockMs);
    this.#next(nowMs);
    const { counting: lives } = this.#lives;
    const before = { profile: inForce, lives, countKeys: this.#countKeys, carried: this.#carried };
    const carried = carriedTo(profile, before, nowMs);
    this.profile = profile;
    this.#lives.takeCurrency(profile.currency);
    this.#countKeys = profile.controls.map(countKeyOf);
    const keys = new Set(this.#countKeys);
    this.#lives.countIn(keys);
    this.#carried = [...this.#carried.filter(({ countKey }) => keys.has(countKey)), ...carried];
    return 'stored';
  }

  /** The card drops what is older than the retention; here it only loses its names, and its keys their answers. */
  forget(trimmed: Trimmed, clockMs: number): number {
    const nowMs = this.#now(clockMs);
    for (const keys of [this.answered, this.#stoodIn, this.#voided, this.#received])
      forgetBefore(keys, trimmed.firstSequence);
    const times = { nowMs, longestMs: longestRollingMs(this.profile) };
    return this.#lives.forget(trimmed, times, this.#countKeys);
  }

  /** False: it was released before. */
  releaseRefund({ message_key, authorization_id, refunded_at_ms, minor }: RefundRelease, clockMs: number): boolean {
    if (this.#received.has(message_key)) return false;
    this.#next(this.#now(clockMs));
    this.#received.set(message_key, this.sequence);
    const released = { ms: refunded_at_ms, minor: -minor };
    this.all.find((life) => life.authorization_id === authorization_id)?.refunds.push(released);
    return true;
  }

  /** What a limit of the profile in force counts for a new use now. */
  counted(index: number, clockMs: number): { minor: number; uses: number } | null {
    const control = this.profile?.controls[index];
    if (control?.does !== 'limit') return null;
    const lives = this.#lives.counting;
    const places = { lives, life: null, nowMs: clockMs, windowMs: clockMs, carried: this.#carried };
    return countFor({ ...places, countKeys: this.#countKeys }, control, index);
  }

  /** As the card stands for what names a life: two names of one purchase are one life, known as that or not. */
  #situation(
    name: string,
    alias: string | undefined,
    nowMs: number,
    isVoided: boolean,
  ): Situation & { totals: Model['totals'] } {
    const { profile, totals } = this;
    const availableMinor = this.#availableMinor(totals);
    const common = { profile, countKeys: this.#countKeys, carried: this.#carried, nowMs, availableMinor, isVoided };
    const [one, other] = this.#lives.known(name, alias);
    if (one === undefined || other === undefined)
      return { ...common, totals, lives: this.#lives.counting, life: one ?? other ?? null, uses: totals.uses };
    const life = one.copy();
    life.take(other);
    const lives = [...this.#lives.counting.filter((each) => each !== one && each !== other), life];
    return { ...common, totals, lives, life, uses: lives.filter(({ isUse }) => isUse).length };
  }

  /** The answer in the card's place, unless the request was given up after it. */
  #inPlace(requestKey: string): StoodIn | null {
    const stoodIn = this.#stoodIn.get(requestKey);
    const voided = this.#voided.get(requestKey) ?? 0;
    return stoodIn !== undefined && stoodIn.sequence > voided ? stoodIn : null;
  }

  #standing(request: AuthorizationRequest): Decision | null {
    return toldInstead(answerTo(request, this.#inPlace(request.request_key)), this.#voided.has(request.request_key));
  }

  #availableMinor({ held_minor, posted_minor, withheld_minor }: Model['totals']): number | null {
    const funds = this.profile?.funds_minor ?? null;
    return funds === null ? null : funds - held_minor - posted_minor - withheld_minor;
  }

  #funds(): Pick<Decision, 'available_minor' | 'withheld_minor'> {
    const { totals } = this;
    const available_minor = this.#availableMinor(totals);
    return { available_minor, withheld_minor: available_minor === null ? 0 : totals.withheld_minor };
  }

  /** The event that was written last. */
  #when(nowMs: number): When {
    return { number: this.sequence, heard_ms: nowMs, byEdge: false };
  }

  #next(nowMs: number): void {
    this.sequence++;
    this.clockMs = nowMs;
  }

  #now(clockMs: number): number {
    return this.clockMs - clockMs > 2 * 86_400_000 ? clockMs : Math.max(clockMs, this.clockMs);
  }
}
