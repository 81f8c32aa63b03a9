// A provider behind its guard: a bulkhead bounds what is under way, a breaker spares one that fails, a timeout ends what hangs.
// Nothing is retried here. A submission that was not taken for certain is tried again by the engine, with its own waits; one that
// may have been taken is only asked about.

import {
  BrokenCircuitError,
  type BulkheadPolicy,
  BulkheadRejectedError,
  bulkhead,
  type CircuitBreakerPolicy,
  CircuitState,
  circuitBreaker,
  handleWhenResult,
} from 'cockatiel';
import type { Logger } from 'pino';
import { beforeWaitingFor } from '../db/held.ts';
import { describeError } from '../log.ts';
import { keepSpan } from '../tracing/spans.ts';
import { notTaken, unknown } from './exchange.ts';
import { type Heard, hearing } from './heard-status.ts';
import type { AskAnswer, Provider, SubmitAnswer } from './provider.ts';
import type { BreakerState, ProviderMetrics } from './provider-metrics.ts';
import { SamplingWindow } from './sampling-window.ts';

/** Each is longer than what it waits for, so that the inner one speaks first and its reason is not lost. */
export const timeouts = {
  /** One call to a provider. */
  providerCallMs: 20_000,
  /** The service's own step around it: what it found out is still recorded. */
  serviceMs: 25_000,
  /** Whoever called the service over HTTP. */
  gatewayMs: 30_000,
} as const;

export const breakerPolicy = {
  /** Share of failures at which it opens. */
  threshold: 0.5,
  samplingMs: 10_000,
  /** Exchanges within the sampling window below which nothing is concluded. */
  exchangesMin: 10,
  halfOpenAfterMs: 30_000,
} as const;

/**
 * How long the newest failure speaks of how a provider is, while nothing else is exchanged with it. The engine tries again, or asks,
 * after 5 minutes at the latest (settlementPolicy): a failure twice as old was of something that is at its end, such as a settlement
 * set aside, and says nothing of now.
 */
export const troubleMsMax = 600_000;

export interface BulkheadBounds {
  /** Under way at once. */
  readonly concurrencyMax: number;
  /** Waiting for one of those places; more are refused. */
  readonly queueMax: number;
}

export interface GuardOptions {
  readonly metrics: ProviderMetrics;
  readonly log: Logger;
  readonly submissions?: BulkheadBounds;
  readonly questions?: BulkheadBounds;
}

/** Questions have places of their own: however many submissions wait, what may have been paid is asked about. */
const submissionBounds: BulkheadBounds = { concurrencyMax: 128, queueMax: 1_024 };
const questionBounds: BulkheadBounds = { concurrencyMax: 16, queueMax: 256 };

export interface GuardedProvider extends Provider {
  /**
   * `half_open`: one exchange may try it now; `open` again while that one is under way. From the clock, so that a breaker which
   * nobody calls comes back too.
   */
  availability(): BreakerState;
  /**
   * Why the newest exchange failed; null: it did not, or none was made within `troubleMsMax`. A breaker concludes nothing from a few.
   */
  newestTrouble(): string | null;
}

type Exchange = 'submit' | 'ask';
type Answer = SubmitAnswer | AskAnswer;

export function guarded(provider: Provider, options: GuardOptions): GuardedProvider {
  const guard = new Guard(provider, options);
  const close = provider.close?.bind(provider);
  return {
    name: provider.name,
    submit: (submission, signal) =>
      guard.exchange<SubmitAnswer>('submit', (inner) => provider.submit(submission, inner), signal, notTaken),
    ask: (submission, providerReference, signal) =>
      guard.exchange<AskAnswer>('ask', (inner) => provider.ask(submission, providerReference, inner), signal, unknown),
    readWebhook: (headers, body) => provider.readWebhook(headers, body),
    problemOfDestination: (destination) => provider.problemOfDestination(destination),
    amounts: (currency, destination) => provider.amounts(currency, destination),
    listSince(since, signal) {
      beforeWaitingFor(`the provider ${provider.name}`);
      return provider.listSince(since, signal);
    },
    availability: () => guard.availability(),
    newestTrouble: () => guard.newestTrouble(),
    ...(close === undefined ? {} : { close }),
  };
}

class Guard {
  readonly #name: string;
  readonly #metrics: ProviderMetrics;
  readonly #log: Logger;
  readonly #bulkheads: Readonly<Record<Exchange, BulkheadPolicy>>;
  readonly #breaker: CircuitBreakerPolicy;
  /** Of the newest opening. Lost with the process, as the breaker itself: a new one starts closed, and finds out. */
  #openedAtMs = 0;
  /** Lost with the process: the next exchange says it again. */
  #newestTrouble: { readonly code: string; readonly atMs: number } | null = null;

  constructor(
    { name }: Provider,
    { metrics, log, submissions = submissionBounds, questions = questionBounds }: GuardOptions,
  ) {
    this.#name = name;
    this.#metrics = metrics;
    this.#log = log;
    this.#bulkheads = {
      submit: bulkhead(submissions.concurrencyMax, submissions.queueMax),
      ask: bulkhead(questions.concurrencyMax, questions.queueMax),
    };
    this.#breaker = circuitBreaker(handleWhenResult(isTrouble), {
      halfOpenAfter: breakerPolicy.halfOpenAfterMs,
      breaker: new SamplingWindow(breakerPolicy),
    });
    metrics.begin(name);
    this.#breaker.onStateChange((state) => {
      if (state === CircuitState.Open) this.#openedAtMs = Date.now();
      metrics.setBreaker(name, breakerStates[state]);
      log.warn({ psp: name, breaker: breakerStates[state] }, 'a breaker changed its state');
    });
  }

  newestTrouble(): string | null {
    const trouble = this.#newestTrouble;
    return trouble === null || Date.now() - trouble.atMs > troubleMsMax ? null : trouble.code;
  }

  availability(): BreakerState {
    if (this.#breaker.state === CircuitState.Closed) return 'closed';
    const isRested = Date.now() - this.#openedAtMs >= breakerPolicy.halfOpenAfterMs;
    return this.#breaker.state === CircuitState.Open && isRested ? 'half_open' : 'open';
  }

  /** `refused`: what it is to be refused here, with nothing sent. */
  async exchange<A extends Answer>(
    kind: Exchange,
    send: (signal: AbortSignal) => Promise<A>,
    signal: AbortSignal,
    refused: (code: string) => A,
  ): Promise<A> {
    beforeWaitingFor(`the provider ${this.#name}`);
    let startedMs: number | null = null;
    const heard: Heard = { status: null };
    // Its place may be given to it by whoever leaves one, in that one's course.
    const sendHere = keepSpan(send);
    const passed = this.#bulkheads[kind].execute(() => {
      // Its caller has given up on it while it waited for its place.
      if (signal.aborted) return refused('cancelled');
      // One is trying it out: the others do not wait for that one's end, which may take as long as they have.
      if (this.#breaker.state === CircuitState.HalfOpen) return refused('breaker_open');
      return this.#breaker.execute(async () => {
        startedMs = performance.now();
        const answer = await this.#timed(kind, (inner) => hearing(heard, () => sendHere(inner)), signal);
        this.#newestTrouble = isTrouble(answer) && 'code' in answer ? { code: answer.code, atMs: Date.now() } : null;
        return answer;
      });
    });
    const over = new AbortController();
    const gaveUp = cancelled(signal, over.signal, () => (startedMs === null ? refused('cancelled') : null));
    const answer = await Promise.race([passed, gaveUp])
      .catch((error: unknown) => {
        if (error instanceof BulkheadRejectedError) return refused('busy');
        if (error instanceof BrokenCircuitError) return refused('breaker_open');
        throw error;
      })
      .finally(() => over.abort());
    this.#metrics.countExchange({
      peer: this.#name,
      kind,
      outcome: answer.outcome,
      code: 'code' in answer ? answer.code : '',
      status: heard.status,
      durationMs: startedMs === null ? null : performance.now() - startedMs,
    });
    return answer;
  }

  /** Never later than the timeout, whether or not the provider's client heeds the signal. */
  async #timed<A extends Answer>(
    kind: Exchange,
    send: (signal: AbortSignal) => Promise<A>,
    signal: AbortSignal,
  ): Promise<A> {
    const ended = new AbortController();
    const gaveUp = new Promise<A>((resolve) => {
      ended.signal.addEventListener('abort', () => resolve(unknown(signal.aborted ? 'cancelled' : 'timeout') as A));
    });
    const timer = setTimeout(() => ended.abort(), timeouts.providerCallMs);
    const giveUp = () => ended.abort();
    signal.addEventListener('abort', giveUp);
    try {
      return await Promise.race([send(ended.signal), gaveUp]);
    } catch (error) {
      // A provider's client answers, it does not throw: a mistake in it must not look as if nothing had been sent.
      this.#log.error({ psp: this.#name, kind, err: describeError(error) }, "a provider's client failed");
      return unknown('client_failed') as A;
    } finally {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
    }
  }
}

/** Comes only where nothing was sent yet, and nothing will be. `over`: the signal may outlive many exchanges, and forgets this one. */
function cancelled<A>(signal: AbortSignal, over: AbortSignal, cancel: () => A | null): Promise<A> {
  return new Promise((resolve) => {
    const giveUp = () => {
      const answer = cancel();
      if (answer !== null) resolve(answer);
    };
    if (signal.aborted) giveUp();
    else signal.addEventListener('abort', giveUp, { signal: over });
  });
}

const breakerStates: Readonly<Record<CircuitState, BreakerState>> = {
  [CircuitState.Closed]: 'closed',
  [CircuitState.HalfOpen]: 'half_open',
  [CircuitState.Open]: 'open',
  [CircuitState.Isolated]: 'open',
};

/** Answers that are sound, though nothing was taken or told. */
const soundCodes = new Set(['balance_insufficient', 'key_closed', 'idempotency_key_reused', 'not_seen_yet']);

/** What speaks against the provider's health. That it rejects a payment, or has never heard of one, does not. */
function isTrouble(answer: unknown): boolean {
  const { outcome, code } = answer as { outcome: Answer['outcome']; code?: string };
  return (outcome === 'not_taken' || outcome === 'unknown') && !soundCodes.has(code ?? '');
}
