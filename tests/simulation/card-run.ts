// One card from its first event to its last: the network, the clock and the crashes act on it, and after every step the laws are
// held against it.

import type { CardEventBody } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { AuthorizeAnswer, Card } from '../../core/card/card.ts';
import { partsOf, type SimulatedCardOptions } from './card-parts.ts';
import { burst, evict, trim, writeSnapshot } from './card-upkeep.ts';
import type { Clock } from './clock.ts';
import type { Draw } from './draw.ts';
import { holdAtEnd, holdNow, recordMatches } from './held-laws.ts';
import { hold, holdDecision, holdLimits, Violation } from './laws.ts';
import { Model } from './model.ts';
import type { Answered, ModelAnswer } from './model-answer.ts';
import type { Network } from './network.ts';
import { asMeant } from './odd-shops.ts';
import type { ProfileMaker } from './profiles.ts';
import type { Delivery } from './purchase.ts';
import { releaseSometimes } from './refund-releases.ts';
import { type SetBacks, setBackSometimes } from './set-back.ts';
import type { MakeCard } from './simulated-card.ts';
import type { SimulatedObject } from './simulated-object.ts';
import { SimulatedCrash, type Store } from './store.ts';
import type { Tally } from './tally.ts';
import { tallyMessage, tallyRequest } from './turns.ts';
import { holdWire } from './wire-laws.ts';
import { WireTape } from './wire-tape.ts';

const [secondMs, minuteMs, daysMs, recentMax] = [1_000, 60_000, 2 * 86_400_000, 14];
/** Of the calls: a load costs as much as twenty decisions. */
const crashShare = 0.0015;
/** Of a thousand steps. */
const evictions = 1;

export class CardRun {
  readonly draw: Draw;
  readonly network: Network;
  readonly model = new Model();
  readonly object: SimulatedObject;
  readonly tally: Tally;
  readonly makeCard: MakeCard;
  readonly clock: Clock;
  readonly tape = new WireTape();
  readonly setBacks: SetBacks;
  readonly #profiles: ProfileMaker;
  readonly #releases: Draw;
  /** The answers that the network has seen, by request key. */
  readonly #seen = new Map<string, Decision>();
  readonly #recent: { step: number; clock_ms: number; act: unknown }[] = [];
  hasTrimmed = false;
  readonly #startMs: number;
  readonly #burstShare: number;
  #step = 0;

  constructor(at: SimulatedCardOptions) {
    const { draw, network, profiles, clock, object, releases, setBacks } = partsOf(at);
    this.draw = draw;
    this.network = network;
    this.#profiles = profiles;
    this.clock = clock;
    [this.#releases, this.setBacks] = [releases, setBacks];
    this.object = object;
    this.tally = at.tally;
    this.#burstShare = at.burstShare;
    this.makeCard = at.makeCard;
    this.#startMs = this.clockMs;
  }

  get card(): Card {
    return this.object.card;
  }

  get store(): Store {
    return this.object.store;
  }

  get clockMs(): number {
    return this.clock.nowMs;
  }

  /** Until so many requests were decided. Throws the violation of a law. */
  async run(decisions: number): Promise<void> {
    const { tally, draw, object } = this;
    const until = tally.decisions + decisions;
    try {
      await object.wake();
      if (draw.chance(0.97)) this.#putProfile(this.#profiles.first(this.clockMs));
      const burstAfter = draw.chance(this.#burstShare)
        ? tally.decisions + draw.below(decisions)
        : Number.POSITIVE_INFINITY;
      let hasBurst = false;
      while (tally.decisions < until) {
        this.#step++;
        this.clock.tick();
        if (object.isDue(this.clockMs)) await object.advance(this.clockMs);
        if (!object.isAwake) await object.wake();
        this.#oneStep();
        await releaseSometimes(this, this.#releases);
        await setBackSometimes(this);
        if (hasBurst || tally.decisions < burstAfter) continue;
        hasBurst = true;
        await burst(this);
      }
      await object.becomeQuiet();
      holdWire(this.tape, object.queue.events);
      holdAtEnd(this);
    } catch (error) {
      if (error instanceof Violation) throw error;
      throw new Violation('card_stands', error instanceof Error ? (error.stack ?? error.message) : String(error));
    }
    tally.lived(this.#startMs, this.clockMs);
  }

  /** Where a violation happened, and what came before it. */
  describe(): { step: number; recent: readonly unknown[] } {
    return { step: this.#step, recent: this.#recent };
  }

  /** Kept for whoever looks at a violation. */
  note(act: unknown): void {
    this.#recent.push({ step: this.#step, clock_ms: this.clockMs, act });
    if (this.#recent.length > recentMax) this.#recent.shift();
  }

  #oneStep(): void {
    const { draw } = this;
    const kind = draw.below(1_000);
    if (kind < evictions) evict(this);
    else if (kind < 16) this.#changeProfile();
    else if (kind < 25) writeSnapshot(this);
    else if (kind < 60 && this.clock.isDoubted) this.note('upkeep waits');
    else if (kind < 29) trim(this);
    else if (kind < 60) this.#expire();
    else {
      const due = draw.chance(0.7) ? this.network.takeDue(this.clockMs) : null;
      this.#deliver(due ?? this.network.newActivity(this.clockMs));
    }
    holdNow(this);
  }

  /** The call's answer, or null where it was lost; what was written; and whether that was committed. */
  call<T>(act: unknown, call: (card: Card) => T): { answer: T | null; rows: CardEventBody[]; committed: boolean } {
    const { draw, store, tally } = this;
    this.note(act);
    const crash = draw.chance(crashShare) ? draw.pick(['before commit', 'after commit'] as const) : null;
    store.begin(crash === 'before commit');
    let answer: T | null = null;
    try {
      answer = call(this.card);
    } catch (error) {
      if (!(error instanceof SimulatedCrash)) throw error;
      store.rollback();
      tally.crashes++;
      tally.count('lost_row');
      this.object.restart();
      return { answer: null, rows: [], committed: false };
    }
    const rows = store.pending.map(({ body }) => body);
    store.commit();
    if (crash === null) return { answer, rows, committed: true };
    tally.crashes++;
    tally.count('lost_reply');
    this.object.restart();
    return { answer: null, rows, committed: true };
  }

  readClock(): number {
    const clockMs = this.clock.read();
    this.tape.reads(clockMs);
    if (this.model.clockMs - clockMs > daysMs) this.tally.count('clock_followed_back');
    return clockMs;
  }

  #deliver(delivery: Delivery): void {
    if (delivery.kind === 'request') this.#request(delivery);
    else if (delivery.kind === 'message') this.#message(delivery);
    else this.void(delivery.request_key);
  }

  #request(delivery: Extract<Delivery, { kind: 'request' }>): void {
    const { request, deadline_at_ms } = delivery;
    const clockMs = this.readClock();
    const isLate = deadline_at_ms !== null && clockMs > deadline_at_ms;
    const lacks = this.card.shortfall(request, clockMs);
    const called = this.call(delivery, (card) => card.authorize(request, clockMs, deadline_at_ms));
    if (!called.committed) {
      this.network.answered(delivery, null, this.clockMs);
      return;
    }
    this.tape.heard(request);
    if (called.answer !== null) this.tape.answered(request, called.answer);
    const should = this.model.authorize(asMeant(request), clockMs, deadline_at_ms);
    if (should.outcome === 'conflict') {
      this.tally.count('conflicting_repeat');
      if (called.answer !== null) hold('repeat_answered_alike', 'outcome', called.answer.outcome, 'conflict');
      return;
    }
    const row = called.rows.find((body) => body.kind === 'authorization');
    hold('repeat_answered_alike', 'a new row', row !== undefined, !should.isRepeat);
    if (row !== undefined) {
      holdLimits(row.decision, should.limitsSeen);
      holdDecision(row.decision, should.own);
    }
    if (called.answer !== null) this.#answered(request.request_key, called.answer, should);
    if (!isLate) hold('shortfall_equals_model', 'shortfall', lacks, should.lacks);
    tallyRequest(this.tally, request, should, isLate);
    if (should.isRepeat) this.tally.repeats++;
    else {
      this.tally.decided(should.own, this.model.profile);
      this.network.answered(delivery, called.answer === null ? null : should.decision, this.clockMs);
    }
  }

  #answered(requestKey: string, answer: AuthorizeAnswer, should: Extract<ModelAnswer, { outcome: 'decided' }>): void {
    hold('repeat_answered_alike', 'outcome', answer.outcome, 'decided');
    if (answer.outcome !== 'decided') return;
    const { decision, authorization_id } = answer;
    holdDecision(decision, should.decision);
    const { life } = should;
    if (life !== null && !should.isRepeat) {
      life.authorization_id ??= authorization_id;
      hold('message_equals_model', 'authorization_id', authorization_id, life.authorization_id);
    }
    // What is said instead of the request's own decision (given up, stood in) may change; the decision itself never does.
    if (should.decision !== should.own) return;
    const seen = this.#seen.get(requestKey);
    // What was trimmed is decided anew: the network has long stopped repeating it.
    if (seen === undefined || !should.isRepeat) this.#seen.set(requestKey, decision);
    else hold('repeat_answered_alike', 'the text', JSON.stringify(decision), JSON.stringify(seen));
  }

  #message(delivery: Extract<Delivery, { kind: 'message' }>): void {
    const { message } = delivery;
    this.tape.sent.add(message.message_key);
    const clockMs = this.readClock();
    const { answer, rows, committed } = this.call(delivery, (card) => card.receive(message, clockMs));
    if (!committed) {
      this.network.schedule(this.clockMs + minuteMs, delivery);
      return;
    }
    if (answer !== null) this.tape.acknowledge(message);
    const heldBefore = this.model.names.get(message.authorization_key ?? '')?.hold_minor ?? 0;
    const should = this.model.message(asMeant(message), clockMs);
    this.tally.messages++;
    if (answer !== null)
      hold('message_equals_model', 'outcome', answer.outcome, should.isRepeat ? 'repeated' : 'stored');
    recordMatches(rows, should);
    tallyMessage(this.tally, message, should, heldBefore);
    // The network knows only that its message was not taken, and sends it again.
    if (answer === null) this.network.schedule(this.clockMs + minuteMs, delivery);
  }

  /** Gives up a request. */
  void(requestKey: string): void {
    const clockMs = this.readClock();
    const { committed, rows } = this.call({ void: requestKey }, (card) => card.void(requestKey, clockMs));
    if (!committed) {
      this.network.schedule(this.clockMs + secondMs, { kind: 'void', request_key: requestKey });
      return;
    }
    const before: Answered | undefined = this.model.answered.get(requestKey);
    const count = this.model.void(requestKey, clockMs);
    hold('message_equals_model', 'voids recorded', rows.length, count);
    const [row] = rows.slice(-1);
    if (row?.kind === 'void' && row.stood_in !== undefined) this.tally.count('void_of_stand_in');
    else if (count > 0) this.tally.count(before === undefined ? 'void_before_request' : 'void_of_approval');
  }

  #changeProfile(): void {
    const { profile } = this.model;
    const next = profile === null ? this.#profiles.first(this.clockMs) : this.#profiles.change(profile, this.clockMs);
    this.#putProfile(next);
  }

  #putProfile(profile: Profile): void {
    const clockMs = this.readClock();
    const { answer, rows, committed } = this.call({ profile }, (card) => card.putProfile(profile, clockMs));
    if (!committed) return;
    const version = this.model.profile?.version ?? 0;
    const should = this.model.putProfile(profile, clockMs);
    hold('profile_never_older', 'rows', rows.length, should === 'stored' ? 1 : 0);
    if (answer !== null) {
      hold('profile_never_older', 'outcome', answer.outcome, should);
      hold('profile_never_older', 'version', answer.version, this.model.profile?.version);
    }
    if (should === 'stored') this.tally.count('profile_stored');
    else this.tally.count(profile.version < version ? 'profile_older' : 'profile_same_version');
  }

  #expire(): void {
    const clockMs = this.readClock();
    const { answer, rows, committed } = this.call('expire', (card) => card.expire(clockMs));
    if (!committed) return;
    const should = this.model.expire(clockMs);
    hold('money_equals_model', 'holds that lapsed', rows.length, should);
    if (answer !== null) hold('money_equals_model', 'expired', answer.expired, should);
    if (should > 0) this.tally.count('expiry_by_card');
  }
}
