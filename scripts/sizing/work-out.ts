// What a program of cards uses in a month of thirty days, and what that costs by list prices. Pure: figures in, figures out.

import { limits } from '../../contracts/limits.ts';
import type { Assumed } from './assumed.ts';
import { measuredCard, measuredEdge, measuredOrigin } from './measured.ts';
import { bounds, type Price, type PriceName, prices } from './prices.ts';

const daysOfMonth = 30;
const secondsOfDay = 86_400;

export interface Program extends Assumed {
  readonly cards: number;
  readonly authorizations_a_day: number;
}

export interface Line {
  readonly name: PriceName;
  /** In the price's unit. */
  readonly quantity: number;
  readonly usd: number;
}

/** How often a day's worth of something happens: the mean over a day, and the busiest hour. */
export interface Rates {
  readonly events_a_second: number;
  readonly events_a_second_at_peak: number;
  readonly messages_a_second_at_peak: number;
  readonly sweeps_a_day: number;
  readonly database_cores_at_peak: number;
  readonly intake_cores_at_peak: number;
  readonly database_gb_a_month: number;
}

/** The measured card has one clearing for each authorization, so half of a figure is an event's. */
const perEvent = (count: number) => count / measuredCard.purchases / 2;

function eventsOf({ authorizations_a_day, facts_an_authorization }: Program): number {
  return authorizations_a_day * (1 + facts_an_authorization);
}

export function ratesOf(program: Program): Rates {
  const events = eventsOf(program) / secondsOfDay;
  const peak = events * program.peak_factor;
  const cores = (cpuMsAThousand: number) => ((peak / 1_000) * cpuMsAThousand) / 1_000 / program.core_use;
  return {
    events_a_second: events,
    events_a_second_at_peak: peak,
    messages_a_second_at_peak: peak * perEvent(measuredCard.messages),
    sweeps_a_day: sweepsADay(program),
    database_cores_at_peak: cores(measuredOrigin.postgres_cpu_ms_a_thousand),
    intake_cores_at_peak: cores(measuredOrigin.intake_cpu_ms_a_thousand),
    database_gb_a_month: (eventsOf(program) * daysOfMonth * measuredOrigin.bytes_an_event) / 1e9,
  };
}

/** Four calls at a time, of a hundred cards each (`origin/intake/sweep.ts`). */
const cardsPerSweepCall = 100;
const sweepCallsAtOnce = 4;

/** An hour's pause after each; one process has it, however many there are. */
function sweepsADay({ cards, sweep_call_ms }: Program): number {
  return secondsOfDay / (3_600 + (cards / cardsPerSweepCall / sweepCallsAtOnce) * (sweep_call_ms / 1_000));
}

/** `month`: of the program's life; the database keeps every event, so it grows. */
export function quantitiesOf(program: Program, month: number): Readonly<Record<PriceName, number>> {
  const events = eventsOf(program) * daysOfMonth;
  const swept = program.cards * sweepsADay(program) * daysOfMonth;
  const alarms = events * perEvent(measuredCard.alarms);
  const eventSeconds = (limits.publishDelayMs + program.queue_send_ms) / 1_000;
  const objectSeconds = events * eventSeconds + ((alarms + swept) * program.short_call_ms) / 1_000;
  const rates = ratesOf(program);
  const grown = measuredCard.bytes_stored - measuredCard.bytes_fresh;
  return {
    workers_plan: 1,
    worker_requests: (events + swept / cardsPerSweepCall) / 1e6,
    worker_cpu: ((events + swept) * measuredEdge.cpu_ms) / 1e6,
    object_requests: (events + alarms + swept) / 1e6,
    object_duration: (objectSeconds * bounds.object_gb) / 1e6,
    rows_written: (events * perEvent(measuredCard.rows_written)) / 1e6,
    rows_read: ((events + swept) * perEvent(measuredCard.rows_read)) / 1e6,
    object_storage: (program.cards * measuredCard.bytes_fresh + (eventsOf(program) / 2) * grown) / 1e9,
    queue_operations: (events * perEvent(measuredCard.messages) * bounds.operations_a_message) / 1e6,
    database_compute: computeUnits(rates) * 24 * daysOfMonth,
    database_storage: cardsGb(program) + rates.database_gb_a_month * (month - 0.5),
    database_history: (eventsOf(program) * measuredOrigin.wal_bytes_an_event * program.restore_days) / 1e9,
    redis_commands: (program.api_calls_a_day * daysOfMonth * bounds.redis_commands_a_call) / 1e6,
  };
}

export function cardsGb({ cards }: Program): number {
  return (cards * measuredOrigin.bytes_a_card) / 1e9;
}

/** Whole units, one at least, of which each is taken for one core; where one database is not enough, what several would have. */
function computeUnits({ database_cores_at_peak }: Rates): number {
  return Math.max(1, Math.ceil(database_cores_at_peak));
}

/** `withIncluded`: what the plans include is taken off, as on a bill. */
export function billOf(program: Program, { month, withIncluded }: { month: number; withIncluded: boolean }): Line[] {
  return Object.entries(quantitiesOf(program, month)).map(([name, quantity]) => {
    const price: Price = prices[name as PriceName];
    const billed = Math.max(0, quantity - (withIncluded ? price.included : 0));
    return { name: name as PriceName, quantity, usd: billed * price.usd };
  });
}

export function sumOf(lines: readonly Line[]): number {
  return lines.reduce((sum, { usd }) => sum + usd, 0);
}
