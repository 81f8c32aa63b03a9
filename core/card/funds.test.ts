// What a decision says of the card's funds.

import { describe, expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, noonMs, profile, refund, request } from '../testing/samples.ts';
import { newCardState } from './card-state.ts';
import { availableMinor, fundsIn } from './funds.ts';

function decided({ card }: SampleCard, request_key: string, amount_minor: number) {
  const answer = card.authorize(request({ request_key, authorization_key: request_key, amount_minor }), noonMs);
  if (answer.outcome !== 'decided') throw new Error('it was asked for once');
  return answer.decision;
}

describe('a decision', () => {
  test('says what is left after it, and nothing of what is withheld where nothing is', () => {
    const decision = decided(new SampleCard(profile({ funds_minor: 10_000 })), 'r1', 4_000);
    expect(decision.available_minor).toBe(6_000);
    expect(decision).not.toHaveProperty('withheld_minor');
  });

  test('says what is withheld of refunds of no purchase, down to one minor unit: that is not left', () => {
    const sample = new SampleCard(profile({ funds_minor: 10_000 }));
    sample.card.receive(refund({ authorization_key: null, amount_minor: 50_001 }), noonMs);
    expect(decided(sample, 'r1', 4_000)).toMatchObject({ available_minor: 56_000, withheld_minor: 1 });
  });

  test('frees of what is withheld what it joins with its clearing', () => {
    const sample = new SampleCard(profile({ funds_minor: 10_000 }));
    sample.card.receive(refund({ authorization_key: 'back', amount_minor: 60_000 }), noonMs);
    sample.card.receive(
      clearing({ message_key: 'm2', authorization_key: 'paid', amount_minor: 8_000, final: false }),
      noonMs,
    );
    expect(decided(sample, 'r1', 0)).toMatchObject({ available_minor: 52_000, withheld_minor: 10_000 });
    const joins = request({ request_key: 'r2', authorization_key: 'back', alias_key: 'paid', amount_minor: 9_000 });
    expect(sample.card.authorize(joins, noonMs)).toMatchObject({
      decision: { available_minor: 59_000, withheld_minor: 2_000 },
    });
  });
});

test('funds are the network’s business until a profile says otherwise', () => {
  expect(availableMinor(newCardState())).toBeNull();
  expect(fundsIn(profile())).toEqual({ kind: 'network' });
  expect(fundsIn(profile({ funds_minor: 0 }))).toEqual({ kind: 'own', funded_minor: 0 });
});
