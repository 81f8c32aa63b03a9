// The cases of windows (W1 to W7), each with the value that is right, and others of their kinds.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { LimitControl } from '../../contracts/control.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  hourMs,
  limitPerDay,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from '../testing/samples.ts';
import type { Card } from './card.ts';

const dayMs = 24 * hourMs;
const minuteMs = 60_000;

/** A card with one limit; `atMs` is from Wednesday noon, UTC. */
function cardWith(limit: LimitControl) {
  const sample = new SampleCard(profile({ controls: [limit] }));
  let [keys, version] = [0, 1];
  return {
    voids: (requestKey: string, atMs: number) => sample.card.void(requestKey, noonMs + atMs),
    asks(atMs: number, authorization_key: string, amount_minor: number, changes: Partial<AuthorizationRequest> = {}) {
      const asked = { request_key: `r${++keys}`, authorization_key, amount_minor, ...changes };
      const answer = sample.card.authorize(request(asked), noonMs + atMs);
      return answer.outcome === 'decided' ? (answer.decision.reason ?? 'approved') : answer.field;
    },
    lastKey: () => `r${keys}`,
    hears(atMs: number, message: Parameters<Card['receive']>[0]) {
      sample.card.receive({ ...message, message_key: `m${++keys}` }, noonMs + atMs);
      return sample.log.at(-1)?.body;
    },
    becomes: (atMs: number, controls: LimitControl[], status: 'active' | 'frozen' = 'active') =>
      sample.card.putProfile(profile({ version: ++version, controls, status }), noonMs + atMs),
    forgets(atMs: number) {
      sample.card.forget({ firstSequence: sample.log.length + 1, beforeMs: noonMs + atMs }, noonMs + atMs);
      sample.reload(JSON.parse(JSON.stringify(sample.card.snapshot())));
    },
  };
}

const tooMuch = 'exceeds_amount_in_window';
const tooOften = 'exceeds_count_in_window';
const rolling = (seconds: number) => ({ window: { per: 'rolling', seconds } }) as const;
const increment = { kind: 'incremental' } as const;

describe('an approval counts at the instant at which it is given', () => {
  const perDay = limitPerDay(10_000);

  test('W1: not on the day of an earlier decline', () => {
    const { asks, becomes } = cardWith(perDay);
    becomes(0, [perDay], 'frozen');
    expect(asks(1, 'A', 10_000)).toBe('card_not_active');
    becomes(dayMs, [perDay]);
    expect(asks(dayMs, 'B', 10_000)).toBe('approved');
    expect(asks(dayMs + 1, 'C', 1)).toBe(tooMuch);
    expect(asks(dayMs + 2, 'A', 10_000)).toBe(tooMuch);
    expect(asks(2 * dayMs, 'A', 10_000)).toBe('approved');
  });

  test.each([
    ['a void of an earlier try', 'void'],
    ['a full reversal of an earlier try', 'reversal'],
    ['an earlier try that was cleared', 'clearing'],
    ['a message of it', 'mention'],
  ])('W1: nor on the day of %s', (_, how) => {
    const { asks, hears, voids, lastKey } = cardWith(perDay);
    if (how !== 'mention') expect(asks(0, 'A', 10_000)).toBe('approved');
    if (how === 'void') voids(lastKey(), 1);
    if (how === 'reversal' || how === 'mention') hears(1, reversal({ authorization_key: 'A' }));
    if (how === 'clearing') hears(1, clearing({ authorization_key: 'A', amount_minor: 10_000 }));
    expect(asks(dayMs, 'B', 10_000)).toBe('approved');
    expect(asks(dayMs + 1, 'A', 1)).toBe(tooMuch);
    expect(asks(2 * dayMs, 'A', 10_000)).toBe('approved');
    expect(asks(2 * dayMs + 1, 'C', 1)).toBe(tooMuch);
  });

  test.each([
    ['after a full reversal, or an expiry: on its own day', true],
    ['while something of the authorization counts: on the day of that', false],
  ])('W1: an increment %s', (_, isOver) => {
    const { asks, hears } = cardWith(perDay);
    expect(asks(0, 'A', 6_000)).toBe('approved');
    hears(1, reversal({ authorization_key: 'A', amount_minor: isOver ? null : 1_000 }));
    expect(asks(dayMs, 'B', 10_000)).toBe('approved');
    expect(asks(dayMs + 1, 'A', 4_000, increment)).toBe(isOver ? tooMuch : 'approved');
    expect(asks(2 * dayMs, 'A', 1_000, increment)).toBe('approved');
    expect(asks(2 * dayMs + 1, 'C', 9_001)).toBe(isOver ? tooMuch : 'approved');
  });

  test.each([
    ['after a full reversal an increment is another use', null, tooOften],
    ['otherwise it is none', 400, 'approved'],
  ])('W1: uses count the same way: %s', (_, amount_minor, answer) => {
    const once = { ...limitPerDay(0, { count: 1 }), amount_minor: undefined };
    const { asks, hears } = cardWith(once);
    expect(asks(0, 'A', 500)).toBe('approved');
    hears(1, reversal({ authorization_key: 'A', amount_minor }));
    expect(asks(dayMs, 'B', 500)).toBe('approved');
    expect(asks(dayMs + 1, 'A', 500)).toBe(tooOften);
    expect(asks(dayMs + 2, 'A', 500, increment)).toBe(answer);
  });

  test('W2: in a rolling window', () => {
    const { asks, becomes } = cardWith(limitPerDay(10_000, rolling(86_400)));
    const limit = limitPerDay(10_000, rolling(86_400));
    becomes(0, [limit], 'frozen');
    expect(asks(0, 'A', 10_000)).toBe('card_not_active');
    becomes(1, [limit]);
    expect(asks(dayMs - minuteMs, 'A', 10_000)).toBe('approved');
    expect(asks(dayMs + minuteMs, 'B', 10_000)).toBe(tooMuch);
    expect(asks(2 * dayMs - minuteMs, 'B', 10_000)).toBe('approved');
  });

  test.each(['account_verification', 'balance_inquiry', 'authorization'] as const)(
    'W3: a request of nothing (%s) opens no window',
    (kind) => {
      const { asks } = cardWith(perDay);
      expect(asks(0, 'A', 0, { kind })).toBe('approved');
      expect(asks(dayMs, 'B', 10_000)).toBe('approved');
      expect(asks(dayMs + 1, 'A', 10_000)).toBe(tooMuch);
    },
  );

  test('W3: what was cleared before it was asked for counts when it is approved', () => {
    const { asks, hears } = cardWith(perDay);
    hears(0, clearing({ authorization_key: 'A', amount_minor: 10_000 }));
    expect(asks(dayMs, 'A', 10_000)).toBe('approved');
    expect(asks(dayMs + 1, 'B', 1)).toBe(tooMuch);
  });
});

describe('an increment', () => {
  test('W4: counts in a rolling window at its own instant', () => {
    const { asks } = cardWith(limitPerDay(10_000, rolling(3_600)));
    expect(asks(0, 'A', 1)).toBe('approved');
    expect(asks(59 * minuteMs, 'A', 9_999, increment)).toBe('approved');
    expect(asks(61 * minuteMs, 'B', 1)).toBe('approved');
    expect(asks(61 * minuteMs, 'B', 9_999, increment)).toBe(tooMuch);
    expect(asks(119 * minuteMs, 'B', 9_999, increment)).toBe('approved');
  });

  test('W4: an advice above the hold counts there at its own instant too', () => {
    const { asks, hears } = cardWith(limitPerDay(10_000, rolling(3_600)));
    expect(asks(0, 'A', 1)).toBe('approved');
    hears(59 * minuteMs, advice({ authorization_key: 'A', hold_minor: 10_000 }));
    expect(asks(61 * minuteMs, 'B', 2)).toBe(tooMuch);
  });

  test('W4: counts in a calendar window with its authorization', () => {
    const { asks } = cardWith(limitPerDay(10_000));
    expect(asks(0, 'A', 6_000)).toBe('approved');
    expect(asks(dayMs, 'A', 4_001, increment)).toBe(tooMuch);
    expect(asks(dayMs, 'A', 4_000, increment)).toBe('approved');
    expect(asks(dayMs, 'B', 10_000)).toBe('approved');
  });

  test('W4: a release gives back where it counted', () => {
    const { asks, hears } = cardWith(limitPerDay(10_000, rolling(3_600)));
    expect(asks(0, 'A', 4_000)).toBe('approved');
    expect(asks(59 * minuteMs, 'A', 6_000, increment)).toBe('approved');
    hears(60 * minuteMs - 1, clearing({ authorization_key: 'A', amount_minor: 7_000 }));
    expect(asks(60 * minuteMs - 1, 'B', 3_001)).toBe(tooMuch);
    expect(asks(60 * minuteMs - 1, 'B', 3_000)).toBe('approved');
  });
});

describe('a refund', () => {
  const perDay = limitPerDay(10_000, { refunds_give_back: true });

  test('W5: gives back at most what its purchase counts, and says that it is above what was cleared', () => {
    const { asks, hears } = cardWith(perDay);
    expect(asks(0, 'A', 9_000)).toBe('approved');
    hears(1, clearing({ authorization_key: 'A', amount_minor: 9_000 }));
    expect(hears(2, refund({ authorization_key: 'A', amount_minor: 50_000 }))).toMatchObject({
      refund_above_cleared: true,
      effect: { hold_minor: 0, posted_minor: -50_000 },
    });
    expect(asks(3, 'B', 10_000)).toBe('approved');
    expect(asks(4, 'C', 100)).toBe(tooMuch);
    expect(asks(5, 'D', 30_000)).toBe(tooMuch);
  });

  test('W5: in parts, and up to what was cleared it is not marked', () => {
    const { asks, hears } = cardWith(perDay);
    asks(0, 'A', 9_000);
    hears(1, clearing({ authorization_key: 'A', amount_minor: 9_000 }));
    expect(hears(2, refund({ authorization_key: 'A', amount_minor: 8_000 }))).not.toHaveProperty(
      'refund_above_cleared',
    );
    expect(asks(3, 'B', 9_001)).toBe(tooMuch);
    expect(hears(4, refund({ authorization_key: 'A', amount_minor: 1_001 }))).toHaveProperty('refund_above_cleared');
    expect(asks(5, 'B', 10_000)).toBe('approved');
  });

  test('W5: gives back to the day of its purchase alone', () => {
    const { asks, hears } = cardWith(perDay);
    asks(0, 'A', 9_000);
    hears(1, clearing({ authorization_key: 'A', amount_minor: 9_000 }));
    hears(dayMs, refund({ authorization_key: 'A', amount_minor: 9_000 }));
    expect(asks(dayMs, 'B', 10_001)).toBe(tooMuch);
  });

  test.each([null, 'A', 'never-heard-of'])('W6: of what the card does not know (%s) counts nowhere', (named) => {
    const { asks, hears, forgets } = cardWith(perDay);
    asks(0, 'A', 9_000);
    hears(1, clearing({ authorization_key: 'A', amount_minor: 9_000 }));
    forgets(45 * dayMs);
    const body = hears(45 * dayMs, refund({ authorization_key: named, amount_minor: 20_000 }));
    expect(body).not.toHaveProperty('refund_above_cleared');
    expect(asks(45 * dayMs, 'B', 20_000)).toBe(tooMuch);
    expect(asks(45 * dayMs, 'B', 10_000)).toBe('approved');
  });
});

describe('a limit that is edited', () => {
  const ever = limitPerDay(10_000, { control_id: 'ever', window: { per: 'lifetime' } });
  const edits: [what: string, edited: LimitControl, warning: string][] = [
    ['its scope', { ...ever, applies_to: { category: { none_of: ['7995'] } } }, 'forgotten_purchases_still_count'],
    ['its treatment of refunds', { ...ever, refunds_give_back: true }, 'forgotten_purchases_still_count'],
    ['its window', { ...ever, window: { per: 'year', time_zone: 'UTC' } }, 'forgotten_purchases_missing'],
  ];

  test.each(edits)(
    'W7: after its purchases are forgotten, by %s, keeps what was counted and says so',
    (_, edited, warning) => {
      const { asks, hears, forgets, becomes } = cardWith(ever);
      asks(0, 'A', 10_000);
      hears(1, clearing({ authorization_key: 'A', amount_minor: 10_000 }));
      forgets(36 * dayMs);
      expect(becomes(36 * dayMs, [edited])).toEqual({
        outcome: 'stored',
        version: 2,
        warnings: [{ control_id: 'ever', warning }],
      });
      expect(asks(37 * dayMs, 'B', 1)).toBe(tooMuch);
      expect(becomes(38 * dayMs, [{ ...edited, amount_minor: 10_001 }])).toEqual({ outcome: 'stored', version: 3 });
      expect(asks(38 * dayMs, 'B', 2)).toBe(tooMuch);
      expect(asks(38 * dayMs, 'B', 1)).toBe('approved');
    },
  );

  test('W7: by its zone', () => {
    const perMonth = limitPerDay(10_000, { window: { per: 'year', time_zone: 'UTC' } });
    const { asks, hears, forgets, becomes } = cardWith(perMonth);
    asks(0, 'A', 10_000);
    hears(1, clearing({ authorization_key: 'A', amount_minor: 10_000 }));
    forgets(36 * dayMs);
    expect(
      becomes(36 * dayMs, [{ ...perMonth, window: { per: 'year', time_zone: 'Asia/Tokyo' } }]).warnings,
    ).toHaveLength(1);
    expect(asks(37 * dayMs, 'B', 1)).toBe(tooMuch);
  });

  test('W7: of which nothing is forgotten counts anew, exactly, and there is nothing to say', () => {
    const { asks, becomes } = cardWith(ever);
    asks(0, 'A', 10_000);
    expect(becomes(1, [{ ...ever, applies_to: { category: { any_of: ['7995'] } } }])).toEqual({
      outcome: 'stored',
      version: 2,
    });
    expect(asks(2, 'B', 1, { merchant: { id: null, name: null, category: '7995', country: null } })).toBe('approved');
  });
});
