// overload: five times as many requests for settlements as the origin can answer, from callers that give up after two seconds and come again as
// the answer tells them. What it does answer in time must be at least 80% of what it answers at its peak, and when the overload is over it must be
// as before at once: no storm of repeats. Each key that was told 201 has one settlement.

import { Agent, request } from 'undici';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { type LoadMerchant, startOwnOrigin } from '../settlements-under-load.ts';
import { bookFindings } from './book-findings.ts';
import type { FaultOptions } from './table.ts';
import { watchOrigin } from './watch.ts';

const times = 5;
const goodputShareMin = 0.8;
const patienceMs = 2_000;
/** Of one caller: the first and two more, as the answer's Retry-After says. */
const triesMax = 3;
/** Of one address more are refused (`CONNECTIONS_PER_ADDRESS_MAX`). */
const connectionsMax = 1_500;
const peakCallers = 32;
/** By when the last caller has used up its tries, and a second for this machine. */
const stormMsMax = triesMax * (patienceMs + 1_000) + 1_000;
const tickMs = 10;
/** Of a phase: of the whole time, how much. */
const shares = { before: 0.1, peak: 0.15, overload: 0.6, after: 0.15 };
/** Of the peak, while nothing is wrong. */
const calmShare = 0.3;

export async function overload(parts: AsyncDisposableStack, options: FaultOptions) {
  const { seed, progress } = options;
  const seconds = options.seconds ?? 500;
  progress(`overload: ${seconds} s; starting Postgres, a provider and the origin`);
  const origin = await startOwnOrigin(parts, 16);
  const agent = new Agent({ connections: connectionsMax, pipelining: 1 });
  parts.defer(() => agent.destroy());
  const crowd = new Crowd(agent, origin.url, origin.merchants);
  // The process compiles its code, and the database makes its plans.
  await crowd.atMost(peakCallers, seconds * shares.before);
  const peak = await crowd.atMost(peakCallers, seconds * shares.peak);
  const before = await crowd.atRate(peak.goodput_per_s * calmShare, seconds * shares.before);
  progress(`at its peak ${peak.goodput_per_s}/s; now ${times} times as many`);
  const seen = watchOrigin(origin.url);
  const during = await crowd.atRate(peak.goodput_per_s * times, seconds * shares.overload);
  progress(`${during.goodput_per_s}/s answered in time of ${during.offered_per_s}/s`);
  const watched = await seen();
  // Those who came last repeat for a while yet, three tries of three seconds at most: then nobody does any more.
  const overMs = Date.now();
  await crowd.over();
  const repeatsOverMs = Date.now() - overMs;
  const after = await crowd.atRate(peak.goodput_per_s * calmShare, seconds * shares.after);
  await crowd.over();
  const share = during.goodput_per_s / peak.goodput_per_s;
  const sql = await connectOwner(origin.databaseUrl);
  const { rows } = await sql.query<{ reference: string }>('select reference from settlements').finally(() => sql.end());
  const stored = new Map<string, number>();
  for (const { reference } of rows) stored.set(reference, (stored.get(reference) ?? 0) + 1);
  const lost = [...crowd.told].filter((key) => !stored.has(key)).length;
  const doubled = [...stored.values()].filter((count) => count > 1).length;
  return {
    fault: 'overload',
    seed,
    repeats_over_after_ms: repeatsOverMs,
    ...{ peak, before, during, after, goodput_share: Math.round(share * 1_000) / 1_000 },
    ...{ acknowledged: crowd.told.size, lost, doubled, watched },
    findings: [
      ...(share >= goodputShareMin ? [] : [`${Math.round(share * 100)}% of the peak were answered in time`]),
      ...(after.in_time_share >= before.in_time_share - 0.02
        ? []
        : [`after it ${after.in_time_share} are answered in time, before it ${before.in_time_share} were`]),
      ...(repeatsOverMs <= stormMsMax ? [] : [`repeats went on for ${repeatsOverMs} ms`]),
      ...(lost === 0 ? [] : [`${lost} settlements were acknowledged and are not there`]),
      ...(doubled === 0 ? [] : [`${doubled} keys have several settlements`]),
      ...(await bookFindings(origin.databaseUrl, { owed: false })),
    ],
  };
}

interface Phase {
  readonly offered_per_s: number;
  readonly goodput_per_s: number;
  /** Of the callers of this phase: answered with 201 within two seconds of coming. */
  readonly in_time_share: number;
  readonly p50_ms: number;
  readonly p99_ms: number;
  /** Tries by their answer; `late`: none in time. */
  readonly answers: Readonly<Record<string, number>>;
}

interface Counting {
  came: number;
  readonly tookMs: number[];
  readonly answers: Map<string, number>;
}

class Crowd {
  /** Keys that were answered with 201, whenever that was. */
  readonly told = new Set<string>();
  readonly #agent: Agent;
  readonly #url: string;
  readonly #merchants: readonly LoadMerchant[];
  readonly #waiting = new Set<Promise<void>>();
  #made = 0;

  constructor(agent: Agent, url: string, merchants: readonly LoadMerchant[]) {
    this.#agent = agent;
    this.#url = `${url}/settlements`;
    this.#merchants = merchants;
  }

  /** So many callers, each coming again once it is answered: as much as is answered. */
  async atMost(callers: number, seconds: number): Promise<Phase> {
    const counting = newCounting();
    const untilMs = Date.now() + seconds * 1_000;
    const come = async () => {
      while (Date.now() < untilMs) await this.#come(counting);
    };
    await Promise.all(Array.from({ length: callers }, come));
    return phaseOf(counting, seconds);
  }

  /** Callers at a rate, whether or not those before them were answered. */
  async atRate(perSecond: number, seconds: number): Promise<Phase> {
    const counting = newCounting();
    const startMs = performance.now();
    for (let due = 0; ; ) {
      const passedMs = performance.now() - startMs;
      if (passedMs >= seconds * 1_000) break;
      for (const wanted = (passedMs / 1_000) * perSecond; due < wanted; due++) {
        const caller = this.#come(counting);
        this.#waiting.add(caller);
        void caller.finally(() => this.#waiting.delete(caller));
      }
      await new Promise((resolve) => setTimeout(resolve, tickMs));
    }
    return phaseOf(counting, seconds);
  }

  async over(): Promise<void> {
    await Promise.all(this.#waiting);
  }

  async #come(counting: Counting): Promise<void> {
    const n = this.#made++;
    const merchant = this.#merchants[n % this.#merchants.length] as LoadMerchant;
    counting.came += 1;
    const cameMs = performance.now();
    for (let tries = 1; tries <= triesMax; tries++) {
      const { said, retryAfterMs } = await this.#ask(merchant, `crowd-${n}`);
      counting.answers.set(said, (counting.answers.get(said) ?? 0) + 1);
      if (said === '201') {
        this.told.add(`crowd-${n}`);
        const tookMs = performance.now() - cameMs;
        if (tookMs <= patienceMs) counting.tookMs.push(tookMs);
        return;
      }
      await new Promise((resolve) => setTimeout(resolve, retryAfterMs));
    }
  }

  async #ask({ api_key, merchant_id }: LoadMerchant, key: string): Promise<{ said: string; retryAfterMs: number }> {
    const headers = { authorization: `Bearer ${api_key}`, 'content-type': 'application/json', 'idempotency-key': key };
    const body = JSON.stringify({ merchant_id, amount_minor: 1, currency: 'USD', reference: key });
    try {
      const signal = AbortSignal.timeout(patienceMs);
      const answer = await request(this.#url, { method: 'POST', headers, body, signal, dispatcher: this.#agent });
      await answer.body.dump();
      const retryAfterMs = 1_000 * Number(answer.headers['retry-after'] ?? 1);
      return { said: `${answer.statusCode}`, retryAfterMs };
    } catch {
      return { said: 'late', retryAfterMs: 1_000 };
    }
  }
}

function newCounting(): Counting {
  return { came: 0, tookMs: [], answers: new Map() };
}

function phaseOf({ came, tookMs, answers }: Counting, seconds: number): Phase {
  const sorted = tookMs.toSorted((one, other) => one - other);
  const at = (share: number) => Math.round(sorted[Math.floor(sorted.length * share)] ?? 0);
  return {
    offered_per_s: Math.round(came / seconds),
    goodput_per_s: Math.round(tookMs.length / seconds),
    in_time_share: Math.round((1_000 * tookMs.length) / Math.max(1, came)) / 1_000,
    ...{ p50_ms: at(0.5), p99_ms: at(0.99), answers: Object.fromEntries(answers) },
  };
}
