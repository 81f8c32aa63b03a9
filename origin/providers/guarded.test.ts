// The guard in front of a provider: breaker, bulkhead and timeout. Time is the tests'.

import { describe, expect, test, vi } from 'vitest';
import { guardsOnFakeTime, never, submitTimes } from '../../scripts/test-providers.ts';
import { settlementPolicy } from '../payouts/engine.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import { down, paid, scripted } from '../testing/scripted-provider.ts';
import { availability } from './choose-provider.ts';
import { breakerPolicy, timeouts, troubleMsMax } from './guarded.ts';
import type { SubmitAnswer } from './provider.ts';

const submission = sampleSubmission({ account: 'a' });
const { guard, registry } = guardsOnFakeTime();

async function metric(name: string): Promise<{ value: number; labels: Record<string, unknown> }[]> {
  const found = await registry().getSingleMetric(name)?.get();
  return (found?.values ?? []).map(({ value, labels }) => ({ value, labels }));
}

describe('breaker', () => {
  test('opens at half of at least ten within ten seconds, and not before', async () => {
    const provider = scripted();
    const safe = guard(provider);
    await submitTimes(safe, 5);
    provider.answer = () => Promise.resolve(down);
    await submitTimes(safe, 4);
    expect(safe.availability()).toBe('closed');
    await submitTimes(safe, 1);
    expect(safe.availability()).toBe('open');
    expect(await safe.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'breaker_open' });
    expect(provider.calls).toBe(10);
    expect(await metric('circuit_breaker_state')).toEqual([{ value: 2, labels: { psp: 'simulated' } }]);
  });

  test('nine failures and nothing else open nothing', async () => {
    const provider = scripted();
    provider.answer = () => Promise.resolve(down);
    const safe = guard(provider);
    await submitTimes(safe, breakerPolicy.exchangesMin - 1);
    expect(safe.availability()).toBe('closed');
  });

  test('one failure is told at once, though nothing opens, and forgotten at the next success', async () => {
    const provider = scripted();
    const safe = guard(provider);
    expect(safe.newestTrouble()).toBeNull();
    const sound = provider.answer;
    provider.answer = () => Promise.resolve(down);
    await submitTimes(safe, 1);
    expect([safe.newestTrouble(), safe.availability()]).toEqual(['no_answer', 'closed']);
    provider.answer = sound;
    await submitTimes(safe, 1);
    expect(safe.newestTrouble()).toBeNull();
  });

  test('a failure that nothing followed speaks for ten minutes, which outlasts two tries of the engine, and no longer', async () => {
    expect(troubleMsMax).toBeGreaterThanOrEqual(
      2 * Math.max(settlementPolicy.backoffMsMax, settlementPolicy.pollAfterMs),
    );
    const provider = scripted();
    const safe = guard(provider);
    provider.answer = () => Promise.resolve(down);
    await submitTimes(safe, 1);
    vi.advanceTimersByTime(troubleMsMax);
    expect(safe.newestTrouble()).toBe('no_answer');
    vi.advanceTimersByTime(1);
    expect(availability([safe]).providers).toEqual({ simulated: { breaker: 'closed', newest_trouble: null } });
    // The next one says it anew.
    await submitTimes(safe, 1);
    expect(safe.newestTrouble()).toBe('no_answer');
  });

  test('failures older than ten seconds are forgotten, however rare the calls are', async () => {
    const provider = scripted();
    provider.answer = () => Promise.resolve(down);
    const safe = guard(provider);
    await submitTimes(safe, 9);
    vi.advanceTimersByTime(breakerPolicy.samplingMs);
    await submitTimes(safe, 1);
    expect(safe.availability()).toBe('closed');
  });

  test.each([
    ['a rejection', { outcome: 'rejected', code: 'provider_account_closed' }],
    ['a balance that is too low', { outcome: 'not_taken', code: 'balance_insufficient' }],
  ] as const)('%s says nothing against the provider', async (_, answer) => {
    const provider = scripted();
    provider.answer = () => Promise.resolve(answer);
    const safe = guard(provider);
    await submitTimes(safe, 30);
    expect(safe.availability()).toBe('closed');
  });

  async function opened() {
    const provider = scripted();
    provider.answer = () => Promise.resolve(down);
    const safe = guard(provider);
    await submitTimes(safe, 10);
    provider.calls = 0;
    return { provider, safe };
  }

  test('lets one through after thirty seconds, not a moment sooner, and closes when that one succeeds', async () => {
    const { provider, safe } = await opened();
    provider.answer = () => Promise.resolve(paid);
    vi.advanceTimersByTime(breakerPolicy.halfOpenAfterMs - 1);
    expect(safe.availability()).toBe('open');
    expect(await safe.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'breaker_open' });
    vi.advanceTimersByTime(1);
    expect(safe.availability()).toBe('half_open');
    expect(await safe.submit(submission, never)).toEqual(paid);
    expect(safe.availability()).toBe('closed');
    expect(await metric('circuit_breaker_state')).toEqual([{ value: 0, labels: { psp: 'simulated' } }]);
    expect(await metric('circuit_breaker_closes_total')).toEqual([{ value: 1, labels: { psp: 'simulated' } }]);
  });

  test('while that one is under way the others are refused, and its failure opens for thirty seconds more', async () => {
    const { provider, safe } = await opened();
    vi.advanceTimersByTime(breakerPolicy.halfOpenAfterMs);
    const trial = Promise.withResolvers<SubmitAnswer>();
    provider.answer = () => trial.promise;
    const first = safe.submit(submission, never);
    await Promise.resolve();
    expect(safe.availability()).toBe('open');
    expect(await safe.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'breaker_open' });
    trial.resolve(down);
    expect(await first).toEqual(down);
    expect(provider.calls).toBe(1);
    vi.advanceTimersByTime(breakerPolicy.halfOpenAfterMs - 1);
    expect(safe.availability()).toBe('open');
    vi.advanceTimersByTime(1);
    expect(safe.availability()).toBe('half_open');
    // Down: opened twice, and closed never.
    expect(await metric('circuit_breaker_opens_total')).toEqual([{ value: 2, labels: { psp: 'simulated' } }]);
    expect(await metric('circuit_breaker_closes_total')).toEqual([{ value: 0, labels: { psp: 'simulated' } }]);
  });

  test('open, a question is not answered by "not found" but by "unknown"', async () => {
    const { safe } = await opened();
    expect(await safe.ask(submission, null, never)).toEqual({ outcome: 'unknown', code: 'breaker_open' });
  });
});

describe('bulkhead', () => {
  test('what is over its bounds is not taken, and nothing of it is sent', async () => {
    const provider = scripted();
    const gate = Promise.withResolvers<SubmitAnswer>();
    provider.answer = () => gate.promise;
    const safe = guard(provider, { concurrencyMax: 2, queueMax: 1 });
    const taken = [1, 2, 3].map(() => safe.submit(submission, never));
    expect(await safe.submit(submission, never)).toEqual({ outcome: 'not_taken', code: 'busy' });
    expect(provider.calls).toBe(2);
    gate.resolve(paid);
    expect(await Promise.all(taken)).toEqual([paid, paid, paid]);
    const troubles = await metric('provider_troubles_total');
    expect(troubles.filter(({ value }) => value > 0)).toEqual([
      { value: 1, labels: { psp: 'simulated', kind: 'submit', code: 'busy' } },
    ]);
  });

  test('refusing opens no breaker', async () => {
    const provider = scripted();
    const gate = Promise.withResolvers<SubmitAnswer>();
    provider.answer = () => gate.promise;
    const safe = guard(provider, { concurrencyMax: 1, queueMax: 0 });
    const first = safe.submit(submission, never);
    await submitTimes(safe, 30);
    expect(safe.availability()).toBe('closed');
    gate.resolve(paid);
    expect(await first).toEqual(paid);
  });

  test('questions have places of their own', async () => {
    const provider = scripted();
    const gate = Promise.withResolvers<SubmitAnswer>();
    provider.answer = () => gate.promise;
    const safe = guard(provider, { concurrencyMax: 1, queueMax: 0 });
    const first = safe.submit(submission, never);
    expect(await safe.ask(submission, null, never)).toEqual({ outcome: 'not_found' });
    gate.resolve(paid);
    await first;
  });

  test('one that is cancelled in the queue is told so at once, and is never sent', async () => {
    const provider = scripted();
    const gate = Promise.withResolvers<SubmitAnswer>();
    provider.answer = () => gate.promise;
    const safe = guard(provider, { concurrencyMax: 1, queueMax: 5 });
    const first = safe.submit(submission, never);
    const caller = new AbortController();
    const waiting = safe.submit(submission, caller.signal);
    caller.abort();
    expect(await waiting).toEqual({ outcome: 'not_taken', code: 'cancelled' });
    gate.resolve(paid);
    await first;
    await vi.advanceTimersByTimeAsync(1);
    expect(provider.calls).toBe(1);
  });
});

describe('timeout', () => {
  test('each waits longer than what it waits for', () => {
    expect(timeouts.providerCallMs).toBeLessThan(timeouts.serviceMs);
    expect(timeouts.serviceMs).toBeLessThan(timeouts.gatewayMs);
  });

  test('what hangs is unknown after twenty seconds, and not sooner, whether or not the client heeds the signal', async () => {
    const provider = scripted();
    provider.answer = () => new Promise(() => undefined);
    const safe = guard(provider);
    let answer: SubmitAnswer | null = null;
    void safe.submit(submission, never).then((said) => {
      answer = said;
    });
    await vi.advanceTimersByTimeAsync(timeouts.providerCallMs - 1);
    expect(answer).toBeNull();
    await vi.advanceTimersByTimeAsync(1);
    expect(answer).toEqual({ outcome: 'unknown', code: 'timeout' });
    const [count] = (await metric('http_client_request_duration_seconds')).filter(
      ({ labels, value }) => labels['le'] === '+Inf' && labels['outcome'] === 'unknown' && value > 0,
    );
    expect(count).toMatchObject({ value: 1, labels: { peer: 'simulated' } });
    expect(await metric('request_timeouts_total')).toEqual([{ value: 1, labels: { peer: 'simulated' } }]);
  });

  test('one that is cancelled after it was sent is unknown, not "not taken"', async () => {
    const provider = scripted();
    provider.answer = () => new Promise(() => undefined);
    const safe = guard(provider);
    const caller = new AbortController();
    const sent = safe.submit(submission, caller.signal);
    await vi.advanceTimersByTimeAsync(5);
    caller.abort();
    expect(await sent).toEqual({ outcome: 'unknown', code: 'cancelled' });
  });

  test('a client that throws is unknown: it may have sent something', async () => {
    const provider = scripted();
    provider.answer = () => Promise.reject(new Error('a mistake of ours'));
    expect(await guard(provider).submit(submission, never)).toEqual({ outcome: 'unknown', code: 'client_failed' });
  });
});
