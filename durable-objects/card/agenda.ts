// The object's one alarm, which stands for one of two promises, told apart by its instant alone, so that it needs no row of its
// own: upkeep is always on a whole minute, sending never is.
//
// An upkeep alarm is set only when every event is sent, and the next event's own alarm takes its place in that event's commit:
// found pending, it proves that all was sent. Any other finding proves nothing. Whatever the alarm was for, its handler does
// all that is due, so a promise that was replaced is kept with the one that replaced it.
//
// What is in memory, and why losing it is harmless: which promise is pending is read back from the storage.

const minuteMs = 60_000;

export type Promised = 'sending' | 'upkeep';

/** The one alarm of an object; the storage of a Durable Object is one. */
export interface AlarmStorage {
  getAlarm(): Promise<number | null>;
  setAlarm(atMs: number): Promise<void>;
}

export class Agenda {
  readonly #storage: AlarmStorage;
  #pending: Promised | null = null;

  constructor(storage: AlarmStorage) {
    this.#storage = storage;
  }

  /** Null where none is, and where the alarm that is about to be handled was already taken from the storage. */
  get pending(): Promised | null {
    return this.#pending;
  }

  async restore(): Promise<void> {
    const atMs = await this.#storage.getAlarm();
    this.#pending = atMs === null ? null : promiseAt(atMs);
  }

  /** To send what is unsent, at that instant. */
  promiseSending(atMs: number): void {
    this.#set(atMs % minuteMs === 0 ? atMs + 1 : atMs);
  }

  /** To look after the card, at that instant or within a minute of it. Only when nothing is unsent. */
  promiseUpkeep(atMs: number): void {
    this.#set(Math.ceil(atMs / minuteMs) * minuteMs);
  }

  /** The alarm has gone off: what it was for. An object that it woke knows from its instant; null where nobody says. */
  fired(info: { readonly scheduledTime: number } | undefined): Promised | null {
    const scheduled = info === undefined ? null : promiseAt(info.scheduledTime);
    const promised = this.#pending ?? scheduled;
    this.#pending = null;
    return promised;
  }

  /** Not awaited: the output gate holds the reply until row and alarm are durable, and without an await they are one commit. */
  #set(atMs: number): void {
    this.#pending = promiseAt(atMs);
    void this.#storage.setAlarm(atMs);
  }
}

function promiseAt(atMs: number): Promised {
  return atMs % minuteMs === 0 ? 'upkeep' : 'sending';
}
