// What happens to a card between calls: a snapshot, the trimming of what is old, its process gone, its queue away for long.

import { limits } from '../../contracts/limits.ts';
import type { CardRun } from './card-run.ts';
import { hold } from './laws.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** Longer than the network sends anything again. */
const retentionMs = 35 * dayMs;

export function writeSnapshot({ store, card, tally }: CardRun): void {
  store.writeSnapshot(card.snapshot());
  tally.snapshots++;
}

/** Forgets what is older than the retention; snapshot and removal of rows are one commit. */
export function trim(run: CardRun): void {
  const { store, clockMs, card, model, tally } = run;
  const beforeMs = clockMs - retentionMs;
  // What is unsent stays, however old.
  const firstSequence = Math.min(store.firstSince(beforeMs), run.object.publishedSequence + 1);
  run.note({ trim: { firstSequence, beforeMs } });
  card.forget({ firstSequence, beforeMs }, clockMs);
  store.writeSnapshot(card.snapshot());
  store.firstSequence = firstSequence;
  tally.trims++;
  run.hasTrimmed ||= firstSequence > 1;
  if (model.forget({ firstSequence, beforeMs }, clockMs) > 0) {
    tally.count('lives_trimmed');
    run.hasTrimmed = true;
  }
}

/** Gone from memory between two calls: the card that is loaded is the one that was. */
export function evict(run: CardRun): void {
  const before = JSON.stringify(run.card.snapshot());
  run.note('evict');
  run.object.restart();
  run.tally.evictions++;
  hold('crash_changes_nothing', 'the card', JSON.stringify(run.card.snapshot()), before);
}

/** The queue is away until more is unsent than the outbox keeps in memory. */
export async function burst(run: CardRun): Promise<void> {
  const { draw, object, network } = run;
  object.queue.goAway(draw.below(hourMs));
  const rows = limits.unsentInMemoryMax + draw.between(1, 300);
  run.note({ burst: rows });
  for (let row = 0; row < rows; row++) {
    if (!object.isAwake) await object.wake();
    run.void(network.newKey('never-asked'));
  }
  if (draw.chance(0.5)) object.restart();
  run.tally.count('unsent_beyond_memory');
}
