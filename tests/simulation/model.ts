// A slow, obvious card: lists of what was told, and every figure taken from them anew. Written from the domain's rules alone, and
// shares no code with core, so that a mistake would have to be made twice.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision, DeclineReason } from '../../contracts/decision.ts';
import type { Profile } from '../../contracts/profile.ts';
import {
  type Answered,
  answerTo,
  type MessageRecord,
  type ModelAnswer,
  type StoodIn,
  toldInstead,
} from './model-answer.ts';
import { countFor, decidedInPlace, modelDecision, type Situation } from './model-decision.ts';
import { beginningMs, ModelLife, nowhere } from './model-life.ts';
import { bodyOf, holdDays, longestRollingMs, requestLike } from './model-reading.ts';
import { tellWord } from './model-word.ts';

const dayMs = 86_400_000;

export class Model {
  profile: Profile | null = null;
  lives: ModelLife[] = [];
  sequence = 0;
  clockMs = 0;
  readonly names = new Map<string, ModelLife>();
  readonly answered = new Map<string, Answered>();
  readonly #stoodIn = new Map<string, StoodIn>();
  readonly #voided = new Map<string, number>();
  readonly #received = new Map<string, number>();
  #countKeys: (string | null)[] = [];

  /** Over all lives, each time anew. */
  get totals(): { held_minor: number; posted_minor: number; uses: number } {
    let [held_minor, posted_minor, uses] = [0, 0, 0];
    for (const life of this.lives) {
      held_minor += life.hold_minor;
      posted_minor += life.posted_minor;
      if (life.isUse) uses++;
    }
    return { held_minor, posted_minor, uses };
  }

  authorize(request: AuthorizationRequest, clockMs: number, deadlineAtMs: number | null): ModelAnswer {
    const key = request.request_key;
    const before = this.answered.get(key);
    if (before !== undefined) {
      if (before.request !== request && bodyOf(before.request) !== bodyOf(request)) return { outcome: 'conflict' };
      const life = this.names.get(request.authorization_key) ?? null;
      const decision = this.#standing(key) ?? before.decision;
      return { outcome: 'decided', isRepeat: true, life, decision, own: before.decision, limitsSeen: [] };
    }
    const nowMs = this.#now(clockMs);
    const inPlace = answerTo(request, this.#inPlace(key));
    if (deadlineAtMs !== null && clockMs > deadlineAtMs && inPlace === null) this.void(key, clockMs);
    const { authorization_key, alias_key } = request;
    const situation = this.#situation(authorization_key, alias_key, nowMs, this.#voided.has(key));
    const { decision: own, limitsSeen } =
      inPlace === null ? modelDecision(situation, request) : decidedInPlace(situation, inPlace.minor);
    this.#next(nowMs);
    const { life } = this.#lifeOf(authorization_key, alias_key, nowMs);
    life.touched_ms = nowMs;
    const approvedMs = own.outcome === 'approved' ? this.#approve(life, request, own, nowMs) : nowMs;
    own.available_minor = this.#availableMinor(this.totals);
    this.answered.set(key, { sequence: this.sequence, request, decision: own, approvedMs });
    if (own.hold_minor > 0)
      for (const seen of limitsSeen)
        seen.after = countFor({ lives: this.lives, life, nowMs, countKeys: this.#countKeys }, seen.control, seen.index);
    return { outcome: 'decided', isRepeat: false, life, decision: this.#standing(key) ?? own, own, limitsSeen };
  }

  #approve(life: ModelLife, request: AuthorizationRequest, own: Decision, nowMs: number): number {
    const minor = own.hold_minor;
    if (life.approved_minor === 0 || life.use === nowhere) life.usedAt({ request, merchant: request.merchant });
    if (minor === 0) return nowMs;
    const isFirst = !life.hasBegun && request.kind !== 'incremental';
    const unsaid = isFirst ? beginningMs : Math.max(nowMs, life.latestMs + 1);
    const at_ms = request.occurred_at_ms === undefined ? unsaid : Math.min(nowMs, request.occurred_at_ms);
    life.tell({ does: 'adds', at_ms, minor, told: own.approved_minor, why: request.kind });
    life.approved_minor += minor;
    const lapses = request.hold_expires_at_ms ?? nowMs + holdDays(this.profile, request.merchant.category) * dayMs;
    life.expires_at_ms = Math.max(life.expires_at_ms, lapses);
    return at_ms;
  }

  message(message: CardMessage, clockMs: number): MessageRecord {
    const none = { isMismatch: false, isOverdrawn: false, against: null, hasJoined: false };
    if (this.#received.has(message.message_key)) return { ...none, isRepeat: true, life: null };
    const nowMs = this.#now(clockMs);
    const name = message.authorization_key ?? `message ${message.message_key}`;
    const situation = this.#situation(name, message.alias_key, nowMs, false);
    const against = message.kind === 'advice' ? this.#judge(message, situation) : null;
    this.#next(nowMs);
    this.#received.set(message.message_key, this.sequence);
    if (this.profile !== null && message.currency !== this.profile.currency)
      return { ...none, isRepeat: false, isMismatch: true, life: null };
    const before = this.totals;
    const { life, hasJoined } = this.#lifeOf(name, message.alias_key, nowMs);
    life.touched_ms = nowMs;
    const at_ms = tellWord(life, message, this.profile, nowMs);
    if (message.kind === 'advice' && message.request_key !== undefined) {
      const { request_key, hold_minor: minor } = message;
      this.#stoodIn.set(request_key, { sequence: this.sequence, minor, name, at_ms });
    }
    const after = this.totals;
    const spends = after.held_minor + after.posted_minor - before.held_minor - before.posted_minor;
    const left = situation.availableMinor;
    const isOverdrawn = left !== null && spends > 0 && left < spends;
    return { isRepeat: false, isMismatch: false, life, isOverdrawn, against, hasJoined };
  }

  /** What the rules would have said of what an advice holds more than was held. */
  #judge(message: Extract<CardMessage, { kind: 'advice' }>, situation: Situation): DeclineReason | null {
    const { life, nowMs } = situation;
    const trial = life?.copy() ?? new ModelLife('', nowMs);
    tellWord(trial, message, this.profile, nowMs);
    const known = new Set([...trial.names].map((name) => this.names.get(name)));
    let amount_minor = trial.hold_minor;
    for (const one of known) amount_minor -= one?.hold_minor ?? 0;
    if (amount_minor <= 0) return null;
    return modelDecision(situation, { ...requestLike(message, life), amount_minor }).decision.reason;
  }

  /** How many rows say so: none where it was given up before, two where card and network had both approved. */
  void(requestKey: string, clockMs: number): number {
    const isGivenUp = this.#voided.has(requestKey);
    const inPlace = this.#inPlace(requestKey);
    if (isGivenUp && inPlace === null) return 0;
    const nowMs = this.#now(clockMs);
    const answer = isGivenUp ? undefined : this.answered.get(requestKey);
    const before = this.sequence;
    if (inPlace === null || (answer?.decision.hold_minor ?? 0) > 0) {
      this.#next(nowMs);
      if (answer !== undefined) this.#takeBack(answer, nowMs);
    }
    if (inPlace !== null) {
      this.#next(nowMs);
      const { life } = this.#lifeOf(inPlace.name, undefined, nowMs);
      life.tell({ does: 'sets', at_ms: inPlace.at_ms, minor: 0, why: 'void' });
      if (inPlace.minor > 0) life.advised--;
      life.touched_ms = nowMs;
    }
    this.#voided.set(requestKey, this.sequence);
    return this.sequence - before;
  }

  #takeBack({ request, decision, approvedMs }: Answered, nowMs: number): void {
    const { life } = this.#lifeOf(request.authorization_key, undefined, nowMs);
    const { hold_minor: minor, approved_minor } = decision;
    // At the approval's own instant: what the network said of later ones outlasts it.
    life.tell({ does: 'adds', at_ms: approvedMs, minor: -minor, told: -approved_minor, why: 'void' });
    life.approved_minor -= minor;
    life.touched_ms = nowMs;
  }

  /** How many holds lapsed. */
  expire(clockMs: number): number {
    const nowMs = this.#now(clockMs);
    const due = this.lives.filter((life) => life.hold_minor > 0 && life.expires_at_ms <= nowMs);
    for (const life of due) {
      this.#next(nowMs);
      life.tell({ does: 'sets', at_ms: Math.max(nowMs, life.latestMs), minor: 0, why: 'expiry' });
      life.touched_ms = nowMs;
    }
    return due.length;
  }

  putProfile(profile: Profile, clockMs: number): 'stored' | 'unchanged' | 'stale' {
    const inForce = this.profile;
    if (inForce !== null && profile.version <= inForce.version)
      return JSON.stringify(inForce) === JSON.stringify(profile) ? 'unchanged' : 'stale';
    this.#next(this.#now(clockMs));
    this.profile = profile;
    this.#countKeys = profile.controls.map((control) => {
      if (control.does !== 'limit') return null;
      return JSON.stringify([control.applies_to, control.window, control.refunds_give_back]);
    });
    const keys = new Set(this.#countKeys);
    for (const life of this.lives) {
      life.forgetLooks();
      if (life.countsOnlyIn !== null)
        life.countsOnlyIn = new Set([...life.countsOnlyIn].filter((key) => keys.has(key)));
    }
    return 'stored';
  }

  /** The card drops what is older than the retention; here it only loses its names, and its keys their answers. */
  forget({ firstSequence, beforeMs }: { firstSequence: number; beforeMs: number }, clockMs: number): number {
    const nowMs = this.#now(clockMs);
    for (const [key, { sequence }] of this.answered) if (sequence < firstSequence) this.answered.delete(key);
    for (const [key, { sequence }] of this.#stoodIn) if (sequence < firstSequence) this.#stoodIn.delete(key);
    for (const keys of [this.#voided, this.#received])
      for (const [key, sequence] of keys) if (sequence < firstSequence) keys.delete(key);
    const longest = longestRollingMs(this.profile);
    let dropped = 0;
    for (const life of this.lives) {
      if (life.countsOnlyIn !== null || life.hold_minor > 0 || life.touched_ms >= beforeMs) continue;
      if (longest > 0 && life.at_ms > nowMs - longest) continue;
      life.countsOnlyIn = new Set(this.#countKeys.filter((key) => key !== null));
      for (const name of life.names) this.names.delete(name);
      dropped++;
    }
    return dropped;
  }

  /** What a limit of the profile in force counts for a new use now. */
  counted(index: number, clockMs: number): { minor: number; uses: number } | null {
    const control = this.profile?.controls[index];
    if (control?.does !== 'limit') return null;
    const { lives } = this;
    return countFor({ lives, life: null, nowMs: clockMs, countKeys: this.#countKeys }, control, index);
  }

  /** As the card stands for what names a life: two names of one purchase are one life, known as that or not. */
  #situation(name: string, alias: string | undefined, nowMs: number, isVoided: boolean): Situation {
    const { profile } = this;
    const { totals } = this;
    const availableMinor = this.#availableMinor(totals);
    const common = { profile, countKeys: this.#countKeys, nowMs, availableMinor, isVoided };
    const one = this.names.get(name);
    const other = alias === undefined ? undefined : this.names.get(alias);
    if (one === undefined || other === undefined || one === other)
      return { ...common, lives: this.lives, life: one ?? other ?? null, uses: totals.uses };
    const life = one.copy();
    life.take(other);
    const lives = [...this.lives.filter((each) => each !== one && each !== other), life];
    return { ...common, lives, life, uses: lives.filter(({ isUse }) => isUse).length };
  }

  #lifeOf(name: string, alias: string | undefined, nowMs: number): { life: ModelLife; hasJoined: boolean } {
    const other = alias === undefined ? undefined : this.names.get(alias);
    let life = this.names.get(name) ?? other;
    if (life === undefined) {
      life = new ModelLife(name, nowMs);
      this.lives.push(life);
    }
    life.names.add(name);
    this.names.set(name, life);
    if (alias === undefined) return { life, hasJoined: false };
    const hasJoined = other !== undefined && other !== life;
    if (hasJoined) {
      life.take(other);
      this.lives = this.lives.filter((one) => one !== other);
    }
    life.names.add(alias);
    for (const each of life.names) this.names.set(each, life);
    return { life, hasJoined };
  }

  /** The answer in the card's place, unless the request was given up after it. */
  #inPlace(requestKey: string): StoodIn | null {
    const stoodIn = this.#stoodIn.get(requestKey);
    const voided = this.#voided.get(requestKey) ?? 0;
    return stoodIn !== undefined && stoodIn.sequence > voided ? stoodIn : null;
  }

  #standing(requestKey: string): Decision | null {
    return toldInstead(this.#inPlace(requestKey), this.#voided.has(requestKey));
  }

  #availableMinor({ held_minor, posted_minor }: Model['totals']): number | null {
    const funds = this.profile?.funds_minor ?? null;
    return funds === null ? null : funds - held_minor - posted_minor;
  }

  #next(nowMs: number): void {
    this.sequence++;
    this.clockMs = nowMs;
  }

  #now(clockMs: number): number {
    return Math.max(clockMs, this.clockMs);
  }
}
