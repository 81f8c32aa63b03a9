// A card's turn, where the last turn matters: who answered in its place, what was given up before, which name an authorization has.

import { describe, expect, test } from 'vitest';
import type { Control } from '../../contracts/control.ts';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  countingIds,
  expiry,
  merchant,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from '../testing/samples.ts';
import { Card } from './card.ts';
import type { LoggedEvent } from './logged-event.ts';

const tip: Control = { control_id: 'tip', mode: 'enforce', applies_to: {}, does: 'adjust_hold', percent: 20 };
const cardWith = (changes: Parameters<typeof profile>[0] = {}) => new SampleCard(profile(changes));
const asked = (amount_minor: number, more: Parameters<typeof request>[0] = {}) =>
  request({ request_key: 'r1', amount_minor, ...more });
const heldBy = ({ card }: SampleCard) => {
  const { hold_minor, network_minor } = card.state.authorizations.get('authorization-1') ?? {};
  return { hold_minor, network_minor };
};
const kindsOf = ({ log }: SampleCard) => log.map(({ body }) => body.kind);

describe('an answer in the card’s place', () => {
  const inPlace = (hold_minor: number, message_key = `in place ${hold_minor}`) =>
    advice({ message_key, request_key: 'r1', decided_by: 'edge', hold_minor, answered_at_ms: noonMs + 2 });

  test('adds what the card has not told the network, of 50 approved and 60 held: 70 told, 70 held', () => {
    const sample = cardWith({ controls: [tip] });
    sample.card.authorize(asked(50), noonMs);
    expect(heldBy(sample)).toEqual({ hold_minor: 60, network_minor: 50 });
    sample.card.receive(inPlace(70), noonMs + 5);
    expect(heldBy(sample)).toEqual({ hold_minor: 70, network_minor: 70 });
  });

  test('adds all of it where the card’s own approval was given up', () => {
    const sample = cardWith();
    sample.card.authorize(asked(50), noonMs);
    sample.card.void('r1', noonMs + 1);
    sample.card.receive(inPlace(50), noonMs + 5);
    expect(heldBy(sample)).toEqual({ hold_minor: 50, network_minor: 50 });
  });

  test('adds what an earlier one did not', () => {
    const sample = cardWith();
    for (const told of [30, 50]) sample.card.receive(inPlace(told), noonMs + 5);
    expect(heldBy(sample)).toEqual({ hold_minor: 50, network_minor: 50 });
  });

  test('given up again takes back the answer, and says nothing more of the card’s own', () => {
    const sample = cardWith();
    sample.card.authorize(asked(50), noonMs);
    sample.card.void('r1', noonMs + 1);
    sample.card.receive(inPlace(50), noonMs + 5);
    sample.card.void('r1', noonMs + 6);
    expect(heldBy(sample)).toEqual({ hold_minor: 0, network_minor: 0 });
    expect(kindsOf(sample)).toEqual(['profile', 'authorization', 'void', 'message', 'void']);
    expect(sample.card.void('r1', noonMs + 7)).toEqual({ outcome: 'repeated' });
  });

  test('makes its hold last as long as the later of both says', () => {
    const sample = cardWith({ hold_days: 2 });
    const lapses = () => sample.card.state.authorizations.get('authorization-1')?.expires_at_ms;
    sample.card.authorize(asked(50, { hold_expires_at_ms: noonMs + 20 * 86_400_000 }), noonMs);
    sample.card.receive(inPlace(70), noonMs + 5);
    expect(lapses()).toBe(noonMs + 20 * 86_400_000);
  });

  test('of nothing is none for a request of one unit, and one for a request of nothing', () => {
    const frozen = () => {
      const sample = cardWith({ status: 'frozen' });
      sample.card.receive(advice({ request_key: 'r1', hold_minor: 0 }), noonMs);
      return sample.card;
    };
    const card = frozen();
    // Asked twice: the second answer is read back.
    for (const atMs of [noonMs + 1, noonMs + 2])
      expect(card.authorize(asked(1), atMs)).toMatchObject({
        decision: { outcome: 'declined', reason: 'card_not_active', approved_minor: 0 },
      });
    const verified = frozen().authorize(asked(0, { kind: 'account_verification' }), noonMs + 1);
    expect(verified).toMatchObject({ decision: { outcome: 'approved', approved_minor: 0 } });
  });

  test('of one unit is an approval, though the card itself has declined', () => {
    const { card } = cardWith({ status: 'frozen' });
    expect(card.authorize(asked(1), noonMs)).toMatchObject({ decision: { outcome: 'declined' } });
    card.receive(inPlace(1), noonMs + 5);
    expect(card.authorize(asked(1), noonMs + 6)).toMatchObject({
      decision: { outcome: 'approved', approved_minor: 1 },
    });
  });

  test('is what a repeat hears, of a request of nothing that the card has declined before; of one unit the card’s own stands', () => {
    for (const [amount_minor, outcome] of [
      [0, 'approved'],
      [1, 'declined'],
    ] as const) {
      const { card } = cardWith({ status: 'frozen' });
      expect(card.authorize(asked(amount_minor), noonMs)).toMatchObject({ decision: { outcome: 'declined' } });
      card.receive(inPlace(0), noonMs + 5);
      expect(card.authorize(asked(amount_minor), noonMs + 6)).toMatchObject({
        decision: { outcome, approved_minor: 0 },
      });
    }
  });

  test('of nothing takes nothing from what the card has approved', () => {
    const { card } = cardWith();
    const first = card.authorize(asked(50), noonMs);
    card.receive(inPlace(0), noonMs + 5);
    expect(card.authorize(asked(50), noonMs + 6)).toEqual(first);
    expect(card.state.held_minor).toBe(50);
  });

  test('by the network itself is given up like any other', () => {
    const sample = cardWith();
    sample.card.receive(advice({ request_key: 'r1', hold_minor: 50 }), noonMs);
    expect(heldBy(sample)).toEqual({ hold_minor: 50, network_minor: 50 });
    sample.card.void('r1', noonMs + 1);
    expect(heldBy(sample)).toEqual({ hold_minor: 0, network_minor: 0 });
  });
});

describe('what the rules would have said of an advice', () => {
  const againstOf = ({ log }: SampleCard) => {
    const body = log.at(-1)?.body;
    return body?.kind === 'message' ? (body.against ?? null) : expect.fail('a message was received');
  };

  test('is asked only where more is held by it', () => {
    const sample = cardWith();
    sample.card.authorize(asked(500), noonMs);
    sample.card.putProfile(profile({ version: 2, status: 'frozen' }), noonMs + 1);
    for (const [at, hold_minor, against] of [
      [10, 500, null],
      [20, 400, null],
      [30, 401, 'card_not_active'],
    ] as const) {
      const said = advice({ message_key: `${hold_minor}`, hold_minor, occurred_at_ms: noonMs + at });
      sample.card.receive(said, noonMs + at);
      expect(againstOf(sample)).toBe(against);
    }
  });

  test('is of all that is more, not of a part', () => {
    const sample = cardWith({ funds_minor: 100, partial_approval: true });
    sample.card.receive(advice({ hold_minor: 500 }), noonMs);
    expect(againstOf(sample)).toBe('insufficient_funds');
  });
});

describe('two names of one authorization', () => {
  function joined() {
    const sample = cardWith({ funds_minor: 1_000 });
    sample.card.authorize(asked(100, { authorization_key: 'A' }), noonMs);
    sample.card.authorize(asked(50, { authorization_key: 'B', request_key: 'r2' }), noonMs + 1);
    return sample;
  }

  test('a request that joins them says what is really left', () => {
    const { card } = joined();
    const answer = card.authorize(asked(10, { authorization_key: 'A', alias_key: 'B', request_key: 'r3' }), noonMs + 2);
    expect(answer).toMatchObject({ decision: { hold_minor: 10, available_minor: 840 } });
    expect(card.state.held_minor).toBe(160);
  });

  test('a message that joins them and spends nothing overdraws nothing', () => {
    const { card, log } = joined();
    card.putProfile(profile({ version: 2, funds_minor: 160 }), noonMs + 2);
    card.receive(clearing({ authorization_key: 'A', alias_key: 'B', amount_minor: 10, final: false }), noonMs + 3);
    expect(log.at(-1)?.body).not.toHaveProperty('overdrawn');
  });

  test('each is its name from then on, and so is what either was called before', () => {
    for (const later of ['A', 'B', 'C']) {
      const { card } = joined();
      card.receive(refund({ message_key: 'm1', authorization_key: 'B', alias_key: 'C', amount_minor: 0 }), noonMs + 2);
      card.receive(refund({ message_key: 'm2', authorization_key: 'A', alias_key: 'B', amount_minor: 0 }), noonMs + 3);
      expect([...card.state.authorizations.keys()]).toEqual(['A']);
      card.receive(reversal({ message_key: 'm3', authorization_key: later }), noonMs + 4);
      expect(card.state.held_minor).toBe(0);
      expect([...card.state.authorizations.keys()]).toEqual(['A']);
    }
  });
});

test('where the card was used is said by what was approved, not by what was declined', () => {
  const { card } = cardWith({ funds_minor: 100 });
  card.receive(expiry(), noonMs);
  expect(card.authorize(asked(500, { merchant: merchant('5812') }), noonMs + 1)).toMatchObject({
    decision: { outcome: 'declined' },
  });
  expect(card.state.authorizations.get('authorization-1')?.subject).toBeNull();
});

describe('the card’s clock and its numbers', () => {
  test('a clock exactly as far behind as a mistake may be does not take the card along', () => {
    const { card } = cardWith();
    expect(card.now(noonMs - limits.clockStepBackMsMax)).toBe(noonMs);
    expect(card.now(noonMs - limits.clockStepBackMsMax - 1)).toBe(noonMs - limits.clockStepBackMsMax - 1);
  });

  test('a card goes on after the number that it is told, and only before its first event', () => {
    expect(() => cardWith().card.goOnAfter(7)).toThrow('counts on from them');
    const log: LoggedEvent[] = [];
    const at = (): never => expect.fail('nothing is read back');
    const card = new Card({ append: (event) => void log.push(event), at, freshIds: countingIds() }, null, []);
    card.goOnAfter(7);
    expect(card.sequence).toBe(7);
    card.putProfile(profile(), noonMs);
    expect([card.sequence, log.map(({ sequence }) => sequence)]).toEqual([8, [8]]);
  });
});
