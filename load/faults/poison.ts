// poison: one message in a hundred that nobody can read, or with one event that nobody can read. The others must be booked as fast as without
// it, each poisoned one must lie among the dead letters with its reason; and letters that a release before could not read, handed in again by two
// people at once and then once more, under traffic, must have one effect each.
//
// Throughput is counted by processor time, of the origin and of Postgres, as well as by the clock: what else the machine does is not in it. Rounds
// with and without poison take turns, and the best of each are compared.

import { randomBytes } from 'node:crypto';
import { cardKey } from '../../contracts/network.ts';
import { openDatabase, type Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { keepDeadLetters } from '../../origin/queues/dead-letters.ts';
import { apiOf } from '../../scripts/dev/demo.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { edgeVars } from '../edge-cards.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { createCards } from '../intake-program.ts';
import { type MadeUpCard, madeUpCard, messagesOf } from '../made-up-events.ts';
import { childrenOf, processorMs, serverPid } from '../processor-time.ts';
import { startOwnOrigin } from '../settlements-under-load.ts';
import { bookFindings } from './book-findings.ts';
import { postMessages } from './queue-relay.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

/** Of `--cards`: small rounds differ by more than poison costs. */
const cardsFactor = 10;
const eventsPerCard = 20;
const eventsPerMessage = 5;
/** As Cloudflare's largest batch, and so many under way. */
const batch = { messages: 100, atOnce: 4 };
const poisonShare = 0.01;
const letters = 40;

export async function poison(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  const rounds = Math.max(2, Math.round((options.seconds ?? 60) / 6));
  progress(`poison: seed ${seed}, ${rounds} rounds of each kind; starting Postgres and origin`);
  const origin = await startOwnOrigin(parts, 0);
  const sql = await connectOwner(origin.databaseUrl);
  parts.defer(() => sql.end());
  const run = { origin, sql, random: seededRandom(seed), cards: options.cards * cardsFactor };
  const seen = watchOrigin(origin.url);
  const server = await serverPid(sql);
  const processors = () =>
    [origin.originPid ?? 0, ...childrenOf(server)].reduce((sum, pid) => sum + processorMs(pid), 0);

  // The first of each warms the process up, and is not counted.
  const taken: { readonly isPoisoned: boolean; readonly cpuMs: number; readonly ms: number }[] = [];
  let poisoned = 0;
  for (let n = 0; n < 2 * (rounds + 1); n++) {
    const isPoisoned = n % 2 === 1;
    const round = await makeRound(run, `${n}`, isPoisoned ? poisonShare : 0);
    poisoned += round.poisoned;
    const [startCpu, startMs] = [processors(), performance.now()];
    await deliver(origin.url, round.bodies);
    if (n >= 2) taken.push({ isPoisoned, cpuMs: processors() - startCpu, ms: performance.now() - startMs });
  }
  const best = (isPoisoned: boolean, of: 'cpuMs' | 'ms') =>
    Math.min(...taken.filter((one) => one.isPoisoned === isPoisoned).map((one) => one[of]));
  const clean = taken.filter(({ isPoisoned }) => !isPoisoned).map(({ cpuMs }) => cpuMs);
  const [first = 1, second = first] = clean.toSorted((one, other) => one - other);
  const events = run.cards * eventsPerCard;
  const share = best(false, 'cpuMs') / best(true, 'cpuMs');
  // Two clean rounds do not cost the same either.
  const noise = second / first - 1;
  progress(`${Math.round(100_000 * share) / 1_000}% of the throughput; handing dead letters in again`);
  const reasons = await reasonsOf(sql);
  const replay = await replayTwice(run);
  const watched = await seen();
  const books = await bookFindings(origin.databaseUrl);
  return {
    fault: 'poison',
    seed,
    events_a_round: events,
    poisoned_messages: poisoned,
    throughput_share: rounded(share),
    throughput_share_by_the_clock: rounded(best(false, 'ms') / best(true, 'ms')),
    noise_of_clean_rounds: rounded(noise),
    events_per_s: Math.round((1_000 * events) / best(false, 'ms')),
    dead_letters: reasons.letters,
    with_a_reason: reasons.withReason,
    replay,
    watched,
    findings: [
      ...books,
      ...(share >= wantedShare(rounds) - noise
        ? []
        : [`with poison ${rounded(share)} of the throughput, clean rounds differ by ${rounded(noise)}`]),
      ...(reasons.letters === poisoned && reasons.withReason === poisoned
        ? []
        : [`${poisoned} poisoned messages, ${reasons.letters} letters, ${reasons.withReason} with a reason`]),
      ...(replay.first_effects === letters
        ? []
        : [`the first replay of ${letters} letters had ${replay.first_effects} effects`]),
      ...(replay.second_effects === 0 ? [] : [`the second replay had ${replay.second_effects} effects`]),
    ],
  };
}

interface Run {
  readonly origin: Awaited<ReturnType<typeof startOwnOrigin>>;
  readonly sql: Sql;
  readonly random: () => number;
  readonly cards: number;
}

/** Known cards, and what they say, message after message of each in turn; some of it poisoned. */
async function makeRound(run: Run, name: string, share: number) {
  const cards = await knownCards(run, run.cards, `poison-${name}`);
  const bodies: unknown[] = cards.flatMap((card) => messagesOf(card, eventsPerMessage));
  let poisoned = 0;
  for (let n = 0; n < Math.round(bodies.length * share); n++) {
    // In turn one that is no message, beside the good ones, and one of whose events nothing can be read but its number.
    const at = Math.floor(run.random() * bodies.length);
    if (n % 2 === 0) bodies.splice(at, 0, { version: 1, nonsense: randomBytes(12).toString('hex') });
    else bodies[at] = spoilt(bodies[at]);
    poisoned++;
  }
  return { bodies, poisoned };
}

function spoilt(body: unknown): unknown {
  const message = body as { events?: readonly { sequence: number; event_id: string }[] };
  const [first, ...rest] = message.events ?? [];
  // A message that was spoilt before stays what it is: then there is one letter fewer, and the run says so.
  if (first === undefined) return { version: 1, nonsense: randomBytes(12).toString('hex') };
  return { ...message, events: [{ sequence: first.sequence, event_id: first.event_id, kind: 7 }, ...rest] };
}

async function knownCards({ origin, random }: Run, count: number, name: string): Promise<MadeUpCard[]> {
  const cards = Array.from({ length: count }, (_, n) => madeUpCard(`${name}-${n}`, eventsPerCard, random));
  const database = openDatabase({ url: origin.databaseUrl, poolMax: 2, onIdleError: () => {} });
  await createCards(database, cards).finally(() => database.close());
  return cards;
}

/** Returns when each message is taken: booked, or among the dead letters. */
async function deliver(originUrl: string, bodies: readonly unknown[]): Promise<void> {
  const batches: { readonly id: string; readonly body: unknown }[][] = [];
  for (let at = 0; at < bodies.length; at += batch.messages)
    batches.push(bodies.slice(at, at + batch.messages).map((body, n) => ({ id: `${at + n}`, body })));
  await fewAtATime(
    batches,
    async (messages) => {
      for (let left = messages; left.length > 0; ) {
        const taken = await postMessages(originUrl, edgeVars.INTERNAL_SECRET, left);
        left = left.filter(({ id }) => !taken.has(id));
      }
    },
    batch.atOnce,
  );
}

/** Letters whose messages are good: what a release before had kept because it could not read them. */
async function replayTwice(run: Run) {
  const { origin, sql } = run;
  const cards = await knownCards(run, letters, 'kept');
  const bodies = cards.flatMap((card) => messagesOf(card, eventsPerCard));
  await keepDeadLetters(
    sql,
    bodies.map((body) => ({
      ...{ source: 'card_events', reason: 'kept by a release before', place: null },
      ...{ message: JSON.stringify(body), card_key: cardKey('native', body.card_key.slice('native:'.length)) },
    })),
  );
  const ids = await openLetters(sql);
  const traffic = deliver(origin.url, (await makeRound(run, 'meanwhile', 0)).bodies);
  const api = apiOf(origin.url);
  const again = () =>
    fewAtATime(ids, async (id) => {
      await api('POST', `/open-items/${id}/actions/try_again`, { reason: 'upgraded', input: {} });
    });
  const before = await booked(sql);
  await Promise.all([again(), again()]);
  const first = (await booked(sql)) - before;
  // The items are closed; whoever hands the same messages in past them changes nothing either.
  await Promise.all([again(), deliver(origin.url, bodies), deliver(origin.url, bodies)]);
  const second = (await booked(sql)) - before - first;
  await traffic;
  return { letters, handed_in: 3, first_effects: first, second_effects: second };
}

/** Cards whose kept message is booked, whole and once. */
async function booked(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from card_streams s where card_token like 'kept-%' and applied_sequence = $1
       and (select count(*) from card_events e where e.stream_id = s.stream_id) = $1`,
    [eventsPerCard],
  );
  return Number(rows[0]?.count);
}

async function openLetters(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ id: string }>(
    `select open_item_id as id from open_items where kind = 'dead_letter' and status = 'open' and card_key like 'native:kept-%'`,
  );
  return rows.map(({ id }) => id);
}

async function reasonsOf(sql: Sql): Promise<{ letters: number; withReason: number }> {
  const { rows } = await sql.query<{ letters: string; with_reason: string }>(
    `select count(*) as letters, count(*) filter (where length(evidence ->> 'reason') > 0) as with_reason
     from open_items where kind = 'dead_letter'`,
  );
  return { letters: Number(rows[0]?.letters), withReason: Number(rows[0]?.with_reason) };
}

/** Of two or three rounds the best says little: there only a throughput that breaks down is seen. */
function wantedShare(rounds: number): number {
  return rounds >= 5 ? 0.99 : 0.8;
}

function rounded(share: number): number {
  return Math.round(share * 10_000) / 10_000;
}
