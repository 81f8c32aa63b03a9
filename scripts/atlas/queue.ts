// atlas queue status and queue dead: what is on its way through the queues, and what fell out of them.

import type { OpenItem } from '../../sdk/index.ts';
import { type Command, type Found, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { healthOf, metricOf } from './health.ts';
import { isLoop, isOfQueues, loopsOfQueues } from './queue-loops.ts';
import { length, lines, money, table } from './shown.ts';

export const queueStatus: Command = {
  help: `atlas queue status      loops that empty a queue, with the age of what waits longest in each; what waits, counted

Names the cards that wait longest, where any do (cards:read). Found (1): pulls fail, cards wait for events, or such a loop stands still. See ops/runbooks/queue-backlog.md.`,
  read(args) {
    wordsIn(args, {});
    return (connection) => queues(connection());
  },
};

async function queues(connection: Connection): Promise<Found> {
  const health = await healthOf(connection);
  const waiting = await metricOf(connection, 'origin_waiting');
  const loops = loopsOfQueues.flatMap((wanted) => health.loops.filter(({ name }) => isLoop(name, wanted)));
  const ill = health.dependencies.filter(({ name, status }) => status !== 'healthy' && isOfQueues(name));
  const counts = Object.fromEntries(
    [...waiting].map(([labels, value]) => [/what="([^"]*)"/.exec(labels)?.[1] ?? labels, value]),
  );
  const cards = await cardsWaiting(connection, counts);
  const unknown = counts['unknown_cards_with_gap'] ?? 0;
  const text = lines([
    ...ill.map(({ name, status, error }) => `${status.toUpperCase()}   ${name}: ${error ?? ''}`),
    ...table([
      ['loop', 'oldest waits for', 'last success', 'last error'],
      ...loops.map(({ name, lag_ms, last_success_at, last_error }) => [
        name,
        lag_ms === null ? '–' : length(lag_ms),
        last_success_at ?? 'never',
        last_error ?? '',
      ]),
    ]),
    '',
    ...table(Object.entries(counts).map(([what, value]) => [what.replaceAll('_', ' '), String(value)])),
    ...(cards.events.length > 0
      ? ['', 'cards that wait for an event, the longest first:', ...named(cards.events)]
      : []),
    ...(unknown > 0
      ? [`${unknown} of them nobody has made here, so they have no id: their gaps are repaired alike, ${ofUnknown}`]
      : []),
    ...(cards.profile.length > 0
      ? ['', 'cards whose newest profile the edge lacks, the longest first:', ...named(cards.profile)]
      : []),
    ...((counts['cards_with_gap'] ?? 0) > 0
      ? ['', 'All cards that have a gap: atlas reconcile. Then: ops/runbooks/card-events-missing.md.']
      : []),
  ]);
  return { text, answer: { loops, waiting: counts, ill, cards_waiting: cards }, isWell: ill.length === 0 };
}

/** Whose tokens are in no answer of the API. */
const ofUnknown = 'and what they moved waits in suspense (docs/operating.md, "When /health is degraded")';

const namedMax = 10;

/** By the ids that atlas card show takes. Nobody waits: nothing is asked, and the key needs no scope for it. */
async function cardsWaiting({ atlas }: Connection, counts: Readonly<Record<string, number>>) {
  const longest = async (waiting: 'events' | 'profile', count = 0) => {
    if (count === 0) return [];
    const { items } = await atlas.cards.list({ waiting, limit: namedMax }).page();
    return items.map(({ card_id }) => card_id);
  };
  return {
    events: await longest('events', counts['cards_with_gap']),
    profile: await longest('profile', counts['card_profiles']),
  };
}

const named = (cardIds: readonly string[]) => cardIds.map((cardId) => `  ${cardId}`);

interface DeadSettlement {
  readonly settlement_id: string;
  readonly amount_minor: number;
  readonly currency: string;
  readonly provider: string | null;
  readonly failure_code: string;
  readonly attempts: number;
  readonly dead_lettered_at: string;
}

const shownMax = 100;

export const queueDead: Command = {
  help: `atlas queue dead      the newest ${shownMax} of each; all by atlas open-items --kind dead_letter. Needs open_items:read, dead_letters:read.

Found (1): there are some. Tried again: atlas open-items act <id> try_again --reason TEXT, or act-all try_again --kind dead_letter.`,
  read(args) {
    wordsIn(args, {});
    return (connection) => dead(connection());
  },
};

async function dead({ atlas, send }: Connection): Promise<Found> {
  const items = await atlas.openItems.list({ kind: 'dead_letter', limit: shownMax }).page();
  const letters = await send<{ dead_letters: readonly DeadSettlement[]; next_cursor: string | null }>({
    ...{ method: 'GET', path: '/settlement-dead-letters', query: { limit: shownMax } },
  });
  const isMore = items.next_cursor !== null || letters.next_cursor !== null;
  const answer = { messages: items.items, settlements: letters.dead_letters, is_more: isMore };
  return { text: shownDead(answer), answer, isWell: answer.messages.length + answer.settlements.length === 0 };
}

interface Dead {
  readonly messages: readonly OpenItem[];
  readonly settlements: readonly DeadSettlement[];
  readonly is_more: boolean;
}

function shownDead({ messages, settlements, is_more }: Dead): string {
  if (messages.length + settlements.length === 0) return 'No dead letters.\n';
  return lines([
    ...table(
      messages.map(({ open_item_id, source, summary, times }) => [
        open_item_id,
        source ?? '',
        `${summary} (${times} times)`,
      ]),
    ),
    ...table(
      settlements.map(
        ({ settlement_id, amount_minor, currency, provider, failure_code, attempts, dead_lettered_at }) => [
          ...[settlement_id, money(amount_minor, currency), failure_code, provider ?? '', `${attempts} tries`],
          dead_lettered_at,
        ],
      ),
    ),
    ...(is_more ? ['There are more.'] : []),
  ]);
}
