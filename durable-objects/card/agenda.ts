// The object's one alarm, which stands for one of two promises, told apart by its instant alone, so that it needs no row of its
// own: upkeep is always on a whole minute, sending never is.
//
// An upkeep alarm is set only when every event is sent, and the next event's own alarm takes its place in that event's commit:
// found pending, it proves that all was sent. Any other finding proves nothing. Whatever the alarm was for, its handler does
// all that is due, so a promise that was replaced is kept with the one that replaced it.
//
// What is in memory, and why losing it is harmless: which promise is pending, and for when, is read back from the storage; when
// the last alarm was set for comes with the alarm.

import { limits } from '../../contracts/limits.ts';

const minuteMs = 60_000;

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

  /** An alarm to send is pending, no later than that instant. */
  isSendingBy(latestMs: number): boolean {
    // One more: an instant on a whole minute was moved by that.
    return this.pending === 'sending' && Number(this.#pendingAtMs) <= latestMs + 1;
  }

  /** To send what is unsent, at that instant. */
  promiseSending(atMs: number): void {
    this.#set(atMs % minuteMs === 0 ? atMs + 1 : atMs);
  }

  /** To look after the card, at that instant or within a minute of it. Only when nothing is unsent. */
  promiseUpkeep(atMs: number): void {
    this.#set(Math.ceil(atMs / minuteMs) * minuteMs);
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

  /** The alarm has gone off: what it was for. An object that it woke knows from its instant; null where nobody says. */
  fired(info: { readonly scheduledTime: number } | undefined): Promised | null {
    this.#firedAtMs = info === undefined ? this.#pendingAtMs : Number(info.scheduledTime);
    const atMs = this.#pendingAtMs ?? this.#firedAtMs;
    this.#pendingAtMs = null;
    return atMs === null ? null : promiseAt(atMs);
  }

  /**
   * The instant that the handler of the alarm may believe. The alarm's own instant is a second clock: an alarm comes seconds
   * late, or hours where the platform was away. A machine's clock that is more than a day ahead of it is not believed, so a
   * jump of 400 days drops no hold and no row.
   */
  believed(nowMs: number): number {
    const latestMs = this.#firedAtMs === null ? nowMs : this.#firedAtMs + limits.alarmLateMsMax;
    if (nowMs <= latestMs) return nowMs;
    logAlarm('alarm_clock_not_believed', nowMs - latestMs);
    return latestMs;
  }

  /** Not awaited: the output gate holds the reply until row and alarm are durable, and without an await they are one commit. */
  #set(atMs: number): void {
    this.#pendingAtMs = atMs;
    void this.#storage.setAlarm(atMs);
  }
}

function promiseAt(atMs: number): Promised {
  return atMs % minuteMs === 0 ? 'upkeep' : 'sending';
}

function logAlarm(event: string, ahead_ms: number): void {
  console.error(JSON.stringify({ level: 'error', event, ahead_ms }));
}
