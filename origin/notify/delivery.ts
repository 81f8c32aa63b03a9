// Delivers webhook messages: takes what is due, signs it, posts it, writes down what came of it. A slow or dead endpoint
// delays nobody else. A crash at any moment repeats a message and never drops one: receivers know it by `webhook-id`.

import type { Logger } from 'pino';
import { Batcher } from '../batcher.ts';
import { ageMs, dueInMs } from '../db/age.ts';
import type { Database } from '../db/client.ts';
import { createLoop, type Loop } from '../loop.ts';
import { isRefusedByDatabase } from '../set-aside.ts';
import { inSpan, type OpenSpan, traceHeaders } from '../tracing/spans.ts';
import { answerText } from './answer-text.ts';
import { type Claimed, claimDue, nextDue, oldestDue, reachedLimit, retireUndeliverable } from './claim.ts';
import { type Disabled, disableEndpoint } from './disable-endpoint.ts';
import { judgeAttempt, type Verdict } from './judge-attempt.ts';
import type { NotifyMetrics } from './notify-metrics.ts';
import { type AttemptResult, recordAttempts } from './record.ts';
import { nextWaitMs } from './retry-schedule.ts';
import type { Reached, SafeFetch } from './safe-fetch.ts';
import type { SecretBox } from './secret-box.ts';
import { signedHeaders } from './sign.ts';
import { type SlotLimits, Slots, slotLimits } from './slots.ts';

/** How long a fresh message waits at most before it is seen. */
const intervalMs = 200;
/** Longer than an attempt (15 s), its body (2 s) and writing it down ever take together. */
const leaseMsDefault = 60_000;
const retireIntervalMs = 5_000;
const retireAtMost = 5_000;
const recordAtMost = 500;
const recordTries = 3;

export interface DeliveryOptions {
  readonly database: Database;
  readonly box: SecretBox;
  readonly fetch: Pick<SafeFetch, 'post'>;
  readonly log: Logger;
  readonly metrics: NotifyMetrics;
  readonly limits?: SlotLimits;
  /** How long a message whose process died waits for another. */
  readonly leaseMs?: number;
}

/** `stop` returns when every attempt in hand is over and written down: 17 seconds at most. */
export function createDelivery(options: DeliveryOptions): Loop {
  const { database, log, leaseMs = leaseMsDefault } = options;
  const slots = new Slots(options.limits ?? slotLimits);
  const records = new Batcher<AttemptResult>({
    ...{ sizeMax: recordAtMost, waitMsMax: 0, underWayMax: 1 },
    store: (results) => write(options, results),
  });
  const record = (result: AttemptResult) => records.add(result);
  const inHand = new Set<Promise<void>>();
  let retiredAtMs = 0;

  function start(claimed: Claimed): void {
    const giveBack = slots.take(claimed.webhook_endpoint_id, claimed.slow);
    const work = attempt(options, { claimed, slots, record })
      .catch((error: unknown) => {
        // Not written down: its lease ends, and it is sent again.
        log.error({ err: error, event_id: claimed.event_id }, 'a webhook attempt could not be made or written down');
      })
      .finally(() => {
        giveBack();
        inHand.delete(work);
      });
    inHand.add(work);
  }

  /** With nothing pending there is nothing to retire either. */
  async function nextLookMs(): Promise<number | null> {
    const dueMs = await dueInMs(database.sql, nextDue);
    return dueMs === null ? null : Math.min(dueMs, retireIntervalMs);
  }

  const loop = createLoop({
    name: 'webhook delivery',
    log,
    intervalMs,
    lagMs: () => ageMs(database.sql, oldestDue),
    atRest: { rest: database.rest, dueInMs: nextLookMs },
    async round(signal) {
      if (performance.now() - retiredAtMs > retireIntervalMs) {
        await retireUndeliverable(database.sql, retireAtMost);
        retiredAtMs = performance.now();
      }
      const [fast, slow] = [slots.lane('fast'), slots.lane('slow')];
      if (fast.free + slow.free === 0) return await pausedUntil(slots.released, signal);
      // Taken before the claim: places given back while it runs are ones that it did not know of.
      const { released } = slots;
      const limits = { fast, slow, inHand: new Map(slots.inHand), leaseMs };
      const aside = { slowEndpoints: slots.slowEndpoints, paused: slots.paused(Date.now()) };
      const claimed = await claimDue(database.sql, { ...limits, ...aside });
      for (const message of claimed) start(message);
      return reachedLimit(claimed, limits) ? await pausedUntil(released, signal) : false;
    },
  });

  return {
    ...loop,
    async stop() {
      await loop.stop();
      await Promise.all(inHand);
    },
  };
}

interface InHand {
  readonly claimed: Claimed;
  readonly slots: Slots;
  readonly record: (result: AttemptResult) => Promise<void>;
}

async function attempt(options: DeliveryOptions, inHand: InHand): Promise<void> {
  const { event_id, trace_parent, webhook_endpoint_id, attempts } = inHand.claimed;
  const attributes = {
    'atlas.event_id': event_id,
    'atlas.webhook_endpoint_id': webhook_endpoint_id,
    'atlas.attempt': attempts + 1,
  };
  await inSpan('webhook deliver', { kind: 'client', parent: trace_parent, attributes }, (span) =>
    deliver(options, inHand, span),
  );
}

async function deliver(options: DeliveryOptions, { claimed, slots, record }: InHand, span: OpenSpan): Promise<void> {
  const { fetch, metrics } = options;
  const { webhook_endpoint_id, payload } = claimed;
  const startedMs = performance.now();
  const headers = headersOf(options, claimed);
  if (headers === null) return await recordStorable(record, unsigned(claimed));
  const reached = await fetch.post(claimed.url, { headers: { ...headers, ...traceHeaders() }, body: payload });
  const durationMs = Math.round(performance.now() - startedMs);

  const verdict = judgeAttempt(reached, Date.now());
  if (verdict.pauseMs !== null) slots.pause(webhook_endpoint_id, Date.now() + verdict.pauseMs);
  span.say({
    'atlas.outcome': verdict.outcome,
    ...(verdict.status === null ? {} : { 'http.response.status_code': verdict.status }),
  });
  if (verdict.outcome !== 'taken') span.fail(verdict.error ?? verdict.outcome);
  metrics.deliveries.inc({ outcome: verdict.outcome });
  metrics.seconds.observe({ outcome: verdict.outcome }, durationMs / 1_000);
  await recordStorable(record, resultOf({ claimed, reached, verdict, durationMs }));
  if (verdict.outcome === 'gone') await disable(options, { webhook_endpoint_id, reason: 'gone' });
}

/** Null where its secret cannot be opened (a key that is gone from the configuration): such a message must not come up for ever. */
function headersOf({ box, log }: DeliveryOptions, claimed: Claimed): Record<string, string> | null {
  const { event_id, webhook_endpoint_id, payload } = claimed;
  try {
    const secrets = [claimed.secret, claimed.previous_secret]
      .filter((sealed) => sealed !== null)
      .map((sealed) => box.open(sealed, webhook_endpoint_id));
    return signedHeaders({ eventId: event_id, payload }, secrets, new Date());
  } catch (error) {
    log.error({ err: error, event_id, webhook_endpoint_id }, 'a webhook message could not be signed');
    return null;
  }
}

/** An attempt like any that failed: tried again by the schedule, and given up in the end. */
function unsigned({ message_no, lease, webhook_endpoint_id, attempts }: Claimed): AttemptResult {
  return {
    ...{ message_no, lease, webhook_endpoint_id, taken: false, status: null, error: 'not_signed' },
    ...{ duration_ms: 0, answer: '' },
    next_wait_ms: nextWaitMs(attempts + 1, { retryAfterMs: null, random: Math.random() }),
  };
}

/** Where the database refuses what the partner answered, the attempt is written down without it, so that it counts. */
async function recordStorable(record: InHand['record'], result: AttemptResult): Promise<void> {
  try {
    await record(result);
  } catch (error) {
    if (!isRefusedByDatabase(error)) throw error;
    await record({ ...result, answer: '', error: result.error === null ? null : 'not_storable' });
  }
}

interface Made {
  readonly claimed: Claimed;
  readonly reached: Reached;
  readonly verdict: Verdict;
  readonly durationMs: number;
}

function resultOf({ claimed, reached, verdict, durationMs }: Made): AttemptResult {
  const { message_no, lease, webhook_endpoint_id } = claimed;
  const over = verdict.outcome === 'taken' || verdict.outcome === 'gone';
  return {
    ...{ message_no, lease, webhook_endpoint_id },
    taken: verdict.outcome === 'taken',
    status: verdict.status,
    error: verdict.error,
    duration_ms: durationMs,
    answer: reached.outcome === 'answered' ? answerText(reached.answer, { cut: reached.answerCut }) : '',
    next_wait_ms: over
      ? null
      : nextWaitMs(claimed.attempts + 1, { retryAfterMs: verdict.retryAfterMs, random: Math.random() }),
  };
}

async function write(options: DeliveryOptions, results: readonly AttemptResult[]): Promise<void> {
  const failing = await recordOrThrow(options.database, results);
  for (const webhook_endpoint_id of failing)
    await disable(options, { webhook_endpoint_id, reason: 'failing' }).catch((error: unknown) => {
      // Its next failure disables it.
      options.log.error({ err: error, webhook_endpoint_id }, 'a webhook endpoint could not be disabled');
    });
}

/** A database that is away for a moment is asked again: every attempt that is not written down is made twice. */
async function recordOrThrow({ sql }: Database, results: readonly AttemptResult[]): Promise<string[]> {
  for (let left = recordTries - 1; ; left--) {
    try {
      return await recordAttempts(sql, results);
    } catch (error) {
      // What is refused would be refused again.
      if (left === 0 || isRefusedByDatabase(error)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * 300));
    }
  }
}

async function disable({ database, metrics, log }: DeliveryOptions, disabled: Disabled): Promise<void> {
  if (!(await database.transaction((sql) => disableEndpoint(sql, disabled)))) return;
  metrics.disabled.inc({ reason: disabled.reason });
  log.warn(disabled, 'a webhook endpoint is disabled: its partner has to be told');
}

/** True, at once or after a pause that is no longer than the loop's own. */
async function pausedUntil(released: Promise<void>, signal: AbortSignal): Promise<true> {
  const over = AbortSignal.any([signal, AbortSignal.timeout(intervalMs)]);
  const ended = Promise.withResolvers<void>();
  over.addEventListener('abort', () => ended.resolve(), { once: true });
  if (over.aborted) ended.resolve();
  await Promise.race([released, ended.promise]);
  return true;
}
