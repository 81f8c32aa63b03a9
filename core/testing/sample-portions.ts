// Portions for tests, short enough for a table: [kind, given at, held, cleared], or with its window's instant last where that
// is another.

import type { Portion } from '../windows/portions.ts';

export type Short = readonly [
  kind: Portion['kind'],
  givenAtMs: number,
  held: number,
  cleared: number,
  windowAtMs?: number,
];

export function portion([kind, given_at_ms, held_minor, cleared_minor, window_at_ms = given_at_ms]: Short): Portion {
  return Object.freeze({ kind, given_at_ms, window_at_ms, held_minor, cleared_minor });
}
