// Atlas as a whole under load: the edge's bundle on raw workerd, its queue, the origin's process and a durable Postgres, over 1,000 cards and over
// one. What a caller waits, what a thousand decisions take of the processors until they are booked, and how their events came: by the queue,
// more than once, or by repair from the card's own log. The queue is a relay in this process: Cloudflare's own delay is not in the lag.

import type { CardEventsMessage } from '../contracts/card-event.ts';
import { cardKey } from '../contracts/network.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { type RunningSystem, startSystem } from './faults/system.ts';
import { gatewayRequests } from './gateway-requests.ts';
import { measureMany, type Round } from './many-connections.ts';
import { makeCards } from './origin-cards.ts';
import { between, serverPid } from './processor-time.ts';
import { started } from './started.ts';
import { median, rounded } from './statistics.ts';
import { allBooked, idleMsASecond, processorsOfSystem } from './whole-system.ts';

const connections = 32;
const cardCount = 1_000;
/** Cards are made as fast as the origin takes them. */
const noQuota = { RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' };
const warmUpSeconds = 5;

export interface SystemBenchmarkOptions {
  readonly rounds: number;
  readonly seconds: number;
  readonly progress: (line: string) => void;
}

/** What the queue took of the cards that are measured: those of an earlier load may send their newest event once more when their alarm wakes them. */
class Heard {
  #keys: ReadonlySet<string> = new Set();
  readonly #seen = new Set<string>();
  events = 0;
  /** Events that had come before. */
  repeated = 0;
  /** Sum over the others, from the card's clock to when the queue took their message, in s. */
  toQueueS = 0;

  of(cardTokens: readonly string[]): void {
    this.#keys = new Set(cardTokens.map((token) => cardKey('marqeta', token)));
  }

  add(text: string): void {
    const nowMs = Date.now();
    const { card_key, events } = JSON.parse(text) as CardEventsMessage;
    if (!this.#keys.has(card_key)) return;
    for (const { sequence, at_ms } of events) {
      const isNew = this.#seen.size < this.#seen.add(`${card_key} ${sequence}`).size;
      this.events++;
      if (isNew) this.toQueueS += (nowMs - at_ms) / 1_000;
      else this.repeated++;
    }
  }
}

/** What became of events, by the queue and by the origin's own counters. */
interface Delivery extends Pick<Heard, 'events' | 'repeated' | 'toQueueS'> {
  /** Sends that failed, as the edge's log has them: whether the queue had taken it is not known then, so that it is sent again. */
  readonly failedSends: number;
  /** Events that the origin read from cards' own logs instead. */
  readonly repaired: number;
  /** The origin's lag, card's clock to commit, of each message's newest event: sum in s and how many. */
  readonly lagS: number;
  readonly lags: number;
}

interface Measured extends Round {
  readonly cpu_ms: number;
  readonly delivery: Delivery;
}

export async function measureSystem({ rounds, seconds, progress }: SystemBenchmarkOptions) {
  await using parts = started();
  progress('system: starting Postgres, origin and edge');
  const heard = new Heard();
  const onQueueMessage = (text: string) => heard.add(text);
  const system = await startSystem(parts, { environment: noQuota, onQueueMessage });
  const cardTokens = await makeCards(system.origin.url, cardCount);
  const owner = await connectOwner(system.databaseUrl);
  parts.defer(() => owner.end());
  const postgres = await serverPid(owner);
  const processors = () => processorsOfSystem(postgres);
  const idleMs = await idleMsASecond(system, processors);

  async function measure(tokens: readonly string[], run: string, length: number): Promise<Measured> {
    const before = { processors: processors(), delivery: await deliveryOf(system, heard), atMs: Date.now() };
    const next = gatewayRequests(tokens, run);
    heard.of(tokens);
    const round = await measureMany({ url: system.edgeUrl, next }, { connections, seconds: length });
    await allBooked(system);
    const usedMs = between(before.processors, processors()) - (idleMs * (Date.now() - before.atMs)) / 1_000;
    const delivery = difference(before.delivery, await deliveryOf(system, heard));
    return { ...round, cpu_ms: usedMs / (round.requests_per_s * length), delivery };
  }

  const loads = { spread: cardTokens, hot: cardTokens.slice(0, 1) };
  const figures: Record<string, ReturnType<typeof reportOf>> = {};
  let errors = 0;
  for (const [name, tokens] of Object.entries(loads)) {
    await measure(tokens, `${name}-warm`, warmUpSeconds);
    const of: Measured[] = [];
    for (let round = 1; round <= rounds; round++) {
      const one = await measure(tokens, `${name}-${round}`, seconds);
      of.push(one);
      errors += one.errors;
      progress(`system, ${name} ${round}/${rounds}: ${Math.round(one.requests_per_s)}/s, p99 ${one.p99_ms} ms`);
    }
    figures[name] = reportOf(of);
  }
  return { system: { ...figures, idle_cpu_ms_a_second: rounded(idleMs, 1), errors } };
}

async function deliveryOf({ origin, edgeOutput }: RunningSystem, heard: Heard): Promise<Delivery> {
  const text = await (await fetch(`${origin.url}/metrics`)).text();
  const { events, repeated, toQueueS } = heard;
  return {
    ...{ events, repeated, toQueueS },
    failedSends: edgeOutput().split('card_events_not_published').length - 1,
    repaired: counterIn(text, 'intake_repaired_events_total'),
    lagS: counterIn(text, 'intake_lag_seconds_sum'),
    lags: counterIn(text, 'intake_lag_seconds_count'),
  };
}

/** A counter without labels, on a page of metrics. Throws where it is not there: its figure would be 0 for ever. */
function counterIn(text: string, name: string): number {
  const value = new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1];
  if (value === undefined) throw new Error(`no ${name} in the origin's metrics`);
  return Number(value);
}

function difference(before: Delivery, after: Delivery): Delivery {
  const grown = (name: keyof Delivery) => after[name] - before[name];
  return {
    ...{ events: grown('events'), repeated: grown('repeated'), repaired: grown('repaired') },
    ...{ failedSends: grown('failedSends'), toQueueS: grown('toQueueS'), lagS: grown('lagS'), lags: grown('lags') },
  };
}

function reportOf(of: readonly Measured[]) {
  const figure = (read: (one: Measured) => number, decimals: number) => rounded(median(of.map(read)), decimals);
  return {
    requests_per_s: figure((one) => one.requests_per_s, 0),
    rounds: of.map(({ requests_per_s }) => Math.round(requests_per_s)),
    p50_ms: figure((one) => one.p50_ms, 0),
    p99_ms: figure((one) => one.p99_ms, 0),
    cpu_s_a_thousand: figure((one) => one.cpu_ms, 2),
    failed_sends: figure(({ delivery: { failedSends } }) => failedSends, 0),
    repeats_share: figure(({ delivery: { repeated, events } }) => repeated / events, 4),
    repairs_share: figure(({ delivery: { repaired, events } }) => repaired / events, 4),
    mean_s_to_queue: figure(({ delivery: { toQueueS, events, repeated } }) => toQueueS / (events - repeated), 2),
    mean_lag_s_of_newest: figure(({ delivery: { lagS, lags } }) => lagS / lags, 2),
  };
}
