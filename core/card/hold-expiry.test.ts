// When a hold lapses, to the millisecond, and which are due.

import { describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, hourMs, merchant, noonMs, profile, request } from '../testing/samples.ts';
import { holdExpiresAtMs } from './hold-expiry.ts';

const dayMs = 24 * hourMs;

describe('a hold lapses', () => {
  const at = (category: string | null, hold_expires_at_ms?: number) => ({
    merchant: category === null ? null : merchant(category),
    ...(hold_expires_at_ms === undefined ? {} : { hold_expires_at_ms }),
  });
  test.each([
    ['after seven days', at('5411'), 7 * dayMs],
    ['after seven days where the shop is not known', at(null), 7 * dayMs],
    ['after thirty days at a hotel', at('7011'), 30 * dayMs],
    ['after thirty days at a car rental', at('7512'), 30 * dayMs],
    ['when the network says', at('7011', noonMs + 5), 5],
    ['at once, where the network says an instant that is over', at('5411', noonMs - 5), 0],
    ['after a month, where the network says a year', at('5411', noonMs + 365 * dayMs), limits.holdDaysMax * dayMs],
  ])('%s', (_, asked, lastsMs) => {
    expect(holdExpiresAtMs(profile(), asked, noonMs)).toBe(noonMs + lastsMs);
    expect(holdExpiresAtMs(null, asked, noonMs)).toBe(noonMs + lastsMs);
  });

  test('after the days of the profile, unless the network says otherwise', () => {
    const twoDays = profile({ hold_days: 2 });
    expect(holdExpiresAtMs(twoDays, at('7011'), noonMs)).toBe(noonMs + 2 * dayMs);
    expect(holdExpiresAtMs(twoDays, at('7011', noonMs + 5), noonMs)).toBe(noonMs + 5);
  });
});

test('of several holds those that are due lapse, the next one is known, and what holds nothing is left alone', () => {
  const { card, log } = new SampleCard(profile());
  const asks = (key: string, hold_expires_at_ms: number) =>
    card.authorize(request({ request_key: key, authorization_key: key, amount_minor: 1, hold_expires_at_ms }), noonMs);
  for (const [key, afterMs] of [
    ['a', 10],
    ['b', 11],
    ['c', 30],
    ['d', 20],
    ['e', 5],
  ] as const)
    asks(key, noonMs + afterMs);
  card.receive(clearing({ authorization_key: 'e', amount_minor: 1 }), noonMs + 1);
  const before = log.length;
  expect(card.expire(noonMs + 9)).toEqual({ expired: 0, next_ms: noonMs + 10 });
  expect(card.expire(noonMs + 11)).toEqual({ expired: 2, next_ms: noonMs + 20 });
  expect(card.expire(noonMs + 30)).toEqual({ expired: 2, next_ms: Number.POSITIVE_INFINITY });
  expect(log.slice(before)).toMatchObject(
    ['a', 'b', 'c', 'd'].map((authorization_key) => ({
      body: { kind: 'expiry', authorization_key, effect: { hold_minor: -1, posted_minor: 0 } },
    })),
  );
  expect(card.state).toMatchObject({ held_minor: 0, next_expiry_ms: Number.POSITIVE_INFINITY });
});
