// queue: what Cloudflare's queues may do, all of it and all the time (misdelivery.ts). However often and in whatever order a message comes, each
// event must have one effect; what is lost must be found in the card's own log, by what follows it or by the sweep, which is asked for here
// instead of waiting an hour for it.

import { makeCards } from '../origin-cards.ts';
import { auditWhole } from './audit-whole.ts';
import { createMisdelivery } from './misdelivery.ts';
import { startNetwork } from './network-clients.ts';
import { cardsOf, rereadUntilWhole } from './reread.ts';
import { startSystem } from './system.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

const secondsDefault = 30;
const emptyWithinMs = 120_000;

export async function queueFaults(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  const seconds = options.seconds ?? secondsDefault;
  progress(`queue: ${seconds} s, seed ${seed}; starting Postgres, origin and edge`);
  const misdelivery = createMisdelivery(seed);
  const system = await startSystem(parts, { misdelivery });
  const { origin, queue, edgeUrl, databaseUrl } = system;
  const cardTokens = await makeCards(origin.url, options.cards);
  const seen = watchOrigin(origin.url);
  const network = startNetwork({ edgeUrl, cardTokens, rate: options.rate, seed });
  await new Promise((resolve) => setTimeout(resolve, seconds * 1_000));
  await network.stop();
  progress(`${queue.received().events} events sent; delivering, and looking for what was lost`);
  for (const untilMs = Date.now() + emptyWithinMs; queue.waiting() > 0 && Date.now() < untilMs; )
    await new Promise((resolve) => setTimeout(resolve, 100));
  const cards = await cardsOf(databaseUrl);
  await rereadUntilWhole(origin.url, [...cards.values()]);
  const audit = await auditWhole(system, network, cardTokens);
  const watched = await seen();
  const { messages, lost, deliveries, late, acknowledgementsLost } = misdelivery.totals;
  const { events, effects } = audit.figures;
  return {
    fault: 'queue',
    seed,
    messages,
    lost_messages: lost,
    deliveries,
    late_deliveries: late,
    acknowledgements_dropped: acknowledgementsLost,
    ...audit.figures,
    watched,
    findings: [
      ...audit.findings,
      ...(events === effects ? [] : [`${events} events and ${effects} effects`]),
      ...(lost > 0 && late > 0 && acknowledgementsLost > 0 ? [] : ['the queue did not do all of it: nothing is shown']),
    ],
  };
}
