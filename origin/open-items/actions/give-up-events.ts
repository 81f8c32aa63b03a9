// give_up_events: a card and its books go on without events that are not here and that nobody can bring. Under each of their numbers a void
// of nothing is booked, so that what waits for them has its turn, and a card that was set back is rebuilt without them. What they said of
// money is unknown: a person finds out, and books it by a correction.

import * as z from 'zod';
import { limits } from '../../../contracts/limits.ts';
import { type GivenUp, givenUpBy, giveUp, lackingOf } from '../../intake/lacking-events.ts';
import type { CardName } from '../../intake/streams.ts';
import { describeError } from '../../log.ts';
import { type ActionParts, type CallOutcome, outsideAction } from '../action.ts';
import { cardNamed } from '../card-messages.ts';
import type { OpenItem } from '../open-item.ts';

/** Numbers that one sentence names. */
const namedMax = 20;

export const giveUpEvents = outsideAction({
  name: 'give_up_events',
  summary:
    'Let the card and its books go on without events that never came, or cannot be read here, and that nobody can bring. `events`: how many ' +
    'they are; with another number it is refused, and says how many, and which. What they did to money is then to be found out and corrected.',
  kinds: ['card_behind_ledger', 'card_events_lost', 'event_of_newer_release'],
  input: z.strictObject({ events: z.int().positive() }),
  async call({ database: { sql }, edge, takers }, item, { events }) {
    const card = cardNamed(item.card_key);
    if (card === null) return { outcome: 'refused', problem: 'cannot be done: the item names no card' };
    // Begun before, and not finished.
    const before = await givenUpBy(sql, item.open_item_id);
    if (before.length === 0) {
      const refused = await giveUpNow({ sql, edge }, item, { card, events });
      if (refused !== null) return refused;
    }
    const all = await givenUpBy(sql, item.open_item_id);
    const late = all.filter(({ isHere }) => !isHere);
    for (let from = 0; from < late.length; from += limits.eventsPerMessageMax)
      if (!(await book(takers, item, late.slice(from, from + limits.eventsPerMessageMax))))
        return { outcome: 'not_now', problem: 'was written down, and could not be booked yet' };
    return { outcome: 'done', result: { given_up: all.map(({ sequence }) => sequence) } };
  },
});

/** Null: it is written down. */
async function giveUpNow(
  {
    sql,
    edge,
  }: { readonly sql: ActionParts['database']['sql']; readonly edge: Pick<ActionParts['edge'], 'eventsAfter'> },
  { open_item_id, card_key }: OpenItem,
  { card, events }: { readonly card: CardName; readonly events: number },
): Promise<CallOutcome | null> {
  const known = await lackingOf(sql, card);
  if (known === null) return { outcome: 'refused', problem: 'cannot be done: nothing of the card has come here' };
  let page: Awaited<ReturnType<typeof edge.eventsAfter>>;
  try {
    page = await edge.eventsAfter(card, (known.missing[0] ?? 1) - 1);
  } catch (error) {
    return { outcome: 'not_now', problem: `could not look at the card's own log: ${describeError(error).message}` };
  }
  // Of a card that was set back, what its log has under these numbers now is of its other life.
  const { first_sequence, last_sequence, is_fenced = false } = page;
  const lacking = is_fenced ? known : await lackingOf(sql, card, Math.min(first_sequence, last_sequence + 1));
  const ofNewer = await awaitedOf(sql, card_key);
  // Of a newer release: the card has it, and nobody here can read it.
  const isThere = (sequence: number) =>
    !is_fenced && !ofNewer.has(sequence) && sequence >= first_sequence && sequence <= last_sequence;
  const there = lacking?.missing.filter(isThere) ?? [];
  if (there.length > 0)
    return { outcome: 'refused', problem: `cannot be done: the card has ${named(there)}; read it again instead` };
  const all = [...(lacking?.missing ?? []), ...(lacking?.unreadable ?? [])];
  if (lacking === null || all.length === 0)
    return { outcome: 'refused', problem: 'cannot be done: no event is lacking here' };
  if (all.length !== events)
    return { outcome: 'refused', field: 'input.events', problem: `must be ${all.length}: lacking is ${named(all)}` };
  await giveUp(sql, lacking, open_item_id);
  return null;
}

async function awaitedOf(sql: ActionParts['database']['sql'], card_key: string | null): Promise<Set<number>> {
  const { rows } = await sql.query<{ sequence: string }>(
    `select evidence #>> '{place,sequence}' as sequence from open_items
     where card_key = $1 and kind = 'event_of_newer_release' and status = 'open'`,
    [card_key],
  );
  return new Set(rows.map(({ sequence }) => Number(sequence)));
}

function named(sequences: readonly number[]): string {
  const more = sequences.length - namedMax;
  return `event ${sequences.slice(0, namedMax).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** As if the card had sent them: once, in their turn, and what waited for them with them. */
async function book(
  takers: ActionParts['takers'],
  { open_item_id, card_key }: OpenItem,
  events: readonly GivenUp[],
): Promise<boolean> {
  const body = { version: 1, card_key, events: events.map((event) => event.body) };
  const [taken] = await takers.card_events([{ id: open_item_id, body }]);
  return taken?.outcome === 'done';
}
