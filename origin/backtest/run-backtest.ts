// A draft of controls over the recorded history of some cards. Reads card by card and page by page, so that memory holds one
// page and one card's state; stops at its bounds with a refusal that says how to narrow it, and never with half a report. It computes
// in steps of the event loop, so that other calls of the process are answered meanwhile.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Control } from '../../contracts/control.ts';
import { originLimits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { Backtest } from '../../core/backtest/backtest.ts';
import { BacktestReport } from '../../core/backtest/backtest-report.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { createSteps } from '../event-loop.ts';
import { ownControlCounts, type Population, type SampledCard, sampleCards } from './sample-cards.ts';

/** Small, since the driver makes objects of a page in one stretch: some 0.5 ms for a hundred events. */
const eventsPerPage = 100;

export interface Draft {
  readonly controls: readonly Control[];
  readonly population: Population;
  readonly size: number;
  readonly seed: number;
  /** Requests of this time are compared; what came before is only counted. */
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface Bounds {
  readonly eventsMax: number;
  readonly msMax: number;
}

interface Run {
  readonly sql: Sql;
  readonly draft: Draft;
  readonly bounds: Bounds;
  readonly report: BacktestReport;
  readonly pauseWhereDue: () => Promise<void> | null;
  readonly startedMs: number;
  eventsRead: number;
  eventsUnreadable: number;
}

export async function runBacktest(
  sql: Sql,
  draft: Draft,
  bounds: Bounds = { eventsMax: originLimits.backtestEventsMax, msMax: originLimits.backtestMsMax },
) {
  const report = new BacktestReport({ examplesMax: originLimits.backtestExamplesMax });
  const pauseWhereDue = createSteps();
  const begun = { startedMs: performance.now(), eventsRead: 0, eventsUnreadable: 0 };
  const run: Run = { sql, draft, bounds, report, pauseWhereDue, ...begun };
  const { total, cards } = await sampleCards(sql, draft.population, draft);
  for (const card of cards) await testCard(run, card);
  return {
    cards_with_history: total,
    cards_sampled: cards.length,
    events_read: run.eventsRead,
    events_unreadable: run.eventsUnreadable,
    ...report.result(),
    took_ms: Math.round(performance.now() - run.startedMs),
  };
}

async function testCard(run: Run, { card_id, stream_id, applied_sequence }: SampledCard): Promise<void> {
  const { draft, report } = run;
  const backtest = new Backtest(await controlsOf(run, card_id));
  for (let after = 0; after < applied_sequence; ) {
    const page = await readPage(run, stream_id, { after, last: applied_sequence });
    for (const { sequence, body } of page) {
      after = sequence;
      run.eventsRead += 1;
      if (body === null) {
        run.eventsUnreadable += 1;
        continue;
      }
      if (body.at_ms >= draft.untilMs) return;
      const compared = backtest.take({ sequence, at_ms: body.at_ms, body });
      if (compared !== null && compared.at_ms >= draft.fromMs) report.add(card_id, compared);
      const pause = run.pauseWhereDue();
      if (pause !== null) await pause;
    }
    if (page.length === 0) throw new Error(`card ${card_id} has no event ${after + 1}, which it has booked`);
    requireBounds(run);
  }
}

/**
 * Of one card or account, the draft stands in for all controls. Of a control set, for the set's: each card's own follow it,
 * as they were then.
 */
async function controlsOf({ sql, draft }: Run, cardId: string): Promise<(recorded: Profile) => readonly Control[]> {
  const { controls, population } = draft;
  if (population.column !== 'control_set_id') return () => controls;
  const counts = await ownControlCounts(sql, cardId);
  const named = new Set(controls.map(({ control_id }) => control_id));
  return ({ version, controls: recorded }) => {
    const own = recorded.slice(recorded.length - (counts.get(version) ?? recorded.length));
    return [...controls, ...own.filter(({ control_id }) => !named.has(control_id))];
  };
}

async function readPage(
  { sql }: Run,
  streamId: string,
  { after, last }: { readonly after: number; readonly last: number },
): Promise<readonly { readonly sequence: number; readonly body: CardEvent | null }[]> {
  const { rows } = await sql.query<{ sequence: string; body: CardEvent | null }>({
    name: 'backtest_page',
    text: `select sequence, body from card_events where stream_id = $1 and sequence > $2 and sequence <= $3
           order by sequence limit $4`,
    values: [streamId, after, last, eventsPerPage],
  });
  return rows.map(({ sequence, body }) => ({ sequence: Number(sequence), body }));
}

function requireBounds({ bounds, draft, startedMs, eventsRead }: Run): void {
  const narrower =
    draft.population.column === 'card_id'
      ? 'give an earlier until_ms'
      : 'give a smaller sample, or an earlier until_ms';
  const field = draft.population.column === 'card_id' ? 'until_ms' : 'sample';
  if (eventsRead > bounds.eventsMax)
    throw refusal('backtest_too_large', [
      { field, problem: `takes in more than ${bounds.eventsMax} events: ${narrower}` },
    ]);
  if (performance.now() - startedMs > bounds.msMax)
    throw refusal('backtest_too_large', [{ field, problem: `takes longer than ${bounds.msMax} ms: ${narrower}` }]);
}
