// How many messages are on their way at one time, for each endpoint and in all. Two lanes: endpoints that fail or answer
// slowly share places of their own, so that however many of them there are, the others find places free. In memory only:
// losing it forgets who was slow, which costs one slow attempt each.

import type { Lane } from './claim.ts';

export interface SlotLimits {
  readonly fast: { readonly all: number; readonly perEndpoint: number };
  readonly slow: { readonly all: number; readonly perEndpoint: number };
  /** An attempt that takes longer gives its place in the fast lane back, and makes its endpoint slow until one that does not. */
  readonly slowAfterMs: number;
}

export const slotLimits: SlotLimits = {
  // 16 at one time with a partner that answers in 100 ms are 160 messages a second to it alone.
  fast: { all: 256, perEndpoint: 16 },
  slow: { all: 128, perEndpoint: 4 },
  slowAfterMs: 1_000,
};

export class Slots {
  readonly #limits: SlotLimits;
  readonly inHand = new Map<string, number>();
  readonly #slow = new Set<string>();
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #used = { fast: 0, slow: 0 };
  #released = Promise.withResolvers<void>();

  constructor(limits: SlotLimits) {
    this.#limits = limits;
  }

  lane(name: 'fast' | 'slow'): Lane {
    const { all, perEndpoint } = this.#limits[name];
    return { free: Math.max(0, all - this.#used[name]), perEndpoint };
  }

  get slowEndpoints(): string[] {
    return [...this.#slow];
  }

  paused(nowMs: number): string[] {
    for (const [endpoint, untilMs] of this.#pausedUntilMs) if (untilMs <= nowMs) this.#pausedUntilMs.delete(endpoint);
    return [...this.#pausedUntilMs.keys()];
  }

  pause(endpoint: string, untilMs: number): void {
    this.#pausedUntilMs.set(endpoint, untilMs);
  }

  /**
   * Returns how to give the place back. The slow lane may be overfull for a while with attempts that began in the fast one:
   * of those there are at most `fast.all` a `slowAfterMs`, each for one timeout.
   */
  take(endpoint: string, slow: boolean): () => void {
    let lane: 'fast' | 'slow' = slow ? 'slow' : 'fast';
    let wasSlow = false;
    this.#used[lane] += 1;
    this.inHand.set(endpoint, (this.inHand.get(endpoint) ?? 0) + 1);
    const tooLong = setTimeout(() => {
      wasSlow = true;
      this.#slow.add(endpoint);
      this.#used[lane] -= 1;
      lane = 'slow';
      this.#used[lane] += 1;
      this.#tell();
    }, this.#limits.slowAfterMs);
    return () => {
      clearTimeout(tooLong);
      this.#used[lane] -= 1;
      const left = (this.inHand.get(endpoint) ?? 1) - 1;
      if (left === 0) this.inHand.delete(endpoint);
      else this.inHand.set(endpoint, left);
      if (!wasSlow) this.#slow.delete(endpoint);
      this.#tell();
    };
  }

  /** When a place is free that was not. */
  get released(): Promise<void> {
    return this.#released.promise;
  }

  #tell(): void {
    this.#released.resolve();
    this.#released = Promise.withResolvers();
  }
}
