// Which bounds of the platform, and of ours, a program meets, and when. Pure.

import { measuredCard } from './measured.ts';
import { bounds } from './prices.ts';
import { cardsGb, type Program, ratesOf } from './work-out.ts';

/** Events must stay for so long: by them a repeat is known (docs/retention.md). */
const monthsKept = 18;

export interface Met {
  readonly bound: string;
  /** What the program needs of it, in words with figures. */
  readonly needs: string;
  /** More than there is, or later than the system promises elsewhere. */
  readonly isMet: boolean;
}

export function boundsMet(program: Program): Met[] {
  const rates = ratesOf(program);
  const { queue_messages_a_second, queue_backlog_gb, queue_pull_messages, database_gb, database_cu } = bounds;
  const messageBytes = measuredCard.message_bytes / measuredCard.messages + bounds.queue_message_overhead_bytes;
  const peak = rates.messages_a_second_at_peak;
  const meanMessages = peak / program.peak_factor;
  const backlogDays = (queue_backlog_gb * 1e9) / messageBytes / meanMessages / 86_400;
  // Four pulls, then one acknowledgement of them all (origin/intake/pulls.ts).
  const pulled = (4 * queue_pull_messages * 1_000) / (2 * program.queue_call_ms);
  const monthsToFull = (database_gb - cardsGb(program)) / rates.database_gb_a_month;
  return [
    {
      bound: `one queue: ${figure(queue_messages_a_second)} messages a second`,
      needs: `${figure(peak)} at the peak`,
      isMet: peak > queue_messages_a_second,
    },
    {
      bound: `one queue: ${queue_backlog_gb} GB, kept for 14 days`,
      needs: `full after ${figure(backlogDays)} days without the origin; then rows wait in the cards`,
      isMet: backlogDays < 14,
    },
    {
      bound: `the pull, four at a time in a process: ${figure(pulled)} messages a second`,
      needs: `processes at the peak: ${figure(Math.max(1, Math.ceil(peak / pulled)))}`,
      isMet: peak > pulled * program.origins,
    },
    {
      bound: 'the sweep: four calls of a hundred cards at a time',
      needs: `hours from one to the next: ${figure(24 / rates.sweeps_a_day)}`,
      isMet: rates.sweeps_a_day < 1,
    },
    {
      bound: `one database: ${database_cu} CU`,
      needs: `${figure(rates.database_cores_at_peak)} cores at the peak, ${program.core_use * 100} % busy`,
      isMet: rates.database_cores_at_peak > database_cu,
    },
    {
      bound: `one database: ${figure(database_gb / 1_000)} TB`,
      needs:
        monthsToFull < 36
          ? `full after ${figure(monthsToFull)} months`
          : `full after ${figure(monthsToFull / 12)} years`,
      isMet: monthsToFull < monthsKept,
    },
  ];
}

/** Three digits that count, with commas. */
export function figure(value: number): string {
  if (value === 0 || !Number.isFinite(value)) return String(value);
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return new Intl.NumberFormat('en', { maximumFractionDigits: digits }).format(
    value >= 1_000 ? Math.round(value) : Number(value.toPrecision(3)),
  );
}
