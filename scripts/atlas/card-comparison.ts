// atlas card compare, card reread and reconcile: cards at the edge beside their books.

import type { Card } from '../../sdk/index.ts';
import { path, type Send } from '../../sdk/transport.ts';
import type { Comparison, Reread } from './card-words.ts';
import { type Command, type Found, idIn, wholeNumber, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { lines, table } from './shown.ts';

const verdicts: Readonly<Record<Comparison['verdict'], string>> = {
  same: 'the same at the edge and in the books',
  under_way: 'events or a profile are on their way: look again in a few seconds',
  differs: 'THE EDGE AND THE BOOKS DIFFER',
  unknown: 'THE EDGE HAS NEVER HEARD OF IT',
};
const isWell = ({ verdict }: Comparison) => verdict === 'same' || verdict === 'under_way';

const compareOne = (send: Send, cardId: string) =>
  send<Comparison>({ method: 'GET', path: path`/cards/${cardId}/comparison` });

export const cardCompare: Command = {
  help: `atlas card compare <card_id>      events, profile and sums of both sides. Needs cards:read.

Found (1): they differ, or the edge has never heard of the card. What is on its way is no difference.
What to do: docs/open-items.md, card_behind_ledger and card_events_lost; ops/runbooks/card-behind-ledger.md.`,
  read(args) {
    const { words } = wordsIn(args, { names: ['card_id'] });
    const cardId = idIn(words.card_id, 'card');
    return async (connection) => {
      const answer = await compareOne(connection().send, cardId);
      return { text: lines(shown(answer)), answer, isWell: isWell(answer) };
    };
  },
};

export const cardReread: Command = {
  help: `atlas card reread <card_id>      what the sweep does hourly, for one card at once; then compares. Needs cards:write.

Nothing is booked twice. Found (1): not all could be fetched, or the two still differ.`,
  read(args) {
    const { words } = wordsIn(args, { names: ['card_id'] });
    const cardId = idIn(words.card_id, 'card');
    return async (connection) => {
      const answer = await connection().send<Reread>({ method: 'POST', path: path`/cards/${cardId}/reread` });
      const { is_whole, events_taken } = answer;
      const how = `  ${events_taken} events were booked${is_whole ? '' : '; NOT ALL could be fetched: see its open items'}`;
      return { text: lines([...shown(answer), how]), answer, isWell: is_whole && isWell(answer) };
    };
  },
};

function shown({ card_id, verdict, differences, edge, origin }: Comparison): string[] {
  const rows = [
    ['  ', 'edge', 'books'],
    ['  profile', String(edge?.profile_version ?? 'none'), String(origin.profile_version)],
    ['  newest event', String(edge?.last_sequence ?? 'none'), String(origin.applied_sequence)],
    ['  held, minor units', String(edge?.held_minor ?? 'none'), String(origin.held_minor)],
    ['  spent, minor units', String(edge?.posted_minor ?? 'none'), String(origin.posted_minor)],
  ];
  return [`${card_id}   ${verdicts[verdict]}`, ...table(rows), ...differences.map((said) => `  ${said}`)];
}

/** As many as the origin lets one tenant have in hand of calls that ask the edge. */
const atOnce = 4;

export const reconcile: Command = {
  help: `atlas reconcile      card compare for all cards, ${atOnce} at a time; after a restore of the database, or a card's storage set back.
  --account ID        only its cards
  --limit N           at most so many cards

Wakes each card's object at the edge, as the hourly sweep does. Needs cards:read. Payouts are reconciled by the origin itself, which asks providers
until they know; what they contradict is an open item. Found (1): a card differs, or the edge has never heard of it.`,
  read(args) {
    const options = { account: { type: 'string' }, limit: { type: 'string' } } as const;
    const { values } = wordsIn(args, { options });
    const limit = wholeNumber('limit', values.limit) ?? Number.POSITIVE_INFINITY;
    const account = values.account === undefined ? undefined : idIn(values.account, 'acct');
    return (connection) => run(connection(), { account, limit });
  },
};

async function run({ send }: Connection, which: { account: string | undefined; limit: number }): Promise<Found> {
  const counts: Record<Comparison['verdict'], number> = { same: 0, under_way: 0, differs: 0, unknown: 0 };
  const ill: Comparison[] = [];
  const cards = cardsOf(send, which);
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for await (const cardId of cards) {
        const compared = await compareOne(send, cardId);
        counts[compared.verdict] += 1;
        if (!isWell(compared)) ill.push(compared);
      }
    }),
  );
  const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const { same, under_way, differs, unknown } = counts;
  const text = lines([
    ...ill.flatMap(shown),
    `${total} cards: ${same} the same, ${under_way} with something on its way, ${differs} differ, ${unknown} unknown to the edge`,
  ]);
  return { text, answer: { cards: total, ...counts, differing: ill }, isWell: ill.length === 0 };
}

interface CardPage {
  readonly cards: readonly Card[];
  readonly next_cursor: string | null;
}

/** One generator for all who take from it: each card is given to one of them. */
async function* cardsOf(send: Send, { account, limit }: { account: string | undefined; limit: number }) {
  let [cursor, given]: [string | undefined, number] = [undefined, 0];
  for (;;) {
    const query = { account_id: account, cursor, limit: Math.min(100, limit - given) };
    const page: CardPage = await send({
      ...{ method: 'GET', path: '/cards', query },
    });
    for (const { card_id } of page.cards) {
      given += 1;
      yield card_id;
    }
    if (page.next_cursor === null || given >= limit) return;
    cursor = page.next_cursor;
  }
}
