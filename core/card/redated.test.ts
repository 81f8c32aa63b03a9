// What a clock ahead of time has dated, seen again by a clock that is right: which dates are taken anew, and which stand.

import { describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { hourMs, noonMs } from '../testing/samples.ts';
import { type Held, type HoldChange, merged } from './hold-changes.ts';
import { redated } from './redated.ts';

const dayMs = 24 * hourMs;
/** By the clock that is right. */
const nowMs = noonMs + 2 * hourMs;
/** By the clock that was ahead. */
const aheadMs = noonMs + 3 * dayMs;
/** As early as a change of the hold without a stamp may stand that was heard at such an instant. */
const earliest = (heardMs: number) => heardMs - limits.stampBehindMsMax;

const begins: HoldChange = { does: 'adds', minor: 100, at_ms: noonMs, nth: -1, heard: 1, heard_ms: noonMs };
const takes = (minor: number, more: Partial<HoldChange>): HoldChange => ({
  ...{ does: 'takes', minor, at_ms: aheadMs, nth: 1, heard: 2, heard_ms: aheadMs },
  ...more,
});
const adds = (minor: number, more: Partial<HoldChange>): HoldChange => ({ ...takes(minor, more), does: 'adds' });
const placesOf = ({ changes }: Held) => changes.map(({ minor, at_ms, nth }) => ({ minor, at_ms, nth }));

describe('stays the very same', () => {
  test.each<[what: string, change: HoldChange]>([
    ['what stands by its own stamp, though it was heard by the clock ahead', takes(30, { at_ms: noonMs, nth: 0 })],
    ['what was heard by the clock that is right', takes(30, { at_ms: noonMs, heard_ms: noonMs + hourMs })],
    ['what was heard at this very instant', takes(30, { heard_ms: nowMs })],
  ])('%s', (_, change) => {
    const held = merged([begins, change]);
    expect(redated(held, nowMs)).toBe(held);
  });

  const stamped = { at_ms: noonMs + hourMs, nth: 0, heard: 3, heard_ms: noonMs + hourMs };
  const beginsWithTip = { ...begins, minor: 120, network_minor: 100 };
  test.each<[what: string, changes: HoldChange[], hold: [minor: number, ofNetwork: number]]>([
    ['all that is held: 30, and 50 otherwise', [begins, takes(120, {}), adds(50, stamped)], [30, 30]],
    [
      'what is held in addition alone: 80, and 60 otherwise, of which the network knows 50',
      [beginsWithTip, takes(100, {}), adds(60, { ...stamped, network_minor: 50 })],
      [80, 50],
    ],
  ])('what would change %s', (_, changes, [hold_minor, network_minor]) => {
    const held = merged(changes);
    expect(held).toMatchObject({ hold_minor, network_minor });
    expect(redated(held, nowMs)).toBe(held);
  });
});

describe('is dated anew', () => {
  test('what the clock ahead has dated, as early as it may be, and nothing that has a stamp of its own', () => {
    const stamped = takes(5, { at_ms: noonMs + hourMs, nth: 0, heard: 3, heard_ms: noonMs + hourMs });
    const again = redated(merged([begins, stamped, takes(30, {})]), nowMs);
    expect(placesOf(again)).toEqual([
      { minor: 100, at_ms: noonMs, nth: -1 },
      { minor: 30, at_ms: earliest(nowMs), nth: 1 },
      { minor: 5, at_ms: noonMs + hourMs, nth: 0 },
    ]);
    expect(again).toMatchObject({ hold_minor: 65, network_minor: 65 });
  });

  test('what followed it by the clock that is right: an approval when it was given, all else as early as it may be', () => {
    const approval = (heard_ms: number) => adds(50, { at_ms: aheadMs, nth: 2, heard: 3, heard_ms });
    for (const givenMs of [noonMs + hourMs, nowMs]) {
      const later = takes(7, { at_ms: aheadMs, nth: 3, heard: 4, heard_ms: nowMs });
      expect(placesOf(redated(merged([begins, takes(30, {}), approval(givenMs), later]), nowMs))).toEqual([
        { minor: 100, at_ms: noonMs, nth: -1 },
        { minor: 30, at_ms: earliest(nowMs), nth: 1 },
        { minor: 50, at_ms: givenMs, nth: 2 },
        { minor: 7, at_ms: givenMs, nth: 3 },
      ]);
    }
  });

  test('and by no later instant than when it was heard', () => {
    const early = takes(7, { at_ms: noonMs, nth: 1, heard: 2, heard_ms: noonMs + hourMs });
    const later = takes(30, { at_ms: aheadMs, nth: 2, heard: 3 });
    expect(placesOf(redated(merged([begins, early, later]), nowMs)).slice(1)).toEqual([
      { minor: 7, at_ms: earliest(noonMs + hourMs), nth: 1 },
      { minor: 30, at_ms: earliest(nowMs), nth: 2 },
    ]);
  });

  test('but no approval that was given by a clock ahead: it keeps the later date, and holds more', () => {
    const approval = adds(50, { at_ms: aheadMs + dayMs, nth: 2, heard: 3, heard_ms: aheadMs });
    const again = redated(merged([begins, takes(30, { at_ms: aheadMs + dayMs }), approval]), nowMs);
    expect(placesOf(again).slice(1)).toEqual([
      { minor: 30, at_ms: earliest(nowMs), nth: 1 },
      { minor: 50, at_ms: aheadMs + dayMs, nth: 2 },
    ]);
  });

  test('in the order in which it was heard; of one event of before numbers were kept, in the order of its places', () => {
    const heard = { heard: 0, heard_ms: aheadMs };
    const second = takes(30, { ...heard, at_ms: aheadMs - dayMs, nth: 2 });
    const first = takes(7, { ...heard, at_ms: aheadMs, nth: 1 });
    expect(placesOf(redated(merged([begins, second, first]), nowMs)).slice(1)).toEqual([
      { minor: 7, at_ms: earliest(nowMs), nth: 1 },
      { minor: 30, at_ms: earliest(nowMs), nth: 2 },
    ]);
  });
});
