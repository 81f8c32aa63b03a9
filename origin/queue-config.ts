// Cloudflare's queues that the origin pulls, and what must be set together. Without them the edge pushes its events itself.

import * as z from 'zod';
import type { KeyWatch } from './secrets/shown-key.ts';
import { urlSetting, wordSetting, wordsSetting } from './setting-shapes.ts';

const id = wordSetting.optional();

/** Of the loops that pull the queues of cards' events, one a queue: so many are pulled at most. A loop's name is a literal, so that it is found in the source. */
export const pullNames = [
  ...(['queue pull', 'queue pull 2', 'queue pull 3', 'queue pull 4'] as const),
  ...(['queue pull 5', 'queue pull 6', 'queue pull 7', 'queue pull 8'] as const),
] as const;

export const queueEnvironmentShape = {
  QUEUE_API_URL: urlSetting('https:', 'http:').default('https://api.cloudflare.com/client/v4'),
  CLOUDFLARE_ACCOUNT_ID: id,
  CLOUDFLARE_API_TOKEN: z.string().min(1).optional(),
  /** Of cards' events: one, or several with spaces between them. */
  CLOUDFLARE_QUEUE_ID: wordsSetting(pullNames.length).optional(),
  CLOUDFLARE_DEAD_QUEUE_ID: id,
  /** Of requests for settlements. */
  CLOUDFLARE_SETTLEMENT_QUEUE_ID: id,
  CLOUDFLARE_SETTLEMENT_DEAD_QUEUE_ID: id,
  /** Of what cards must still be told: the edge takes from it, the origin only puts back what a person hands in again. */
  CLOUDFLARE_STAND_INS_QUEUE_ID: id,
  CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID: id,
} as const;

const shape = z.object(queueEnvironmentShape);
type QueueSettings = z.infer<typeof shape>;

export interface QueueConfig {
  readonly api_url: string;
  readonly account_id: string;
  readonly queue_id: string;
  /** Two with a space while it changes, the newest first. */
  readonly api_token: string;
  readonly keyWatch?: KeyWatch | undefined;
}

/** Null: not set. */
export interface Queues {
  /** Of cards' events. None where nothing is pulled, and the edge pushes. */
  readonly eventQueues: readonly QueueConfig[];
  readonly settlementQueue: QueueConfig | null;
  readonly standInsQueue: QueueConfig | null;
  /** Where Cloudflare puts what a queue's consumer did not take in all its tries. */
  readonly deadQueues: Readonly<Record<'cardEvents' | 'settlements' | 'standIns', QueueConfig | null>>;
}

const needed = ['CLOUDFLARE_ACCOUNT_ID', 'CLOUDFLARE_QUEUE_ID', 'CLOUDFLARE_API_TOKEN'] as const;
/** Each is of no use without the second. */
const pairs = [
  ['CLOUDFLARE_DEAD_QUEUE_ID', 'CLOUDFLARE_QUEUE_ID'],
  ['CLOUDFLARE_SETTLEMENT_DEAD_QUEUE_ID', 'CLOUDFLARE_SETTLEMENT_QUEUE_ID'],
  ['CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID', 'CLOUDFLARE_STAND_INS_QUEUE_ID'],
  ['CLOUDFLARE_STAND_INS_QUEUE_ID', 'CLOUDFLARE_QUEUE_ID'],
] as const;
const ids = Object.keys(queueEnvironmentShape).filter((name) =>
  name.endsWith('QUEUE_ID'),
) as readonly (keyof QueueSettings)[];

export function queueProblems(settings: QueueSettings): string[] {
  const problems: string[] = [];
  const missing = needed.filter((name) => settings[name] === undefined);
  if (missing.length > 0 && missing.length < needed.length)
    problems.push(`${missing.join(', ')}: is not set, while others of ${needed.join(', ')} are; set all or none`);
  for (const [name, other] of pairs)
    if (settings[name] !== undefined && settings[other] === undefined)
      problems.push(`${other}: is not set, while ${name} is`);
  const given = ids.map((name) => ({ name, of: [settings[name] ?? []].flat() }));
  for (const [index, { name, of }] of given.entries())
    for (const other of given.slice(0, index))
      if (of.some((queue) => other.of.includes(queue))) problems.push(`${name}: is the same queue as ${other.name}`);
  return problems;
}

export function queuesOf(settings: QueueSettings): Queues {
  const { QUEUE_API_URL: api_url, CLOUDFLARE_ACCOUNT_ID: account_id, CLOUDFLARE_API_TOKEN: api_token } = settings;
  const of = (queue_id: string | undefined): QueueConfig | null =>
    account_id && api_token && queue_id ? { api_url, account_id, queue_id, api_token } : null;
  return {
    eventQueues: (settings.CLOUDFLARE_QUEUE_ID ?? []).flatMap((queue_id) => of(queue_id) ?? []),
    settlementQueue: of(settings.CLOUDFLARE_SETTLEMENT_QUEUE_ID),
    standInsQueue: of(settings.CLOUDFLARE_STAND_INS_QUEUE_ID),
    deadQueues: {
      cardEvents: of(settings.CLOUDFLARE_DEAD_QUEUE_ID),
      settlements: of(settings.CLOUDFLARE_SETTLEMENT_DEAD_QUEUE_ID),
      standIns: of(settings.CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID),
    },
  };
}

/** The same queues, whose refusals of our token are told to `keyWatch`. */
export function queuesWatchedBy(
  keyWatch: KeyWatch,
  { eventQueues, settlementQueue, standInsQueue, deadQueues }: Queues,
): Queues {
  const watched = (one: QueueConfig) => ({ ...one, keyWatch });
  const of = (one: QueueConfig | null) => (one === null ? null : watched(one));
  const { cardEvents, settlements, standIns } = deadQueues;
  return {
    ...{
      eventQueues: eventQueues.map(watched),
      settlementQueue: of(settlementQueue),
      standInsQueue: of(standInsQueue),
    },
    deadQueues: { cardEvents: of(cardEvents), settlements: of(settlements), standIns: of(standIns) },
  };
}
