// How many messages are on their way at one time, for each endpoint and in all. Two lanes: endpoints that fail or answer
// slowly share places of their own, so that however many of them there are, the others find places free. In memory only:
// losing it forgets who was slow, which costs one slow attempt each.

import type { Lane } from './claim.ts';

export interface SlotLimits {
  readonly fast: { readonly all: number; readonly perEndpoint: number };
  readonly slow: { readonly all: number; readonly perEndpoint: number };
  /** An answer that takes longer makes an endpoint slow, until one that does not. */
  readonly slowAfterMs: number;
}

export const slotLimits: SlotLimits = {
  // 16 at one time with a partner that answers in 100 ms are 160 messages a second to it alone.
  fast: { all: 128, perEndpoint: 16 },
  slow: { all: 64, perEndpoint: 2 },
  slowAfterMs: 2_000,
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

  /** Returns how to give the place back. */
  take(endpoint: string, slow: boolean): (durationMs: number) => void {
    const lane = slow ? 'slow' : 'fast';
    this.#used[lane] += 1;
    this.inHand.set(endpoint, (this.inHand.get(endpoint) ?? 0) + 1);
    return (durationMs) => {
      this.#used[lane] -= 1;
      const left = (this.inHand.get(endpoint) ?? 1) - 1;
      if (left === 0) this.inHand.delete(endpoint);
      else this.inHand.set(endpoint, left);
      if (durationMs > this.#limits.slowAfterMs) this.#slow.add(endpoint);
      else this.#slow.delete(endpoint);
      this.#released.resolve();
      this.#released = Promise.withResolvers();
    };
  }

  /** When a place is given back. */
  get released(): Promise<void> {
    return this.#released.promise;
  }
}
