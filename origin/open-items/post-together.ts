// Money in another currency than its cards', of events that share an open item, posted one event after the other. Each is noted in the commit
// that books back what was booked of it, so that a crash or an edge that is away leaves only the rest; sent twice, a card takes it once.

import type { Database, Sql } from '../db/client.ts';
import { type CardName, lockStreams } from '../intake/streams.ts';
import { describeError } from '../log.ts';
import type { ActionParts, CallOutcome } from './action.ts';
import { bookBack, type ForeignEvent, foreignEventSchema } from './book-back.ts';
import { cardNamed, currencyOfCard, messageKeyOf, sendToCard } from './card-messages.ts';
import { convertedAt, inCurrency, makesItNothing } from './in-currency.ts';
import type { OpenItem } from './open-item.ts';

/** Half of what an action may take before somebody else takes it up (claim.ts). */
const callMsMax = 60_000;
/** Sent side by side. */
const atOnce = 8;

/** By `EUR/USD`: units of the card's currency for one unit of the message's. */
type Rates = Readonly<Record<string, string>>;

interface Kept {
  readonly event_no: string;
  readonly card_key: string;
  readonly body: unknown;
}

/** `left`: why it stays as it is; `not_now`: why it may work later. */
type Posted =
  | { readonly outcome: 'posted' }
  | { readonly outcome: 'left'; readonly problem: string }
  | { readonly outcome: 'not_now'; readonly problem: string };

export async function postTogether(
  parts: { readonly database: Database; readonly edge: Pick<ActionParts['edge'], 'sendMessage'> },
  item: OpenItem,
  rates: Rates,
): Promise<CallOutcome> {
  const { sql } = parts.database;
  const untilMs = performance.now() + callMsMax;
  const left = new Map<string, number>();
  let posted = 0;
  for (let after = '0'; ; ) {
    const page = await keptAfter(sql, item.item_key, after);
    const last = page.at(-1);
    if (last === undefined) break;
    const answers = await Promise.all(page.map((kept) => postOne(parts, item, kept, rates)));
    posted += answers.filter(({ outcome }) => outcome === 'posted').length;
    for (const one of answers) if (one.outcome === 'left') left.set(one.problem, (left.get(one.problem) ?? 0) + 1);
    const waits = answers.find((one) => one.outcome === 'not_now');
    if (waits !== undefined)
      return { outcome: 'not_now', problem: `was done for ${posted}; the others wait: ${waits.problem}` };
    if (performance.now() > untilMs)
      return { outcome: 'not_now', problem: `was done for ${posted}; the others follow by themselves` };
    after = last.event_no;
  }
  if (left.size > 0) {
    const whys = [...left].slice(0, 5).map(([problem, count]) => `${count}: ${problem}`);
    return {
      outcome: 'refused',
      field: 'input.rates',
      problem: `cannot be done for all; ${posted} were posted now. Left are ${whys.join('; ')}`,
    };
  }
  return { outcome: 'done', result: { posted }, record: (within) => noneLeft(within, item.item_key) };
}

async function keptAfter(sql: Sql, itemKey: string, after: string, limit = atOnce): Promise<Kept[]> {
  const { rows } = await sql.query<Kept>(
    `select event_no, card_key, body from events_kept_together
     where item_key = $1 and done_at is null and event_no > $2 order by event_no limit $3`,
    [itemKey, after, limit],
  );
  return rows;
}

async function postOne(
  { database, edge }: Parameters<typeof postTogether>[0],
  item: OpenItem,
  { event_no, card_key, body }: Kept,
  rates: Rates,
): Promise<Posted> {
  const card = cardNamed(card_key);
  const event = foreignEventSchema.safeParse(body).data?.event;
  if (card === null || event === undefined)
    return { outcome: 'left', problem: 'names no card and message that can be read' };
  try {
    const currency = await currencyOfCard(database.sql, card);
    if (currency === null) return { outcome: 'left', problem: 'no card with its token was made here' };
    const pair = `${event.message.currency}/${currency}`;
    const rate = rates[pair];
    // What names no amount needs none.
    const amount =
      event.message.kind === 'expiry' ? 0 : rate === undefined ? null : convertedAt(rate, { ...event, currency });
    if (amount === null) return { outcome: 'left', problem: `there is no rate for ${pair}` };
    if (typeof amount === 'string') return { outcome: 'left', problem: `the rate of ${pair} ${amount}` };
    if (makesItNothing(event.message, amount))
      return { outcome: 'left', problem: `the rate of ${pair} makes it nothing` };
    const message = { ...inCurrency({ ...event, currency }, amount), message_key: `${messageKeyOf(item)}-${event_no}` };
    const sent = await sendToCard(edge, card, message);
    if (sent.outcome !== 'done')
      return { outcome: sent.outcome === 'refused' ? 'left' : 'not_now', problem: sent.problem };
    const result = { ...sent.result, ...(event.message.kind === 'expiry' ? {} : { amount_minor: amount, currency }) };
    await database.transaction((within) => note(within, { event_no, card, event, result }));
    return { outcome: 'posted' };
  } catch (error) {
    return { outcome: 'not_now', problem: describeError(error).message };
  }
}

interface Done {
  readonly event_no: string;
  readonly card: CardName;
  readonly event: ForeignEvent;
  readonly result: object;
}

/** Locks in intake's order: the card's stream, what is kept together, its sums, balances. */
async function note(sql: Sql, { event_no, card, event, result }: Done): Promise<void> {
  await lockStreams(sql, [card]);
  const { rows } = await sql.query(
    `with done as (
       update events_kept_together set done_at = now() where event_no = $1 and done_at is null
       returning item_key, coalesce(currency, '') as currency, coalesce(card_currency, '') as card_currency, coalesce(amount_minor, 0) as amount_minor
     )
     update events_together_sums s set left_events = s.left_events - 1, left_minor = s.left_minor - d.amount_minor
     from done d where s.item_key = d.item_key and s.currency = d.currency and s.card_currency = d.card_currency returning s.item_key`,
    [event_no],
  );
  // Somebody else has noted it.
  if (rows.length === 0) return;
  const booked = await bookBack(sql, card, event);
  await sql.query('update events_kept_together set result = $2 where event_no = $1', [
    event_no,
    JSON.stringify({ ...result, ...booked }),
  ]);
}

/** One that came while the last ones were posted would lie in a closed item: the action stays under way, and takes it with it. */
async function noneLeft(sql: Sql, itemKey: string): Promise<object> {
  if ((await keptAfter(sql, itemKey, '0', 1)).length > 0)
    throw new Error('another event has come while the others were posted');
  return {};
}
