// A deployment's queues, who pulls them, and their ids. May be run again: what is there is set to what it should be, and its messages stay.

import { type EnvironmentName, queuesOf, retentionSeconds, retriesMax } from './target.ts';
import { type Tools, wrangler } from './tools.ts';

export function makeQueues(tools: Tools, environment: EnvironmentName): void {
  const { cardEvents, cardEventsDead, standIns, standInsDead } = queuesOf(environment);
  for (const queue of [cardEventsDead, standInsDead, ...cardEvents, standIns]) {
    const found = tools.look(wrangler('queues', 'info', queue));
    const keeping = [queue, '--message-retention-period-secs', String(retentionSeconds)];
    if (found == null) tools.run(wrangler('queues', 'create', ...keeping), 'where it is not there yet');
    if (found !== null) tools.run(wrangler('queues', 'update', ...keeping), 'where it is there');
  }
}

interface PullConsumer {
  readonly settings?: { readonly max_retries?: number };
  readonly dead_letter_queue?: string;
}

/**
 * The consumers that the origin pulls by: of the cards' events and of both dead queues, which have no other behind them. (What the edge
 * itself consumes is in wrangler.toml, and made by the deployment.)
 */
export function letOriginPull(tools: Tools, environment: EnvironmentName): void {
  const { cardEvents, cardEventsDead, standInsDead } = queuesOf(environment);
  for (const queue of cardEvents) setPullConsumer(tools, queue, cardEventsDead);
  for (const queue of [cardEventsDead, standInsDead]) setPullConsumer(tools, queue, null);
}

function setPullConsumer(tools: Tools, queue: string, deadQueue: string | null): void {
  const printed = tools.look(wrangler('queues', 'consumer', 'http', 'list', queue, '--json'));
  const [consumer] = printed == null ? [] : (JSON.parse(printed) as PullConsumer[]);
  const hasDeadQueue = (consumer?.dead_letter_queue || null) === deadQueue;
  if (consumer?.settings?.max_retries === retriesMax && hasDeadQueue) return;
  // wrangler can add and remove a consumer, not change one. The origin's pulls fail meanwhile, and are tried again; messages stay.
  if (consumer !== undefined || printed === undefined)
    tools.run(wrangler('queues', 'consumer', 'http', 'remove', queue), 'where it has other settings');
  const words = ['--message-retries', String(retriesMax)];
  if (deadQueue !== null) words.push('--dead-letter-queue', deadQueue);
  tools.run(wrangler('queues', 'consumer', 'http', 'add', queue, ...words), 'where it is not there yet');
}

/** Which setting of the origin takes the id of which queue. */
const settingsOfQueues = {
  cardEvents: 'CLOUDFLARE_QUEUE_ID',
  cardEventsDead: 'CLOUDFLARE_DEAD_QUEUE_ID',
  standIns: 'CLOUDFLARE_STAND_INS_QUEUE_ID',
  standInsDead: 'CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID',
} as const;

/** Lines for the origin's environment; of several queues of card events the ids have a space between them. Throws where wrangler prints no id. In a dry run a queue's name stands for its id. */
export function queueSettings(tools: Tools, environment: EnvironmentName): string {
  const queues = queuesOf(environment);
  const keys = Object.keys(settingsOfQueues) as (keyof typeof settingsOfQueues)[];
  const idOf = (queue: string) => {
    const printed = tools.look(wrangler('queues', 'info', queue));
    const id = printed === undefined ? `<id of ${queue}>` : /^Queue ID: (\S+)$/m.exec(printed ?? '')?.[1];
    if (id === undefined) throw new Error(`wrangler queues info ${queue} printed no "Queue ID: …"`);
    return id;
  };
  const lines = keys.map((key) => `${settingsOfQueues[key]}=${[queues[key]].flat().map(idOf).join(' ')}`);
  return lines.join('\n');
}
