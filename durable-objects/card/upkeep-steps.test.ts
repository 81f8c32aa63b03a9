// What a card owes to time, to the row and the millisecond: when a snapshot is due, when rows go and which, and when it wants to be
// woken next. The log, the snapshot and the storage are the test's.

import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { Card } from '../../core/card/card.ts';
import { SampleCard } from '../../core/testing/sample-lives.ts';
import { advice, clearing, countingIds, noonMs, profile, request } from '../../core/testing/samples.ts';
import type { CardLog } from './card-log.ts';
import type { CardSnapshot } from './card-snapshot.ts';
import { Upkeep } from './upkeep.ts';

const usual = { snapshotRowsMin: limits.snapshotRowsMin, snapshotEntriesPerRowMax: limits.snapshotEntriesPerRowMax };
afterEach(() => void Object.assign(limits, usual));
const dueMs = limits.retentionMs + limits.trimDelayMs;

function cared(sample: Pick<SampleCard, 'card' | 'log'>, snapshotSequence = 0) {
  const { card, log: rows } = sample;
  const kept = {
    rows: [...rows],
    left: [] as typeof rows,
    snapshots: [] as number[],
    trimmedTo: [] as number[],
    together: 0,
  };
  const log = {
    oldest: (from = 1) => [...(from === 0 ? kept.left : []), ...kept.rows][0] ?? null,
    firstSince: (atMs: number) => kept.rows.find(({ at_ms }) => at_ms >= atMs)?.sequence ?? null,
    trim(firstSequence: number) {
      kept.trimmedTo.push(firstSequence);
      kept.rows = kept.rows.filter(({ sequence }) => sequence >= firstSequence);
    },
  };
  // Of a release that has set nothing aside.
  const snapshot = {
    write: ({ sequence }: { sequence: number }) => void kept.snapshots.push(sequence),
    rowsKeptAfter: (sequence: number) => sequence,
    keepsUntilMs: () => 0,
  };
  const storage = {
    transactionSync(change: () => void) {
      kept.together++;
      change();
    },
  };
  const upkeep = new Upkeep({
    storage: storage as unknown as DurableObjectStorage,
    card,
    log: log as unknown as CardLog,
    snapshot: snapshot as unknown as CardSnapshot,
    snapshotSequence,
  });
  return { upkeep, kept, card };
}

/** A profile and so many declines, each a millisecond later. */
function declining(count: number): SampleCard {
  const sample = new SampleCard(profile({ status: 'frozen' }));
  for (let one = 1; one <= count; one++) decline(sample, one);
  return sample;
}
const decline = ({ card }: SampleCard, one: number) =>
  card.authorize(request({ request_key: `r${one}`, authorization_key: `a${one}` }), noonMs + one);

describe('a snapshot is due', () => {
  const isDue = (sample: SampleCard, snapshotSequence = 0) => {
    const { upkeep, kept } = cared(sample, snapshotSequence);
    upkeep.run(noonMs + 1_000, sample.card.sequence);
    return kept.snapshots.length === 1;
  };

  test('after so many rows, since the last one', () => {
    Object.assign(limits, { snapshotRowsMin: 5 });
    expect([isDue(declining(3)), isDue(declining(4)), isDue(declining(5))]).toEqual([false, true, true]);
    expect([isDue(declining(9), 6), isDue(declining(9), 5)]).toEqual([false, true]);
  });

  test('later where much is in it: an authorization is an entry, four keys are one', () => {
    Object.assign(limits, { snapshotRowsMin: 1, snapshotEntriesPerRowMax: 1 });
    // 20 declines leave 20 names and 20 answers: 40 keys, 10 entries.
    const sample = declining(20);
    expect([isDue(sample, 21 - 9), isDue(sample, 21 - 10)]).toEqual([false, true]);
    sample.card.receive(clearing(), noonMs + 30);
    expect([isDue(sample, 22 - 10), isDue(sample, 22 - 11)]).toEqual([false, true]);
    Object.assign(limits, { snapshotEntriesPerRowMax: 2 });
    expect([isDue(sample, 22 - 5), isDue(sample, 22 - 6)]).toEqual([false, true]);
  });

  test('once: what it holds counts no more', () => {
    Object.assign(limits, { snapshotRowsMin: 5 });
    const sample = declining(4);
    const { upkeep, kept } = cared(sample);
    for (const _ of [1, 2]) upkeep.run(noonMs + 1_000, sample.card.sequence);
    expect([kept.snapshots, kept.trimmedTo, kept.together]).toEqual([[5], [1], 1]);
    for (const one of [5, 6, 7, 8, 9]) decline(sample, one);
    upkeep.run(noonMs + 1_000, sample.card.sequence);
    expect(kept.snapshots).toEqual([5, 10]);
  });
});

describe('rows go', () => {
  test('when the oldest is past its retention and the time it may wait for others, with a snapshot, all that are past the retention', () => {
    const sample = declining(3);
    const { upkeep, kept } = cared(sample);
    upkeep.run(noonMs + dueMs - 1, 4);
    expect([kept.snapshots, kept.trimmedTo]).toEqual([[], []]);
    upkeep.run(noonMs + dueMs, 4);
    expect([kept.snapshots, kept.trimmedTo, kept.rows]).toEqual([[4], [5], []]);
  });

  test('only those that are older than the retention', () => {
    const sample = declining(1);
    sample.card.receive(clearing(), noonMs + limits.trimDelayMs - 1);
    sample.card.receive(clearing({ message_key: 'm2' }), noonMs + limits.trimDelayMs);
    const { upkeep, kept } = cared(sample);
    upkeep.run(noonMs + dueMs, 4);
    expect([kept.snapshots, kept.rows.map(({ sequence }) => sequence)]).toEqual([[4], [4]]);
  });

  test('and not while they are unsent', () => {
    const sample = declining(3);
    for (const [published, rows] of [
      [0, [1, 2, 3, 4]],
      [1, [2, 3, 4]],
      [3, [4]],
    ] as const) {
      const { upkeep, kept } = cared(sample);
      upkeep.run(noonMs + dueMs + 10, published);
      expect(kept.rows.map(({ sequence }) => sequence)).toEqual(rows);
      expect(kept.snapshots).toEqual(published === 0 ? [] : [4]);
    }
  });

  test('and memory forgets what went with them', () => {
    const sample = declining(2);
    const { upkeep, card } = cared(sample);
    expect(card.state.answers.byCard.size).toBe(2);
    upkeep.run(noonMs + dueMs + 10, 3);
    expect(card.state.answers.byCard.size).toBe(0);
  });

  test('what nothing was written over goes a week after it was trimmed, sent or not', () => {
    const { upkeep, kept } = cared(declining(1));
    kept.left = kept.rows.splice(0, 1);
    expect(upkeep.nextMs(noonMs + dueMs)).toBe(noonMs + 1 + dueMs);
    kept.rows = [];
    expect(upkeep.nextMs(noonMs + dueMs)).toBe(noonMs + dueMs + limits.trimDelayMs);
    upkeep.run(noonMs + dueMs + limits.trimDelayMs - 1, 0);
    expect(kept.trimmedTo).toEqual([]);
    upkeep.run(noonMs + dueMs + limits.trimDelayMs, 0);
    expect(kept.trimmedTo).toHaveLength(1);
  });

  test('never from an empty log', () => {
    const { upkeep, kept } = cared(new SampleCard(profile()));
    kept.rows = [];
    upkeep.run(noonMs + 2 * dueMs, 1);
    expect(kept.snapshots).toEqual([]);
  });
});

describe('the next time', () => {
  const held = () => {
    const sample = new SampleCard(profile());
    sample.card.authorize(request({ amount_minor: 1, hold_expires_at_ms: noonMs + 50 }), noonMs);
    return sample;
  };

  test('is when the next hold lapses, or the oldest row goes, whichever is sooner', () => {
    expect(cared(held()).upkeep.nextMs(noonMs)).toBe(noonMs + 50);
    expect(cared(declining(1)).upkeep.nextMs(noonMs + limits.trimDelayMs)).toBe(noonMs + dueMs);
    const { upkeep, kept } = cared(held());
    kept.rows = [];
    expect(upkeep.nextMs(noonMs)).toBe(noonMs + 50);
  });

  test('is no later than a retention from now, and none where nothing is owed', () => {
    expect(cared(declining(1)).upkeep.nextMs(noonMs)).toBe(noonMs + limits.retentionMs);
    const { upkeep, kept } = cared(declining(1));
    kept.rows = [];
    expect(upkeep.nextMs(noonMs)).toBeNull();
  });

  test('a hold that is due lapses', () => {
    const { upkeep, card } = cared(held());
    upkeep.run(noonMs + 49, 2);
    expect(card.state.held_minor).toBe(1);
    upkeep.run(noonMs + 50, 2);
    expect(card.state.held_minor).toBe(0);
  });
});

describe('nobody’s card', () => {
  const never = (): never => expect.fail('nothing is written or read back');
  const nobodys = (sample: SampleCard, more: object = {}) => {
    const { upkeep, kept, card } = cared(sample);
    Object.assign(card.state, { profile: null, ...more });
    return { upkeep, kept };
  };
  const lone = () => {
    const sample = new SampleCard(profile());
    sample.card.receive(clearing({ authorization_key: null }), noonMs);
    return sample;
  };

  test('is one without a profile, that holds nothing, all of whose rows are past their time', () => {
    const { upkeep } = nobodys(lone());
    expect([dueMs, dueMs + 1].map((ms) => upkeep.isNobodys(noonMs + ms))).toEqual([false, true]);
    expect(cared(lone()).upkeep.isNobodys(noonMs + 2 * dueMs)).toBe(false);
  });

  test('is none while it holds one unit, nor before its first event', () => {
    const sample = new SampleCard(profile());
    sample.card.receive(advice({ hold_minor: 1 }), noonMs);
    expect(nobodys(sample).upkeep.isNobodys(noonMs + 2 * dueMs)).toBe(false);
    expect(nobodys(lone(), { held_minor: -1 }).upkeep.isNobodys(noonMs + 2 * dueMs)).toBe(false);
    const card = new Card({ append: never, at: never, freshIds: countingIds() }, null, []);
    expect(cared({ card, log: [] }).upkeep.isNobodys(noonMs + 2 * dueMs)).toBe(false);
  });
});
