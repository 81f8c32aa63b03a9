import { describe, expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-card.ts';
import { type AuthorizationRow, bookEvent, type MoneyEvent } from './book-event.ts';

const accounts = { holder: (currency: string) => (currency === 'USD' ? 1 : 90), clearing: () => 2 };

/** Books a card's events in order, as intake does, except those left out; the last row, and the transfers as words. */
function bookAll(card: SampleCard, leftOut: readonly number[] = []) {
  const rows = new Map<string, AuthorizationRow>();
  const words: string[] = [];
  for (const event of card.events) {
    if (event.kind === 'profile' || leftOut.includes(event.sequence)) continue;
    const booking = bookEvent(event satisfies MoneyEvent, 7, rows, accounts);
    for (const row of booking.authorizations) rows.set(row.authorization_id, row);
    for (const { kind, debit_account_no, credit_account_no, amount_minor } of booking.transfers)
      words.push(`${kind} ${debit_account_no}>${credit_account_no} ${amount_minor}`);
  }
  return { row: [...rows.values()].at(-1), rows: [...rows.values()], words };
}

describe('bookEvent', () => {
  type Case = [
    says: string,
    happens: (card: SampleCard) => void,
    status: string,
    held: bigint,
    posted: bigint,
    words: string[],
  ];
  test.each<Case>([
    ['an approval holds', (c) => c.authorize(50), 'held', 50n, 0n, ['pending 1>2 50']],
    ['a decline books nothing', (c) => c.authorize(50, { currency: 'EUR' }), 'declined', 0n, 0n, []],
    ['an approval of nothing holds nothing', (c) => c.authorize(0), 'approved', 0n, 0n, []],
    [
      'a final clearing posts',
      (c) => c.clear(c.authorize(50), 50),
      'posted',
      0n,
      50n,
      ['pending 1>2 50', 'post 1>2 50'],
    ],
    [
      'a part leaves the rest held',
      (c) => c.clear(c.authorize(50), 20, false),
      'held',
      30n,
      20n,
      ['pending 1>2 50', 'post 1>2 20'],
    ],
    [
      'a final part voids the rest',
      (c) => c.clear(c.authorize(50), 20),
      'posted',
      0n,
      20n,
      ['pending 1>2 50', 'post 1>2 20', 'void 1>2 30'],
    ],
    [
      'what exceeds the hold is direct',
      (c) => c.clear(c.authorize(50), 60),
      'posted',
      0n,
      60n,
      ['pending 1>2 50', 'post 1>2 50', 'direct 1>2 10'],
    ],
    ['a force post is direct', (c) => c.clear(null, 60), 'posted', 0n, 60n, ['direct 1>2 60']],
    ['a reversal voids', (c) => c.reverse(c.authorize(50)), 'released', 0n, 0n, ['pending 1>2 50', 'void 1>2 50']],
    ['an expiry voids', (c) => c.expire(c.authorize(50)), 'released', 0n, 0n, ['pending 1>2 50', 'void 1>2 50']],
    [
      'a hold that nobody clears lapses',
      (c) => {
        c.authorize(50);
        c.lapse();
      },
      'released',
      0n,
      0n,
      ['pending 1>2 50', 'void 1>2 50'],
    ],
    [
      'a clearing after expiry is direct',
      (c) => {
        const key = c.authorize(50);
        c.lapse();
        c.clear(key, 50);
      },
      'posted',
      0n,
      50n,
      ['pending 1>2 50', 'void 1>2 50', 'direct 1>2 50'],
    ],
    ['an advice holds what it says', (c) => c.advise('new', 50), 'held', 50n, 0n, ['pending 1>2 50']],
    [
      'an advice of less voids',
      (c) => c.advise(c.authorize(50), 20),
      'held',
      20n,
      0n,
      ['pending 1>2 50', 'void 1>2 30'],
    ],
    [
      'an advice overrules a decline',
      (c) => c.advise(c.authorize(50, { currency: 'EUR' }), 20),
      'held',
      20n,
      0n,
      ['pending 1>2 20'],
    ],
    [
      'an increment adds',
      (c) => c.authorize(25, { authorization_key: c.authorize(50), kind: 'incremental' }),
      'held',
      75n,
      0n,
      ['pending 1>2 50', 'pending 1>2 25'],
    ],
    ['a late answer is voided', (c) => c.void(c.authorize(50)), 'released', 0n, 0n, ['pending 1>2 50', 'void 1>2 50']],
    ['a refund goes the other way', (c) => c.refund(null, 9), 'posted', 0n, -9n, ['direct 2>1 9']],
    [
      'what is refunded whole was posted',
      (c) => {
        const key = c.authorize(50);
        c.clear(key, 50);
        c.refund(key, 50);
      },
      'posted',
      0n,
      0n,
      ['pending 1>2 50', 'post 1>2 50', 'direct 2>1 50'],
    ],
    [
      'money in another currency waits for a person',
      (c) => c.clear(c.authorize(50), 50, true, { currency: 'EUR' }),
      'held',
      50n,
      0n,
      ['pending 1>2 50'],
    ],
  ])('%s', (_, happens, status, held, posted, words) => {
    const card = new SampleCard('card');
    happens(card);
    const booked = bookAll(card);
    expect(booked.row).toMatchObject({ status, held_minor: held, posted_minor: posted });
    expect(booked.words).toEqual(words);
  });

  test('a void of a request that never came books nothing', () => {
    const card = new SampleCard('card');
    card.void('never-came');
    expect(bookAll(card)).toEqual({ row: undefined, rows: [], words: [] });
  });

  test('two that turn out to be one: the hold goes from the one to the other, and what was posted stays', () => {
    const card = new SampleCard('joined');
    const first = card.authorize(100);
    card.clear(first, 30, false);
    const second = card.authorize(50);
    card.reverse(second, null, { alias_key: first });
    const { rows, words } = bookAll(card);
    const [one, other] = rows;
    expect(one).toMatchObject({ status: 'posted', held_minor: 0n, posted_minor: 30n });
    expect(one?.joined_into).toBe(other?.authorization_id);
    expect(other).toMatchObject({ status: 'released', held_minor: 0n, posted_minor: 0n, joined_into: null });
    expect(words).toEqual(['pending 1>2 100', 'post 1>2 30', 'pending 1>2 50', 'void 1>2 50', 'void 1>2 70']);
  });

  test('a declined request in another currency that joins two authorizations moves the hold in their currency', () => {
    const card = new SampleCard('joined-by-a-decline');
    const [first, second] = [card.authorize(100), card.authorize(50)];
    card.authorize(7, { authorization_key: first, alias_key: second, currency: 'EUR' });
    const { rows, words } = bookAll(card);
    expect(words).toEqual(['pending 1>2 100', 'pending 1>2 50', 'pending 1>2 50', 'void 1>2 50']);
    expect(rows).toMatchObject([
      { currency: 'USD', ledger_account_no: 1, status: 'held', held_minor: 150n, joined_into: null },
      { currency: 'USD', ledger_account_no: 1, status: 'released', held_minor: 0n },
    ]);
    // With the first one's approval among the dead letters there is no row of it: the joined one's currency is theirs.
    const withoutFirst = bookAll(card, [2]);
    expect(withoutFirst.words).toEqual(['pending 1>2 50', 'pending 1>2 50', 'void 1>2 50']);
    expect(withoutFirst.rows).toMatchObject([{ held_minor: 0n }, { currency: 'USD', held_minor: 50n }]);
  });

  test('a joined authorization that is among the dead letters gives back nothing', () => {
    const card = new SampleCard('half-joined');
    const first = card.authorize(100);
    card.clear(card.authorize(50), 60, true, { alias_key: first });
    expect(bookAll(card, [2]).words).toEqual(['pending 1>2 50', 'post 1>2 50', 'direct 1>2 10']);
    expect(bookAll(card).words).toEqual([
      ...['pending 1>2 100', 'pending 1>2 50', 'post 1>2 50', 'direct 1>2 10', 'void 1>2 100'],
    ]);
  });

  test('where the approval is among the dead letters, a clearing still posts all it says, and a release releases nothing', () => {
    const cleared = new SampleCard('cleared');
    cleared.clear(cleared.authorize(50), 20);
    expect(bookAll(cleared, [2]).words).toEqual(['direct 1>2 20']);
    const reversed = new SampleCard('reversed');
    reversed.reverse(reversed.authorize(50));
    expect(bookAll(reversed, [2])).toMatchObject({ row: { held_minor: 0n, status: 'released' }, words: [] });
  });

  test('F7: a request that was declined while nobody knew the card: what is approved afterwards is on its account', () => {
    const card = new SampleCard('c', null);
    const key = card.authorize(40);
    card.putProfile({});
    card.authorize(50, { authorization_key: key });
    const rows = new Map<string, AuthorizationRow>();
    const transfers = card.events.flatMap((event) => {
      if (event.kind === 'profile') return [];
      const isKnown = event.sequence > 2;
      const booking = bookEvent(event, 7, rows, { ...accounts, holder: () => (isKnown ? 1 : 90) });
      for (const row of booking.authorizations) rows.set(row.authorization_id, row);
      return booking.transfers;
    });
    expect(transfers).toMatchObject([{ kind: 'pending', debit_account_no: 1, amount_minor: 50n }]);
    expect([...rows.values()]).toMatchObject([{ ledger_account_no: 1, held_minor: 50n, currency: 'USD' }]);
  });

  test('F7: a card without a profile: each currency is booked where it belongs, an authorization in its own alone', () => {
    const card = new SampleCard('unknown', null);
    card.clear('key', 50, false, { currency: 'EUR' });
    card.clear('other', 40, false);
    card.clear('key', 30, false);
    expect(bookAll(card)).toMatchObject({
      rows: [
        { currency: 'EUR', ledger_account_no: 90, posted_minor: 50n },
        { currency: 'USD', ledger_account_no: 1, posted_minor: 40n },
      ],
      words: ['direct 90>2 50', 'direct 1>2 40'],
    });
  });
});
