// What intake counts. Its lag is from the card's clock to the commit here: the queue's own delay is in it.

import { Counter, Histogram, type Registry } from 'prom-client';
import { networksByDefault } from '../../contracts/network.ts';
import type { Booked } from './book-batch.ts';
import { createCardMetrics } from './card-metrics.ts';
import { eventFlags } from './flags.ts';
import type { ReadMessage } from './read-message.ts';

export type IntakeMetrics = ReturnType<typeof createIntakeMetrics>;

export function createIntakeMetrics(registry: Registry, networks: readonly string[] = networksByDefault) {
  const registers = [registry];
  const events = new Counter({
    name: 'intake_events_total',
    help: 'Card events, by what became of them',
    labelNames: ['outcome'],
    registers,
  });
  const help = 'Queue messages, by what became of them';
  const messages = new Counter({ name: 'intake_messages_total', help, labelNames: ['outcome'], registers });
  const flagged = new Counter({
    name: 'intake_flagged_events_total',
    help: 'Booked events that a person may want to look at, by why',
    labelNames: ['flag'],
    registers,
  });
  // From the start, so that an alert on their rate sees the first one.
  for (const flag of eventFlags) flagged.inc({ flag }, 0);
  const standIns = new Counter({
    name: 'stand_ins_total',
    help: 'Approvals that the edge gave in the place of cards that could not be reached',
    registers,
  });
  const failures = new Counter({
    name: 'intake_batch_failures_total',
    help: 'Batches not booked: refused by the database for their data, or failed for any other cause',
    labelNames: ['cause'],
    registers,
  });
  for (const cause of ['refused', 'failed']) failures.inc({ cause }, 0);
  const batchSeconds = new Histogram({
    name: 'intake_batch_seconds',
    help: 'One batch, from reading to commit',
    buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10],
    registers,
  });
  const lagSeconds = new Histogram({
    name: 'intake_lag_seconds',
    help: "From a message's newest event at the card to its commit here; repeats are not counted",
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600],
    registers,
  });

  const cards = createCardMetrics(registry, networks);

  function countBatch(
    { applied, repeated, flags, events: booked, moved, fresh_at_ms }: Booked,
    batch: readonly ReadMessage[],
  ): void {
    const nowMs = Date.now();
    events.inc({ outcome: 'applied' }, applied);
    events.inc({ outcome: 'repeated' }, repeated);
    cards.countEvents(booked);
    cards.countMoved(moved);
    for (const flag of flags)
      if (flag === 'stood_in') standIns.inc();
      else flagged.inc({ flag });
    for (const { dead_letters, of_newer } of batch) {
      messages.inc({ outcome: dead_letters.length > 0 ? 'dead_letter' : 'done' });
      for (const { isOfNewer } of dead_letters) if (isOfNewer !== true) events.inc({ outcome: 'dead_letter' });
      events.inc({ outcome: 'of_newer_release' }, of_newer.length);
    }
    // Not of a message that only repeats: its events were booked in time, and a card that rests may send its newest one minutes later.
    for (const at_ms of fresh_at_ms) lagSeconds.observe(Math.max(0, nowMs - at_ms) / 1_000);
  }
  return { messages, failures, batchSeconds, countBatch };
}
