// clocks: the origin's and the edge's wall clocks ten minutes off either way, the edge's an hour back, and an edge that crosses the changes of
// daylight time, under load. Machines that disagree by more than five minutes refuse each other's signatures (`signature_wrong`): events then
// wait, and are booked once the clocks are right. The tolerance that is stated: an event stands at its machine's clock, or where that was set back
// at the instant of its card's newest event (docs/failure-modes.md); nothing may stand anywhere else, and a purchase counts in the day that
// its control's time zone had at that instant.

import { join } from 'node:path';
import type { Control } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import { gatewayMessage } from '../../scripts/marqeta-messages.ts';
import { buildWorker } from '../edge-bundle.ts';
import { everydayProfile, putCard } from '../edge-cards.ts';
import { makeCards } from '../origin-cards.ts';
import { temporaryDirectory } from '../started.ts';
import { auditWhole } from './audit-whole.ts';
import { clockPath } from './edge/shifted-clock.ts';
import { readLog } from './evidence.ts';
import { clockReadMs, fakeClock, findFaketime } from './fake-clock.ts';
import { type Network, paths, startNetwork } from './network-clients.ts';
import { outcomeOf } from './records.ts';
import { sendUntilAnswered } from './send-until-answered.ts';
import { type RunningSystem, startSystem } from './system.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

const minutes = 60_000;
const ofOrigin = [
  { whose: 'origin', aheadMs: 10 * minutes },
  { whose: 'origin', aheadMs: -10 * minutes },
] as const;
const ofEdge = [
  { whose: 'edge', aheadMs: 10 * minutes },
  { whose: 'edge', aheadMs: -10 * minutes },
  { whose: 'edge', aheadMs: -60 * minutes },
] as const;
/** Between two readings of one machine's clock. */
const toleranceMs = 1_000;

/** Ends of days with a change of daylight time in them, the day 23 or 25 hours long: the last instant before, and the first after. */
const daysEnds = [
  { zone: 'America/New_York', at: '2027-03-15T04:00:00Z' },
  { zone: 'Europe/Berlin', at: '2027-03-28T22:00:00Z' },
  { zone: 'Europe/Berlin', at: '2027-10-31T23:00:00Z' },
  { zone: 'America/New_York', at: '2027-11-08T05:00:00Z' },
] as const;
/** Before the day's end by an hour and less: a day of 24 hours, or of the hours before the change, would end an hour off. */
const aroundMs = [-59 * minutes, -2 * minutes, 2 * minutes] as const;

export async function clocks(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  const library = findFaketime();
  const skews = library === null ? ofEdge : [...ofOrigin, ...ofEdge];
  const secondsOfEach = (options.seconds ?? 42) / (skews.length + 1);
  progress(`clocks: ${skews.length} wrong clocks, seed ${seed}; starting Postgres, origin and edge`);
  const directory = await temporaryDirectory(parts, 'clocks');
  const originClock = library === null ? null : fakeClock(library, join(directory, 'origin'));
  const bundle = await buildWorker(new URL('../faulty-worker.ts', import.meta.url), join(directory, 'edge.js'));
  const system = await startSystem(parts, { bundle, environment: originClock?.environment ?? {} });
  const edge = new EdgeClock(system.edgeUrl);
  const cardTokens = await makeCards(system.origin.url, options.cards);
  const seen = watchOrigin(system.origin.url);
  const network = startNetwork({ edgeUrl: system.edgeUrl, cardTokens, rate: options.rate, seed });
  let waited = 0;
  for (const { whose, aheadMs } of skews) {
    progress(`the ${whose}'s clock ${aheadMs / minutes} minutes ahead`);
    const set = async (ms: number) => (whose === 'edge' ? await edge.set(ms) : originClock?.set(ms));
    await set(aheadMs);
    await pause(secondsOfEach * 1_000);
    if (whose === 'origin') waited += system.queue.waiting();
    await set(0);
    // The next one begins with clocks that agree.
    await pause(2 * clockReadMs);
  }
  await pause(secondsOfEach * 1_000);
  await network.stop();
  const audit = await auditWhole(system, network, cardTokens);
  const watched = await seen();
  const offMs = await placesOf(system, network, cardTokens, edge);
  const misplaced = offMs.filter((ms) => ms > toleranceMs).length;
  progress(`${offMs.length} events, ${misplaced} misplaced; now the ends of days with a change of daylight time`);
  const days = await crossDayEnds(system, edge);
  return {
    ...{ fault: 'clocks', seed },
    /** Else only the edge's clock was wrong: `apt-get install libfaketime`. */
    origins_clock: library === null ? 'not tried: libfaketime is not installed' : 'tried',
    /** Messages that the origin refused while its clock was wrong. */
    messages_waited: waited,
    ...audit.figures,
    ...{ misplaced, furthest_off_ms: Math.max(0, ...offMs), day_ends: daysEnds.length, misplaced_by_day: days.length },
    watched,
    findings: [
      ...audit.findings,
      ...days,
      ...(misplaced === 0 ? [] : [`${misplaced} events stand at another instant than their machine's clock`]),
      ...(library === null || waited > 0 ? [] : ["the origin's clock was not wrong: nothing is shown of it"]),
    ],
  };
}

/** What the edge's clock was set to, and since when. */
class EdgeClock {
  readonly #edgeUrl: string;
  readonly #told = [{ fromMs: 0, byMs: 0, aheadMs: 0 }];

  constructor(edgeUrl: string) {
    this.#edgeUrl = edgeUrl;
  }

  async set(aheadMs: number): Promise<void> {
    const fromMs = Date.now();
    const answer = await fetch(`${this.#edgeUrl}${clockPath}?ahead_ms=${aheadMs}`);
    if (!answer.ok) throw new Error(`the edge's clock was not set: ${answer.status}`);
    this.#told.push({ fromMs, byMs: Date.now(), aheadMs });
  }

  /** What it was at some time between these two: one is enough of several, where it was set meanwhile. */
  aheadBetween(startMs: number, endMs: number): readonly number[] {
    return this.#told
      .filter(({ fromMs }, n) => fromMs <= endMs && (this.#told[n + 1]?.byMs ?? Number.POSITIVE_INFINITY) >= startMs)
      .map(({ aheadMs }) => aheadMs);
  }
}

/** How far each event stands from where it may, in ms. */
async function placesOf(
  { edgeUrl }: RunningSystem,
  { asked, told }: Network,
  cardTokens: readonly string[],
  edge: EdgeClock,
): Promise<number[]> {
  const answers = new Map([
    ...asked.map(({ requestKey, answer }) => [requestKey, answer] as const),
    ...told.map(({ messageKey, answer }) => [messageKey, answer] as const),
  ]);
  const off: number[] = [];
  for (const cardToken of cardTokens) {
    let newestMs = 0;
    for (const event of await readLog(edgeUrl, cardToken)) {
      const key =
        event.kind === 'authorization'
          ? event.request.request_key
          : event.kind === 'message'
            ? event.message.message_key
            : null;
      const answer = key === null ? undefined : answers.get(key);
      if (answer !== undefined) {
        const startMs = answer.lastSentAtMs;
        const endMs = startMs + answer.tookMs;
        const ahead = edge.aheadBetween(startMs, endMs);
        const earliest = Math.max(newestMs, startMs + Math.min(...ahead));
        const latest = Math.max(newestMs, endMs + Math.max(...ahead));
        off.push(Math.max(0, earliest - event.at_ms, event.at_ms - latest));
      }
      newestMs = Math.max(newestMs, event.at_ms);
    }
  }
  return off;
}

/** A sentence for each purchase that counted in another day than its own. The edge alone: nobody else knows of its clock. */
async function crossDayEnds({ edgeUrl }: RunningSystem, clock: EdgeClock): Promise<string[]> {
  const cards = daysEnds.map((end, n) => ({ ...end, token: `day-end-${n}` }));
  for (const { token, zone } of cards) await putCard(edgeUrl, token, onePurchaseADay(zone));
  const wrong: string[] = [];
  for (const { token, zone, at } of cards) {
    const outcomes: string[] = [];
    for (const [n, around] of aroundMs.entries()) {
      await clock.set(Date.parse(at) + around - Date.now());
      const key = `${token}-${n}`;
      const body = gatewayMessage({ cardToken: token, amount: '60.00', transactionToken: `tx-${key}`, jitToken: key });
      const answer = await sendUntilAnswered(edgeUrl, paths.gateway, body);
      outcomes.push(
        outcomeOf({ cardToken: token, requestKey: key, transactionToken: key, amountMinor: 6_000, body, answer }),
      );
    }
    const said = outcomes.join(', ');
    // The day's amount is used up until it ends, and there again after it.
    if (said !== 'approved, declined, approved') wrong.push(`${zone}, the day that ends at ${at}: ${said}`);
  }
  return wrong;
}

function onePurchaseADay(time_zone: string): Profile {
  const does = { control_id: 'a-day', mode: 'enforce', applies_to: {}, does: 'limit', amount_minor: 10_000 } as const;
  const control: Control = { ...does, window: { per: 'day', time_zone }, refunds_give_back: false };
  return { ...everydayProfile(), controls: [control] };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
