// What there is to see of settlements: what they become, how long that takes, and what a person should look at.

import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { Change } from './store-changes.ts';
import type { Unconfigured } from './unconfigured-providers.ts';

export type SettlementMetrics = ReturnType<typeof createSettlementMetrics>;

export function createSettlementMetrics(registry: Registry) {
  const registers = [registry];
  const transitions = new Counter({
    name: 'settlement_transitions_total',
    help: 'Settlements by the state they came to',
    labelNames: ['state'],
    registers,
  });
  const finalSeconds = new Histogram({
    name: 'settlement_final_seconds',
    help: 'From being asked for to being final',
    labelNames: ['state'],
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 3_600, 86_400],
    registers,
  });
  const deadLetters = new Counter({
    name: 'settlement_dead_letters_total',
    help: 'Settlements set aside for a person',
    registers,
  });
  const overdue = new Counter({
    name: 'settlement_overdue_questions_total',
    help: 'Questions about settlements whose outcome should be known by now',
    registers,
  });
  const words = new Counter({
    name: 'settlement_provider_words_total',
    help: 'Webhooks of providers by what became of them; contradicts: for a person',
    labelNames: ['outcome'],
    registers,
  });
  const dropped = new Counter({
    name: 'settlement_results_not_recorded_total',
    help: 'Results that were not recorded: their settlements are asked about',
    registers,
  });
  const postponed = new Counter({
    name: 'settlement_postponed_total',
    help: 'Settlements and words of providers that the database refuses: they wait, and are for a person',
    labelNames: ['what'],
    registers,
  });
  for (const what of ['settlement', 'word']) postponed.inc({ what }, 0);
  const inHand = new Gauge({ name: 'settlement_in_hand', help: 'Settlements being sent or asked about', registers });

  const unconfigured = new Gauge({
    name: 'settlement_payments_of_unconfigured_providers',
    help: 'Payments under way at a provider that the configuration does not name: nobody asks about them',
    labelNames: ['psp'],
    registers,
  });

  function showUnconfigured(seen: readonly Unconfigured[]): void {
    unconfigured.reset();
    for (const { provider, payments } of seen) unconfigured.set({ psp: provider }, payments);
  }

  function countChange({ before, after: { progress, dead_letter } }: Pick<Change, 'before' | 'after'>): void {
    if (dead_letter) deadLetters.inc();
    if (progress.state === before.state) return;
    const { state } = progress;
    transitions.inc({ state });
    if (state === 'completed' || state === 'failed')
      finalSeconds.observe({ state }, Math.max(0, Date.now() - before.created_at.getTime()) / 1_000);
  }
  return { overdue, words, dropped, postponed, inHand, countChange, showUnconfigured };
}
