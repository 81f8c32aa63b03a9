// Messages in several currencies: before the card has a profile, and after.

import { describe, expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  countingIds,
  limitPerDay,
  noonMs,
  profile,
  refund,
  request,
  reversal,
} from '../testing/samples.ts';
import { Card } from './card.ts';
import { availableMinor } from './funds.ts';
import type { LoggedEvent } from './logged-event.ts';
import { readSnapshot } from './snapshot.ts';

function cardWithoutProfile() {
  const rows: LoggedEvent[] = [];
  const at = (sequence: number) => (rows[sequence - 1] as LoggedEvent).body;
  const history = { append: (event: LoggedEvent) => void rows.push(event), at, freshIds: countingIds() };
  const made = { rows, card: new Card(history, null, []), reload: () => {} };
  made.reload = () => {
    made.card = new Card(history, readSnapshot(JSON.stringify(made.card.snapshot())), []);
  };
  return made;
}

describe('before the profile', () => {
  const yen = clearing({ message_key: 'm1', authorization_key: 'A', amount_minor: 50_000, currency: 'JPY' });
  const euro = clearing({ message_key: 'm2', authorization_key: 'B', amount_minor: 100, currency: 'EUR' });
  const dollars = clearing({ message_key: 'm3', authorization_key: 'C', amount_minor: 700, currency: 'USD' });

  test.each([false, true])(
    'F7: each currency has its own sums, and the card’s alone counts (reloaded: %s)',
    (reloads) => {
      const made = cardWithoutProfile();
      for (const message of [yen, euro, dollars]) made.card.receive(message, noonMs);
      if (reloads) made.reload();
      made.card.putProfile(profile({ funds_minor: 1_000, controls: [limitPerDay(1_000)] }), noonMs + 1);
      if (reloads) made.reload();
      const { state } = made.card;
      expect(state).toMatchObject({ currency: 'USD', posted_minor: 700, held_minor: 0, uses: 1 });
      expect(Object.fromEntries(state.others)).toMatchObject({
        JPY: { posted_minor: 50_000 },
        EUR: { posted_minor: 100 },
      });
      expect(availableMinor(state)).toBe(300);
      const asked = (request_key: string, amount_minor: number) =>
        made.card.authorize(request({ request_key, authorization_key: request_key, amount_minor }), noonMs + 2);
      expect(asked('r1', 301)).toMatchObject({ decision: { outcome: 'declined' } });
      expect(asked('r2', 300)).toMatchObject({ decision: { outcome: 'approved' } });
    },
  );

  test('F7: another currency under the same authorization is kept for a person', () => {
    const { card, rows } = cardWithoutProfile();
    card.receive(yen, noonMs);
    card.receive({ ...euro, authorization_key: 'A' }, noonMs);
    expect(rows.at(-1)?.body).toMatchObject({
      anomaly: 'currency_mismatch',
      effect: { hold_minor: 0, posted_minor: 0 },
    });
  });

  test('F7: its key may name a purchase in the card’s own currency afterwards; its hold lapses by itself', () => {
    const { card, rows } = cardWithoutProfile();
    card.receive(advice({ authorization_key: 'A', hold_minor: 50_000, currency: 'JPY' }), noonMs);
    card.putProfile(profile(), noonMs + 1);
    expect(card.state.held_minor).toBe(0);
    card.authorize(request({ authorization_key: 'A' }), noonMs + 2);
    expect(card.state.held_minor).toBe(500);
    card.receive(reversal({ message_key: 'm9', authorization_key: 'A' }), noonMs + 3);
    expect(card.state.held_minor).toBe(0);
    expect(card.expire(noonMs + 8 * 86_400_000)).toMatchObject({ expired: 1 });
    expect(rows.at(-1)?.body).toMatchObject({ kind: 'expiry', effect: { hold_minor: -50_000 } });
    expect(Object.fromEntries(card.state.others)).toMatchObject({ JPY: { held_minor: 0 } });
  });

  test('F7: an approval is held in the card’s currency, though its key had named another one beside the card’s', () => {
    const { card, rows } = cardWithoutProfile();
    card.receive(dollars, noonMs);
    card.authorize(request({ authorization_key: 'A', request_key: 'declined' }), noonMs);
    card.receive(advice({ authorization_key: 'A', hold_minor: 50_000, currency: 'JPY' }), noonMs);
    card.putProfile(profile({ funds_minor: 1_200, controls: [limitPerDay(2_000)] }), noonMs + 1);
    card.authorize(request({ authorization_key: 'A', kind: 'incremental', amount_minor: 400 }), noonMs + 2);
    expect(card.state).toMatchObject({ held_minor: 400, posted_minor: 700, uses: 2 });
    expect(card.state.others.get('JPY')).toMatchObject({ held_minor: 50_000, uses: 1 });
    expect(availableMinor(card.state)).toBe(100);
    const idOf = (body: LoggedEvent['body'] | undefined) =>
      body !== undefined && 'authorization_id' in body ? body.authorization_id : null;
    expect(idOf(rows.at(-1)?.body)).not.toBe(idOf(rows[2]?.body));
  });
});

describe('F6: a message in another currency than the card’s', () => {
  const lived = () => {
    const sample = new SampleCard(profile());
    sample.card.authorize(request({ amount_minor: 1_000 }), noonMs);
    sample.card.receive(clearing({ message_key: 'euro', amount_minor: 900, currency: 'EUR' }), noonMs + 1);
    return sample;
  };

  test('moves nothing, and the hold stays for a person to act on', () => {
    const { card, log } = lived();
    expect(card.state).toMatchObject({ held_minor: 1_000, posted_minor: 0 });
    expect(log.at(-1)?.body).toMatchObject({ anomaly: 'currency_mismatch' });
  });

  test.each([
    [
      'posted in the card’s currency',
      clearing({ message_key: 'p', amount_minor: 980 }),
      { held_minor: 0, posted_minor: 980 },
    ],
    ['released', reversal({ message_key: 'p' }), { held_minor: 0, posted_minor: 0 }],
    ['refunded', refund({ message_key: 'p', amount_minor: 1 }), { held_minor: 1_000, posted_minor: -1 }],
  ])('and what the person then says is booked: %s', (_, message, sums) => {
    const { card } = lived();
    card.receive(message, noonMs + 2);
    expect(card.state).toMatchObject(sums);
  });
});
