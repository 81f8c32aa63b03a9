// The object's one alarm, which stands for one of two promises, told apart by its instant alone, so that it needs no row of its
// own: upkeep is always on a whole minute, sending never is. Example: 12:07:00.000 is upkeep's, 12:07:03.120 is to send.
//
// Neither proves that all was sent: on a resting card an upkeep alarm stands for unsent events too. Whatever the alarm was for, its handler
// does all that is due, so a promise that was replaced is kept with the one that replaced it. A release until 2026-11-27 set its upkeep
// alarm when all was sent, and takes one that it finds for a proof: docs/decisions/0022.
//
// What is in memory, and why losing it is harmless: which promise is pending, and for when, is read back from the storage; when
// the last alarm was set for comes with the alarm; a clock in doubt is doubted again by the next alarm that it did not set.

import { limits } from '../../contracts/limits.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

export type Promised = 'sending' | 'upkeep';

/** The one alarm of an object; the storage of a Durable Object is one. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

export class Agenda {
  readonly #storage: AlarmStorage;
  #pendingAtMs: number | null = null;
  /** The instant of the alarm that went off last. */
  #firedAtMs: number | null = null;
  /** The instant of the alarm that found the clock in doubt; null while it is not. */
  #doubtedAtMs: number | null = null;

  constructor(storage: AlarmStorage) {
    this.#storage = storage;
  }

  /** Null where none is, and where the alarm that is about to be handled was already taken from the storage. */
  get pending(): Promised | null {
    return this.#pendingAtMs === null ? null : promiseAt(this.#pendingAtMs);
  }

  async restore(): Promise<void> {
    this.#pendingAtMs = await this.#storage.getAlarm();
  }

  /** An alarm is pending, whichever, no later than that instant. */
  isPendingBy(latestMs: number): boolean {
    // One more: an instant on a whole minute was moved by that.
    return this.#pendingAtMs !== null && this.#pendingAtMs <= latestMs + 1;
  }

  /** To send what is unsent, at that instant. */
  promiseSending(atMs: number): void {
    this.#set(atMs % minuteMs === 0 ? atMs + 1 : atMs);
  }

  /** To look after the card, at that instant or within a minute of it. */
  promiseUpkeep(atMs: number): void {
    this.#set(wholeMinute(atMs));
  }

  /** The same where no alarm is pending that comes as soon; nothing is written where one is, which is usual. Infinity: nothing is due. */
  promiseUpkeepBy(atMs: number): void {
    if (atMs < Number.POSITIVE_INFINITY && (this.#pendingAtMs ?? Number.POSITIVE_INFINITY) > wholeMinute(atMs))
      this.promiseUpkeep(atMs);
  }

  /**
   * Brings a pending alarm forward that is later than we ever ask for: the clock ran ahead when it was set. Without this a card
   * whose clock once jumped 400 days would neither send nor drop a hold for 400 days.
   */
  bringForward(nowMs: number): void {
    const latestMs = nowMs + (this.pending === 'sending' ? limits.publishAlarmBusyMs : limits.retentionMs + minuteMs);
    if (this.#pendingAtMs === null || this.#pendingAtMs <= latestMs + 1) return;
    logAlarm('alarm_brought_forward', this.#pendingAtMs - nowMs);
    if (this.pending === 'sending') this.promiseSending(nowMs + limits.publishAlarmMs);
    else this.promiseUpkeep(nowMs + minuteMs);
  }

  /** The alarm has gone off: `info` says for which instant it was set, where the platform says so. */
  fired(info: { readonly scheduledTime: number } | undefined): void {
    const scheduledMs = info === undefined ? this.#pendingAtMs : Number(info.scheduledTime);
    // What a doubted clock has set since says nothing of the time.
    this.#firedAtMs = this.#doubtedAtMs === null ? scheduledMs : this.#doubtedAtMs + hourMs;
    this.#pendingAtMs = null;
  }

  /**
   * The alarm's own instant is a second clock: an alarm comes seconds late, or hours where the platform was away. Where the
   * machine's clock is more than a day ahead of it, nothing may be dropped by that clock: a jump of 400 days would take every
   * hold and every row.
   */
  isClockDoubted(nowMs: number): boolean {
    const aheadMs = nowMs - (this.#firedAtMs ?? nowMs);
    this.#doubtedAtMs = aheadMs > limits.alarmLateMsMax ? this.#firedAtMs : null;
    if (this.#doubtedAtMs === null) return false;
    logAlarm('alarm_clock_not_believed', aheadMs);
    return true;
  }

  /**
   * To look again, an hour after the instant of the alarm that found the clock in doubt: perhaps on another machine. An alarm that
   * truly was days late is believed after some of these, which follow each other at once.
   */
  lookAgain(): void {
    this.promiseUpkeep((this.#firedAtMs ?? 0) + hourMs);
  }

  /** Not awaited: the output gate holds the reply until row and alarm are durable, and without an await they are one commit. */
  #set(atMs: number): void {
    this.#pendingAtMs = atMs;
    void this.#storage.setAlarm(atMs);
  }
}

function wholeMinute(atMs: number): number {
  return Math.ceil(atMs / minuteMs) * minuteMs;
}

function promiseAt(atMs: number): Promised {
  return atMs % minuteMs === 0 ? 'upkeep' : 'sending';
}

function logAlarm(event: string, ahead_ms: number): void {
  console.error(JSON.stringify({ level: 'error', event, ahead_ms }));
}
