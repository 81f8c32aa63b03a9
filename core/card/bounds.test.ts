// What bounds a card's memory: declined requests, and holds that a network would let stand for ever.

import { expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, countingIds, limitPerDay, noonMs, profile, request } from '../testing/samples.ts';
import { Card } from './card.ts';
import type { LoggedEvent } from './logged-event.ts';
import { readSnapshot } from './snapshot.ts';

const dayMs = 86_400_000;
/** As Marqeta's: 36 characters, another one for the request than for the authorization. */
const key = (what: string, number: number) =>
  `${what}-0000-4000-8000-${String(number).padStart(36 - 16 - what.length, '0')}`;

test('a card after 100,000 declines in 35 days has no authorizations, and is loaded from its snapshot in a moment', () => {
  const history = {
    append: () => undefined,
    at: (): never => expect.fail('nothing is read back'),
    freshIds: countingIds(),
  };
  const card = new Card(history, null, []);
  card.putProfile(profile({ status: 'frozen', controls: [limitPerDay(1_000)] }), noonMs);
  for (let number = 0; number < 100_000; number++)
    card.authorize(
      request({ request_key: key('request', number), authorization_key: key('authorization', number) }),
      noonMs + Math.floor((number * 35 * dayMs) / 100_000),
    );
  expect(card.state.authorizations.size).toBe(0);
  expect(card.state.asked.size).toBe(100_000);
  const text = JSON.stringify(card.snapshot());
  expect(text.length).toBeLessThan(8_000_000);
  const tookMs = [1, 2, 3].map(() => {
    const startedMs = performance.now();
    const loaded = new Card(history, readSnapshot(text), []);
    expect(loaded.state.answers.byCard.size).toBe(100_000);
    return performance.now() - startedMs;
  });
  // Measured: see load/README.md. The bound is for a machine that is busy with other tests.
  expect(Math.min(...tookMs)).toBeLessThan(500);
}, 60_000);

test('a declined request that is forced through keeps its authorization’s id, also after a reload', () => {
  const sample = new SampleCard(profile({ status: 'frozen' }));
  sample.card.authorize(request(), noonMs);
  const [declined] = sample.log.slice(-1) as [LoggedEvent];
  sample.reload(readSnapshot(JSON.stringify(sample.card.snapshot())));
  sample.card.receive(clearing(), noonMs + 1);
  expect(sample.card.state.posted_minor).toBe(500);
  expect(sample.log.at(-1)?.body).toMatchObject({
    authorization_id: (declined.body as { authorization_id: string }).authorization_id,
  });
  sample.card.authorize(request({ request_key: 'again' }), noonMs + 2);
  expect(sample.card.state.authorizations.size).toBe(1);
});

test('what was declined is forgotten with its row', () => {
  const sample = new SampleCard(profile({ status: 'frozen' }));
  sample.card.authorize(request(), noonMs);
  sample.card.forget({ firstSequence: 3, beforeMs: noonMs + 1 }, noonMs + 1);
  expect(sample.card.state.asked.size).toBe(0);
  sample.card.receive(clearing(), noonMs + 2);
  expect(sample.card.state.posted_minor).toBe(500);
});

test.each([
  ['in the past', noonMs - 1, noonMs],
  ['of today', noonMs + 5, noonMs + 5],
  ['at the bound', noonMs + limits.holdDaysMax * dayMs, noonMs + limits.holdDaysMax * dayMs],
  ['beyond the bound', noonMs + limits.holdDaysMax * dayMs + 1, noonMs + limits.holdDaysMax * dayMs],
  ['of the year 287,396', Number.MAX_SAFE_INTEGER, noonMs + limits.holdDaysMax * dayMs],
])('a validity that the network gives (%s) is believed from now up to 31 days', (_, hold_expires_at_ms, lapses) => {
  const { card } = new SampleCard(profile());
  card.authorize(request({ hold_expires_at_ms }), noonMs);
  expect(card.state.next_expiry_ms).toBe(lapses);
});
