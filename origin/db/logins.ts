// The database's logins, while one is changed: the newest is shown first, and where the server refuses it the former one. Every half minute
// the newest is shown again; once it is taken, connections of the former one are given up as they come back. Both are of one database.
//
// Example: "new" is set before it is made. Connections are made as "old", one refused try every 30 s; "new" is made: within 30 s all are "new".

import { sqlState } from './away.ts';

/** What became of the former login where the newest was refused. */
export const formerLogins = ['taken', 'refused', 'none'] as const;
export type FormerLogin = (typeof formerLogins)[number];

/** Wrong password; no such login, or none that may connect; a login that is not the service's role yet. */
const refusals = new Set(['28P01', '28000', '42501']);
const againMs = 30_000;

interface LoginsOptions {
  readonly url: string;
  readonly formerUrl: string | undefined;
  /** What connections that are opened from now on show. */
  readonly use: (url: string) => void;
  readonly refused: (former: FormerLogin) => void;
  readonly now?: () => number;
}

export class Logins {
  readonly #options: LoginsOptions;
  readonly #now: () => number;
  #isFormer = false;
  #triedMs = Number.NEGATIVE_INFINITY;

  constructor(options: LoginsOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** `open` may be called twice: what it throws for a login that is refused has begun nothing. */
  async connect<T>(open: () => Promise<T>): Promise<T> {
    if (this.#isFormer && this.#isDue()) this.#use('newest');
    const isFormer = this.#isFormer;
    if (!isFormer) this.#triedMs = this.#now();
    try {
      return await open();
    } catch (error) {
      if (!refusals.has(sqlState(error) ?? '')) throw error;
      return await this.#byTheOther(isFormer, error, open);
    }
  }

  async #byTheOther<T>(wasFormer: boolean, refusal: unknown, open: () => Promise<T>): Promise<T> {
    const { formerUrl, refused } = this.#options;
    if (formerUrl === undefined) {
      refused('none');
      throw refusal;
    }
    // Of several at once the first has changed it for all.
    if (this.#isFormer === wasFormer) this.#use(wasFormer ? 'newest' : 'former');
    try {
      const opened = await open();
      if (!wasFormer) refused('taken');
      return opened;
    } catch (error) {
      if (refusals.has(sqlState(error) ?? '')) refused('refused');
      throw error;
    }
  }

  /** Whether one that comes back is to be given up: the newest login is shown, or it is time to show it again. */
  isOver(login: string): boolean {
    const { url, formerUrl } = this.#options;
    if (formerUrl === undefined || login !== loginOf(formerUrl) || login === loginOf(url)) return false;
    // While the newest is shown, or is to be: else a pool would go on with what it has, and never open one that shows it.
    if (!this.#isFormer) return true;
    if (!this.#isDue()) return false;
    this.#use('newest');
    return true;
  }

  #isDue(): boolean {
    return this.#now() - this.#triedMs >= againMs;
  }

  #use(which: 'newest' | 'former'): void {
    const { url, formerUrl = url, use } = this.#options;
    this.#isFormer = which === 'former';
    if (!this.#isFormer) this.#triedMs = this.#now();
    use(this.#isFormer ? formerUrl : url);
  }
}

function loginOf(url: string): string {
  return decodeURIComponent(new URL(url).username);
}
