// What was dated by our clock while that was days ahead, once it is right again. Example: by a clock of May 6 a reversal of 30 without a
// stamp is heard. It comes after what was heard before it, and nothing else: an advice of 80 stamped May 3, heard on May 3 by a clock that is
// right again, comes after it, and 80 are held. Does not change what is held, only where what is heard next will stand; and not the date of
// an approval that was given by such a clock, because nothing tells whether that clock was wrong, or ours is behind now: it holds more.

import { limits } from '../../contracts/limits.ts';
import { hearingOrder } from './hearing.ts';
import { afterAllHeard, type Held, type HoldChange, isBeginning, merged } from './hold-changes.ts';

/** The same, or with other dates. */
export function redated<H extends Held>(held: H, nowMs: number): H {
  const { changes } = held;
  if (!changes.some(({ heard_ms, nth }) => heard_ms > nowMs && nth > 0)) return held;
  const compare = hearingOrder(changes);
  const placed: HoldChange[] = [];
  for (const change of [...changes].sort((one, other) => compare(one, other) || one.nth - other.nth))
    placed.push(isDatedByUs(change) ? { ...change, ...placeBy(placed, change, nowMs) } : change);
  const again = merged(placed);
  return again.hold_minor === held.hold_minor && again.network_minor === held.network_minor
    ? { ...held, ...again }
    : held;
}

function isDatedByUs(change: HoldChange): boolean {
  return !isBeginning(change) && change.nth > 0;
}

function placeBy(heardBefore: readonly HoldChange[], change: HoldChange, nowMs: number) {
  return afterAllHeard(heardBefore, Math.min(change.at_ms, latestMs(change, nowMs)), change.order);
}

/** No later than it was given; what has no stamp as early as it may be. */
function latestMs({ does, heard_ms, at_ms }: HoldChange, nowMs: number): number {
  if (does !== 'adds') return Math.min(heard_ms, nowMs) - limits.stampBehindMsMax;
  return heard_ms > nowMs ? at_ms : heard_ms;
}
