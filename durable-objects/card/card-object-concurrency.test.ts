// A thousand requests at once on one card: every limit holds to the last cent and the last use, and every repeat is alike.

import { abortAllDurableObjects } from 'cloudflare:test';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { LimitControl } from '../../contracts/control.ts';
import { limitPerDay, request } from '../../core/testing/samples.ts';
import { ask, cardAt, newCard, upTo } from '../testing/sample-card.ts';

const requestsAtOnce = 1_000;
const time_zone = 'America/New_York';
const windows: LimitControl['window'][] = [
  { per: 'day', time_zone },
  { per: 'week', starts_on: 'monday', time_zone },
  { per: 'month', starts_on: 1, time_zone },
  { per: 'year', time_zone },
  { per: 'lifetime' },
  { per: 'rolling', seconds: 3_600 },
  { per: 'rolling', seconds: 90 * 24 * 3_600 },
];

interface Bounds {
  readonly amount_minor: number;
  readonly count: number;
}

const drawn = fc.record({
  bounds: fc.array(
    fc.record({
      window: fc.constantFrom(...windows),
      amount_minor: fc.integer({ min: 0, max: 60_000 }),
      count: fc.integer({ min: 1, max: 400 }),
    }),
    { minLength: 1, maxLength: 6 },
  ),
  funds_minor: fc.option(fc.integer({ min: 0, max: 60_000 })),
  amounts: fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 5, maxLength: 50 }),
  /** How many of the requests are repeats of others. */
  repeated: fc.integer({ min: 0, max: 400 }),
});

function controlsFrom(bounds: readonly (Bounds & Pick<LimitControl, 'window'>)[]): LimitControl[] {
  return bounds.map(({ window, amount_minor, count }, index) =>
    limitPerDay(amount_minor, { control_id: `limit-${index}`, count, window }),
  );
}

function requestsFrom(amounts: readonly number[], repeated: number): AuthorizationRequest[] {
  const fresh = requestsAtOnce - repeated;
  return upTo(requestsAtOnce).map((turn) => {
    const one = turn % fresh;
    const amount_minor = amounts[one % amounts.length] ?? 1;
    return request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor });
  });
}

// The clock stands: nothing leaves a window while the test runs.
beforeEach(() => void vi.useFakeTimers({ toFake: ['Date'] }));
afterEach(() => void vi.useRealTimers());

test('any limits: what was approved exceeds none, what was declined would have, and every repeat is answered alike', async () => {
  await fc.assert(
    fc.asyncProperty(drawn, async ({ bounds, funds_minor, amounts, repeated }) => {
      const key = await newCard({ funds_minor, controls: controlsFrom(bounds) });
      const requests = requestsFrom(amounts, repeated);
      const answers = await Promise.all(requests.map((asked) => ask(cardAt(key), asked)));

      const byKey = new Map<string, { asked: AuthorizationRequest; answer: string; approved: boolean }>();
      for (const [index, answer] of answers.entries()) {
        const asked = requests[index];
        if (asked === undefined || answer.outcome !== 'decided')
          throw new Error(`no decision: ${JSON.stringify(answer)}`);
        const text = JSON.stringify(answer);
        const first = byKey.get(asked.request_key);
        if (first !== undefined) expect(text).toBe(first.answer);
        byKey.set(asked.request_key, { asked, answer: text, approved: answer.decision.outcome === 'approved' });
      }

      const decided = [...byKey.values()];
      const approved = decided.filter((one) => one.approved).map(({ asked }) => asked.amount_minor);
      const spent = approved.reduce((sum, amount) => sum + amount, 0);
      const most = Math.min(funds_minor ?? Number.POSITIVE_INFINITY, ...bounds.map(({ amount_minor }) => amount_minor));
      const mostOften = Math.min(...bounds.map(({ count }) => count));
      expect(spent).toBeLessThanOrEqual(most);
      expect(approved.length).toBeLessThanOrEqual(mostOften);
      const declined = decided.filter((one) => !one.approved).map(({ asked }) => asked.amount_minor);
      if (approved.length < mostOften && declined.length > 0)
        expect(spent + Math.min(...declined)).toBeGreaterThan(most);
      expect(await cardAt(key).read()).toMatchObject({ held_minor: spent, open_authorizations: approved.length });

      await abortAllDurableObjects();
      const again = await Promise.all(decided.map(({ asked }) => ask(cardAt(key), asked)));
      expect(again.map((answer) => JSON.stringify(answer))).toEqual(decided.map(({ answer }) => answer));
      expect(await cardAt(key).read()).toMatchObject({ held_minor: spent, open_authorizations: approved.length });
    }),
    { numRuns: 5 },
  );
}, 60_000);
