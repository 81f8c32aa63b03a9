// Who read what, and who was refused: counted in memory, so that no call waits for it, and written every few seconds by a loop. A
// process that dies takes the newest seconds of its counts with it; one that stops in order writes them first. What a key did is counted
// for ever; from which address, only as far as the bounds below, so that a flood cannot fill the table.

/** One row of the table in the making. */
export interface AccessCount {
  /** UTC, as `2026-11-27`. */
  readonly day: string;
  /** Empty: no good key was shown. */
  readonly api_key_id: string;
  readonly route: string;
  /** `read`, or the refusal's error_code. */
  readonly outcome: string;
  /** The address itself, which is in memory only; null: beyond the bound. */
  readonly network: string | null;
  readonly calls: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly lastRequestId: string;
}

export interface Access {
  readonly api_key_id: string | null;
  readonly route: string;
  readonly outcome: string;
  readonly network: string;
  readonly requestId: string;
  readonly atMs: number;
}

export interface AddressBounds {
  /** Rows with an address of their own, of one key and day. */
  readonly perKey: number;
  /** The same of all who showed no good key. */
  readonly strangers: number;
  /** Of all together. */
  readonly all: number;
}

/** Some 150 bytes a row: at most 30 MB in the database for each day and process. */
const addressBounds: AddressBounds = { perKey: 2_000, strangers: 20_000, all: 200_000 };

export class AccessCounts {
  readonly #bounds: AddressBounds;
  #waiting = new Map<string, AccessCount>();
  /** Rows of this day that have an address of their own, by key. Lost with the process: the bound then begins again. */
  #known = new Map<string, Set<string>>();
  #knownTotal = 0;
  #day = '';

  constructor(bounds: AddressBounds = addressBounds) {
    this.#bounds = bounds;
  }

  count({ api_key_id, route, outcome, network, requestId, atMs }: Access): void {
    const day = dayOf(atMs);
    if (day > this.#day) this.#begin(day);
    const key = api_key_id ?? '';
    const row = [route, outcome, network].join(' ');
    const told = this.#mayTell(key, row) ? network : null;
    const times = { calls: 1, firstAtMs: atMs, lastAtMs: atMs, lastRequestId: requestId };
    this.#add({ day, api_key_id: key, route, outcome, network: told, ...times });
  }

  /** Takes all that waits; what cannot be written is given back. */
  take(): readonly AccessCount[] {
    const taken = [...this.#waiting.values()];
    this.#waiting = new Map();
    return taken;
  }

  giveBack(counts: readonly AccessCount[]): void {
    for (const count of counts) this.#add(count);
  }

  /** The oldest that is not written; null: all is. */
  oldestAtMs(): number | null {
    if (this.#waiting.size === 0) return null;
    return this.#waiting.values().reduce((oldest, { firstAtMs }) => Math.min(oldest, firstAtMs), Number.MAX_VALUE);
  }

  #begin(day: string): void {
    this.#day = day;
    this.#known = new Map();
    this.#knownTotal = 0;
  }

  /** Whether this row has an address of its own. */
  #mayTell(key: string, row: string): boolean {
    const known = this.#known.get(key) ?? new Set();
    if (known.has(row)) return true;
    const { perKey, strangers, all } = this.#bounds;
    if (known.size >= (key === '' ? strangers : perKey) || this.#knownTotal >= all) return false;
    this.#known.set(key, known.add(row));
    this.#knownTotal += 1;
    return true;
  }

  #add(count: AccessCount): void {
    const { day, api_key_id, route, outcome, network } = count;
    const name = JSON.stringify([day, api_key_id, route, outcome, network]);
    const known = this.#waiting.get(name);
    this.#waiting.set(name, known === undefined ? count : together(known, count));
  }
}

function together(one: AccessCount, other: AccessCount): AccessCount {
  const newest = one.lastAtMs > other.lastAtMs ? one : other;
  return {
    ...newest,
    calls: one.calls + other.calls,
    firstAtMs: Math.min(one.firstAtMs, other.firstAtMs),
  };
}

export function dayOf(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10);
}
