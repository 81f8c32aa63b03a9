// origin-gone: kill -9 of the origin under load, an hour's traffic without it, and a start on the same database. The hour is compressed: with the
// default sizes 3,600 calls come in a minute, one for each second of it; `--seconds 600` is ten true minutes. The edge must not notice, and
// afterwards everything must be booked, each card's events in their order.
// It says nothing of a queue that gives up on its messages: those come back from the dead queue (`dead-queue.test.ts`).

import { makeCards } from '../origin-cards.ts';
import { auditWhole } from './audit-whole.ts';
import { startNetwork } from './network-clients.ts';
import { outcomeOf } from './records.ts';
import { startSystem } from './system.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

const secondsDefault = 60;
/** With the origin there, before and after. */
const besideMs = 2_000;

export async function originGone(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  const seconds = options.seconds ?? secondsDefault;
  progress(`origin-gone: ${seconds} s, seed ${seed}; starting Postgres, origin and edge`);
  const system = await startSystem(parts);
  const { origin, queue, edgeUrl } = system;
  const cardTokens = await makeCards(origin.url, options.cards);
  const network = startNetwork({ edgeUrl, cardTokens, rate: options.rate, seed });
  await pause(besideMs);

  const seen = watchOrigin(origin.url);
  const calls = () => network.asked.length + network.told.length;
  const before = { calls: calls(), events: queue.received().events };
  process.kill(origin.pid, 'SIGKILL');
  await system.stopOrigin();
  await pause(seconds * 1_000);
  const without = { calls: calls() - before.calls, events: queue.received().events - before.events };
  const waiting = queue.waiting();
  progress(`${without.calls} calls without it; ${waiting} messages wait`);
  await system.startOrigin();
  await pause(besideMs);
  await network.stop();
  const audit = await auditWhole(system, network, cardTokens);
  const watched = await seen();

  // An answer by the failure policy, or one that a repeat was needed for.
  const answers = [...network.asked, ...network.told].map(({ answer }) => answer);
  const undecided = network.asked.filter((request) => outcomeOf(request) === 'undecided').length;
  const edgeErrors = undecided + answers.filter(({ wasUnknown }) => wasUnknown).length;
  return {
    fault: 'origin-gone',
    seed,
    away_seconds: seconds,
    calls: without.calls,
    edge_errors: edgeErrors,
    slowest_answer_ms: Math.max(...answers.map(({ tookMs }) => tookMs)),
    backlog_messages: waiting,
    backlog_events: without.events,
    ...audit.figures,
    watched,
    findings: [
      ...audit.findings,
      ...(edgeErrors === 0 ? [] : [`${edgeErrors} calls were not decided at once by a card`]),
      ...(without.events > 0 && waiting > 0 ? [] : ['nothing waited for the origin: nothing is shown']),
    ],
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
