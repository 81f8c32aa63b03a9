// What is asked again of a card: more for a purchase that stands, another purchase on a card for one.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Control, LimitControl } from '../../contracts/control.ts';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  expiry,
  hourMs,
  limitPerDay,
  merchant,
  profile,
  refund,
  request,
  reversal,
} from '../testing/samples.ts';

function cardWith(changes: Partial<Profile>) {
  const sample = new SampleCard(profile(changes));
  let count = 0;
  return {
    sample,
    /** The reason, or null for an approval. */
    asks(asked: Partial<AuthorizationRequest> = {}): string | null {
      const answer = sample.card.authorize(request({ request_key: `r${++count}`, ...asked }), sample.clockMs);
      return answer.outcome === 'decided' ? answer.decision.reason : answer.field;
    },
    says: (message: CardMessage) => sample.card.receive({ ...message, message_key: `m${++count}` }, sample.clockMs),
    waits: (ms: number) => {
      sample.clockMs += ms;
    },
  };
}

const more = (amount_minor: number, changes: Partial<AuthorizationRequest> = {}) =>
  ({ kind: 'incremental', amount_minor, ...changes }) as const;
const just = (...controls: readonly Control[]) => ({ controls: [...controls] });
const { amount_minor: _amount, ...countless } = limitPerDay(1);
const once: LimitControl = { ...countless, control_id: 'once', count: 1 };

describe('an increment', () => {
  test('adds to the window of what it adds to, on the next day too', () => {
    const { asks, waits } = cardWith(just(limitPerDay(1_000)));
    expect(asks({ amount_minor: 600 })).toBeNull();
    waits(24 * hourMs);
    expect(asks(more(401))).toBe('exceeds_amount_in_window');
    expect(asks(more(400))).toBeNull();
    // And today's window is whole.
    expect(asks({ authorization_key: 'another', amount_minor: 1_001 })).toBe('exceeds_amount_in_window');
    expect(asks({ authorization_key: 'another', amount_minor: 1_000 })).toBeNull();
  });

  test('adds to what one transaction may be, whatever of it was cleared or refunded since', () => {
    const window = { per: 'transaction' } as const;
    const once = cardWith(just(limitPerDay(1_000, { window })));
    expect([once.asks(), once.asks(more(501))]).toEqual([null, 'exceeds_amount_max']);
    once.says(clearing({ amount_minor: 700 }));
    once.says(refund({ amount_minor: 700 }));
    expect([once.asks(more(301)), once.asks(more(300))]).toEqual(['exceeds_amount_max', null]);
    expect(once.asks({ authorization_key: 'another', amount_minor: 1_000 })).toBeNull();
    const giving = cardWith(just(limitPerDay(1_000, { window, refunds_give_back: true })));
    expect(giving.asks({ amount_minor: 1_000 })).toBeNull();
    giving.says(refund({ amount_minor: 300 }));
    expect([giving.asks(more(301)), giving.asks(more(300))]).toEqual(['exceeds_amount_max', null]);
  });

  test('is the same use', () => {
    const { asks, sample } = cardWith(just(once));
    expect([asks(), asks(more(200)), asks(more(300))]).toEqual([null, null, null]);
    expect(asks({ authorization_key: 'another' })).toBe('exceeds_count_in_window');
    expect(sample.card.state.uses).toBe(1);
  });

  test('counts in a rolling window at its own instant, whenever its authorization began', () => {
    const { asks, waits } = cardWith(just(limitPerDay(1_000, { window: { per: 'rolling', seconds: 3_600 } })));
    expect(asks({ amount_minor: 600 })).toBeNull();
    waits(2 * hourMs);
    expect(asks(more(1_001))).toBe('exceeds_amount_in_window');
    expect(asks(more(1_000))).toBeNull();
    expect(asks({ authorization_key: 'another', amount_minor: 1 })).toBe('exceeds_amount_in_window');
  });

  test('is judged by limits where the purchase was made, and by other controls where it says itself', () => {
    const groceries = { category: { any_of: ['5411'] } };
    const limit = limitPerDay(1_000, { applies_to: groceries });
    const { asks } = cardWith(just(limit));
    const silent = { merchant: merchant(null) };
    expect(asks({ amount_minor: 900 })).toBeNull();
    expect(asks(more(101, silent))).toBe('exceeds_amount_in_window');
    expect(asks(more(50, silent))).toBeNull();
    // What an increment does not say changes nothing of where all of it counts.
    expect(asks({ authorization_key: 'another', amount_minor: 51 })).toBe('exceeds_amount_in_window');
    const allow = { control_id: 'allow', mode: 'enforce', does: 'allow_only', applies_to: groceries } as const;
    const strict = cardWith(just(allow));
    expect([strict.asks(), strict.asks(more(50, silent))]).toEqual([null, 'category_not_allowed']);
  });

  test('by an alias of what it adds to is judged with that', () => {
    const { asks, waits, sample } = cardWith(just(limitPerDay(1_000), once));
    expect(asks({ amount_minor: 900 })).toBeNull();
    waits(24 * hourMs);
    const linked = { authorization_key: 'a2', alias_key: 'authorization-1' };
    expect(asks(more(101, linked))).toBe('exceeds_amount_in_window');
    expect(asks(more(100, linked))).toBeNull();
    expect(sample.card.state).toMatchObject({ held_minor: 1_000, uses: 1 });
    expect(sample.card.state.authorizations.size).toBe(1);
  });

  test('of nothing that is known is a purchase of its own', () => {
    const { asks, sample } = cardWith(just(once));
    expect(asks(more(500))).toBeNull();
    expect(sample.card.state).toMatchObject({ held_minor: 500, uses: 1 });
    expect(asks({ authorization_key: 'another' })).toBe('exceeds_count_in_window');
  });

  test('needs funds for what it adds alone', () => {
    const { asks } = cardWith({ funds_minor: 800 });
    expect([asks(), asks(more(301)), asks(more(300))]).toEqual([null, 'insufficient_funds', null]);
  });
});

describe('a limit counts', () => {
  const give = { amount_minor: 600 };

  test.each<[says: string, message: CardMessage, left: number]>([
    ['a reversal of a part gives it back', reversal({ amount_minor: 200 }), 600],
    ['a reversal of all gives all back', reversal(), 1_000],
    ['an expiry gives all back', expiry(), 1_000],
    ['a final clearing gives the rest back', clearing({ amount_minor: 500 }), 500],
    ['a clearing above the hold takes more', clearing({ amount_minor: 900 }), 100],
    ['an advice takes the figure it names', advice({ hold_minor: 700 }), 300],
  ])('%s', (_, message, left) => {
    const { asks, says, waits } = cardWith(just(limitPerDay(1_000)));
    asks(give);
    waits(hourMs);
    says(message);
    expect(asks({ authorization_key: 'another', amount_minor: left + 1 })).toBe('exceeds_amount_in_window');
    expect(asks({ authorization_key: 'another', amount_minor: left })).toBeNull();
  });

  test('a use that was reversed still, and one that was void no more', () => {
    const { asks, says, sample } = cardWith(just(once));
    asks();
    says(reversal());
    expect(asks({ authorization_key: 'another' })).toBe('exceeds_count_in_window');
    sample.card.void('r1', sample.clockMs);
    expect(asks({ authorization_key: 'another' })).toBeNull();
  });

  test('what was given back to the window of the purchase alone', () => {
    const { asks, says, waits } = cardWith(just(limitPerDay(1_000)));
    asks({ amount_minor: 1_000 });
    waits(24 * hourMs);
    asks({ authorization_key: 'today', amount_minor: 800 });
    says(reversal());
    expect(asks({ authorization_key: 'another', amount_minor: 201 })).toBe('exceeds_amount_in_window');
  });

  test('a rolling window to the millisecond', () => {
    const { asks, waits } = cardWith(just(limitPerDay(1_000, { window: { per: 'rolling', seconds: 10 } })));
    asks({ amount_minor: 1_000 });
    waits(9_999);
    expect(asks({ authorization_key: 'b', amount_minor: 1 })).toBe('exceeds_amount_in_window');
    waits(1);
    expect(asks({ authorization_key: 'c', amount_minor: 1_000 })).toBeNull();
  });
});

describe('a card for one use', () => {
  const single = { single_use: true };

  test.each<[what: string, message: CardMessage | null]>([
    ['that is held', null],
    ['that is cleared', clearing()],
    ['that was reversed', reversal()],
    ['that the network approved without us', advice({ authorization_key: 'stand-in' })],
    ['that was forced through', clearing({ authorization_key: null })],
  ])('has had it: a purchase %s', (_, message) => {
    const { asks, says } = cardWith(single);
    if (message === null || message.authorization_key === 'authorization-1') asks();
    if (message !== null) says(message);
    expect(asks({ authorization_key: 'another' })).toBe('card_already_used');
  });

  test('takes what belongs to the one purchase: an increment, a second part', () => {
    const { asks } = cardWith(single);
    expect([asks(), asks(more(200)), asks({ amount_minor: 100 })]).toEqual([null, null, null]);
  });

  test('has not had it by a verification, a decline, a void or a refund', () => {
    const { asks, says, sample } = cardWith({ ...single, funds_minor: 1_000 });
    asks({ authorization_key: 'v', kind: 'account_verification', amount_minor: 0 });
    asks({ authorization_key: 'd', amount_minor: 2_000 });
    says({
      kind: 'refund',
      message_key: '',
      currency: 'USD',
      authorization_key: null,
      amount_minor: 1,
      merchant: null,
    });
    asks({ authorization_key: 'void', request_key: 'void' });
    sample.card.void('void', sample.clockMs);
    expect(asks({ authorization_key: 'another' })).toBeNull();
  });
});
