// How often one address may send a key that is not known. Each try takes a place and a good key gives it back, so only wrong ones
// count; places come back by themselves. Whoever guesses is refused before the database is asked, and a key that was good
// within the last day is asked for all the same: a partner is not locked out by a stranger behind the same address.

import type { ClientAddress } from '../http/client-address.ts';

export interface GuessLimits {
  /** Wrong keys of one address in a minute. A deployment with an old key tries once a second at most. */
  readonly perAddressPerMinute: number;
  /** Wrong keys of all addresses in a minute: each costs the database one look-up by its primary index. */
  readonly allPerMinute: number;
}

export interface Guesses {
  /** False: refuse, without looking. */
  take(address: ClientAddress): boolean;
  /** It was no guess. */
  giveBack(address: ClientAddress): void;
}

/** Addresses counted at once; the one that was counted longest ago is forgotten, which gives it its places back. */
const addressesMax = 50_000;
const everyone: ClientAddress = { network: 'all of them' };

export function createGuesses(limits: GuessLimits, now: () => number = Date.now): Guesses {
  const own = createBuckets(limits.perAddressPerMinute, now);
  const all = createBuckets(limits.allPerMinute, now);
  return {
    take(address) {
      if (!own.take(address.network)) return false;
      if (all.take(everyone.network)) return true;
      own.giveBack(address.network);
      return false;
    },
    giveBack(address) {
      own.giveBack(address.network);
      all.giveBack(everyone.network);
    },
  };
}

/** A bucket for each name: full at first, one place less for each that is taken, full again after a minute. */
export function createBuckets(perMinute: number, now: () => number = Date.now) {
  const buckets = new Map<string, { left: number; atMs: number }>();
  const leftIn = (name: string): number => {
    const bucket = buckets.get(name);
    if (bucket === undefined) return perMinute;
    return Math.min(perMinute, bucket.left + ((now() - bucket.atMs) * perMinute) / 60_000);
  };
  const put = (name: string, left: number): void => {
    // Taken out and put in again: the first of the map is the one that was counted longest ago.
    buckets.delete(name);
    if (left >= perMinute) return;
    buckets.set(name, { left, atMs: now() });
    const [oldest] = buckets.keys();
    if (buckets.size > addressesMax && oldest !== undefined) buckets.delete(oldest);
  };
  return {
    take(name: string): boolean {
      const left = leftIn(name);
      if (left < 1) return false;
      put(name, left - 1);
      return true;
    },
    giveBack(name: string): void {
      put(name, leftIn(name) + 1);
    },
  };
}
