// Which provider is chosen, and when nobody is.

import { describe, expect, test, vi } from 'vitest';
import { guardsOnFakeTime, submitTimes } from '../../scripts/test-providers.ts';
import { down, type Scripted, scripted } from '../testing/scripted-provider.ts';
import { availability, chooseProvider } from './choose-provider.ts';
import { breakerPolicy, type GuardedProvider } from './guarded.ts';

const { guard } = guardsOnFakeTime();

describe('chooseProvider', () => {
  function pair() {
    const [first, second] = [scripted('stripe'), scripted('iso20022')];
    const providers = [guard(first), guard(second)] as const;
    return { first, second, providers };
  }
  async function open(provider: Scripted, safe: GuardedProvider) {
    provider.answer = () => Promise.resolve(down);
    await submitTimes(safe, 10);
  }
  const usd = { amount_minor: 100n, currency: 'USD' };
  const both = { stripe: 'right', iso20022: 'right' };
  const nameOf = (choice: ReturnType<typeof chooseProvider>) =>
    choice.outcome === 'chosen' ? choice.provider.name : choice.outcome;

  test('takes the primary, and the secondary where the breaker of the primary is open', async () => {
    const { first, providers } = pair();
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: both }))).toBe('stripe');
    await open(first, providers[0]);
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: both }))).toBe('iso20022');
    expect(availability(providers)).toEqual({
      mode: 'normal',
      providers: {
        stripe: { breaker: 'open', newest_trouble: 'no_answer' },
        iso20022: { breaker: 'closed', newest_trouble: null },
      },
    });
  });

  test('goes back to the primary when it may be tried', async () => {
    const { first, providers } = pair();
    await open(first, providers[0]);
    vi.advanceTimersByTime(breakerPolicy.halfOpenAfterMs);
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: both }))).toBe('stripe');
  });

  test('chooses none, and is read only, while all are open', async () => {
    const { first, second, providers } = pair();
    await open(first, providers[0]);
    await open(second, providers[1]);
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: both }))).toBe('none_available');
    expect(availability(providers).mode).toBe('read_only');
  });

  test('the destinations alone decide who is possible', async () => {
    const { first, providers } = pair();
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: {} }))).toBe('destination_missing');
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: { other: 'right' } }))).toBe('destination_missing');
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: { stripe: 'wrong', iso20022: 'right' } }))).toBe(
      'iso20022',
    );
    expect(chooseProvider({ ...usd, providers, destinations: { stripe: 'wrong' } })).toEqual({
      outcome: 'destination_refused',
      problem: 'stripe: is wrong',
    });
    await open(first, providers[0]);
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: { stripe: 'right' } }))).toBe('none_available');
  });

  test('P5: one that does not pay this amount is passed over; where none does, that is said', () => {
    const { first, second, providers } = pair();
    const whole = { unit_minor: 100n, min_minor: 100n, max_minor: 1_000_000n };
    first.amounts = () => whole;
    const forints = { providers, destinations: both, currency: 'HUF' };
    expect(nameOf(chooseProvider({ ...forints, amount_minor: 150_000n }))).toBe('stripe');
    expect(nameOf(chooseProvider({ ...forints, amount_minor: 150_050n }))).toBe('iso20022');
    second.amounts = () => null;
    expect(nameOf(chooseProvider({ ...forints, amount_minor: 150_050n }))).toBe('amount_not_payable');
    expect(nameOf(chooseProvider({ ...forints, amount_minor: 1_000_100n }))).toBe('amount_not_payable');
  });

  test('the one that did not take it comes last, and is taken where there is no other', () => {
    const { providers } = pair();
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: both, notTakenBy: 'stripe' }))).toBe('iso20022');
    expect(nameOf(chooseProvider({ ...usd, providers, destinations: { stripe: 'right' }, notTakenBy: 'stripe' }))).toBe(
      'stripe',
    );
  });
});
