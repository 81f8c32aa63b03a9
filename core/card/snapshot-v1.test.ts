// What the first version of the card stored is read, and its rows fold to what the books have.

import { expect, test } from 'vitest';
import type { CardEventBody } from '../../contracts/card-event.ts';
import type { Decision } from '../../contracts/decision.ts';
import { clearing, countingIds, noonMs, profile, request, reversal } from '../testing/samples.ts';
import { Card } from './card.ts';
import type { LoggedEvent } from './logged-event.ts';
import { readSnapshot } from './snapshot.ts';

const id = (number: number) => `auth_${String(number).padStart(26, '0')}` as const;
const later = noonMs + 7 * 86_400_000;

const stored = {
  version: 1,
  sequence: 7,
  at_ms: noonMs,
  profile: profile({ funds_minor: 10_000 }),
  posted_minor: 300,
  uses: 3,
  kept: [],
  subjects: [],
  authorizations: [
    // 500 approved and 20 % more held, of which 200 were cleared in part.
    ['held', id(1), noonMs, noonMs, 400, 600, 200, 0, later, 2, null, null, [0, 600, noonMs, -200], [0, 500]],
    // An advice to 700 after an approval of 500.
    ['advised', id(2), noonMs, noonMs, 700, 500, 0, 0, later, 3, null, [noonMs, 700], []],
    ['cleared', id(3), noonMs, noonMs, 0, 100, 100, 0, later, 2, null, [noonMs, 0], []],
    ['declined', id(4), noonMs, noonMs, 0, 0, 0, 0, 0, 0, null, null, []],
  ],
  aliases: [['other', 'held']],
  answered: ['r1', 2],
  stoodIn: [['r9', { sequence: 5, approved_minor: 700, authorization_key: 'advised', at_ms: noonMs }]],
  voided: [],
  received: ['m1', 3],
};

function loaded(rows: readonly LoggedEvent[] = []) {
  const history = {
    append: () => undefined,
    at: (): never => expect.fail('nothing is read back'),
    freshIds: countingIds(),
  };
  return new Card(history, readSnapshot(JSON.stringify(stored)), rows);
}

test('a snapshot of version 1 gives the card that it was', () => {
  const { state } = loaded();
  expect(state).toMatchObject({ held_minor: 1_100, posted_minor: 300, uses: 3, currency: 'USD' });
  expect(state.authorizations.get('held')).toMatchObject({ hold_minor: 400, network_minor: 300, cleared_minor: 200 });
  expect(state.authorizations.get('advised')).toMatchObject({ hold_minor: 700, advised: 1, begun: { heard_ms: 1 } });
  expect(state.authorizations.get('declined')).toMatchObject({ begun: { heard_ms: 1 } });
});

test('and goes on from there, also through a snapshot of version 2', () => {
  const card = loaded();
  card.receive(
    clearing({ message_key: 'm2', authorization_key: 'other', amount_minor: 300, final: false }),
    noonMs + 1,
  );
  expect(card.state.held_minor).toBe(700);
  card.receive(reversal({ message_key: 'm3', authorization_key: 'advised', occurred_at_ms: noonMs }), noonMs + 2);
  expect(card.state.held_minor).toBe(0);
  const again = readSnapshot(JSON.stringify(card.snapshot()));
  expect(again.version).toBe(2);
});

test('a row whose effect the rules of today would not have is followed as it was booked', () => {
  const decision: Decision = {
    ...{ outcome: 'approved', approved_minor: 50, hold_minor: 50, reason: null, control_id: null },
    ...{ available_minor: null, profile_version: 1, trace: [] },
  };
  // The first version stamped the increment before the clearing that it had heard, and held nothing for it.
  const body: CardEventBody = {
    ...{ kind: 'authorization', event_id: `evt_${'0'.repeat(26)}`, authorization_id: id(3), decision },
    request: request({
      ...{ request_key: 'r8', authorization_key: 'cleared', kind: 'incremental', amount_minor: 50 },
      occurred_at_ms: noonMs + 1,
    }),
    effect: { hold_minor: 0, posted_minor: 0 },
  };
  const { state } = loaded([{ sequence: 8, at_ms: noonMs + 2, body }]);
  expect(state.held_minor).toBe(1_100);
});
