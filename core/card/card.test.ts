// One card's turn of events: repeats, conflicts, late answers, answers in its place, holds that lapse, clocks that step back.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import { limits } from '../../contracts/limits.ts';
import type { Profile } from '../../contracts/profile.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import {
  advice,
  clearing,
  countingIds,
  expiry,
  hourMs,
  limitPerDay,
  merchant,
  noonMs,
  profile,
  request,
  reversal,
} from '../testing/samples.ts';
import { Card } from './card.ts';
import type { LoggedEvent } from './logged-event.ts';

const dayMs = 24 * hourMs;
const cardWith = (changes: Partial<Profile> = {}) => new SampleCard(profile(changes));

describe('a repeated request', () => {
  test('is answered as it was, whatever has changed since', () => {
    const { card, log } = cardWith();
    const first = card.authorize(request(), noonMs);
    card.putProfile(profile({ version: 2, status: 'closed' }), noonMs);
    card.receive(reversal(), noonMs);
    expect(card.authorize(request(), noonMs + dayMs)).toEqual(first);
    expect(log.length).toBe(4);
  });

  test('that was declined stays declined', () => {
    const { card } = cardWith({ status: 'frozen' });
    const first = card.authorize(request(), noonMs);
    card.putProfile(profile({ version: 2 }), noonMs);
    expect(card.authorize(request(), noonMs)).toEqual(first);
  });

  test('stamped anew is the same request', () => {
    const { card, log } = cardWith();
    const first = card.authorize(request({ occurred_at_ms: noonMs }), noonMs);
    expect(card.authorize(request({ occurred_at_ms: noonMs + 1 }), noonMs + 2)).toEqual(first);
    expect(card.authorize(request(), noonMs + 3)).toEqual(first);
    expect(log.length).toBe(2);
  });

  test.each<[field: string, changes: Partial<AuthorizationRequest>]>([
    ['amount_minor', { amount_minor: 501 }],
    ['authorization_key', { authorization_key: 'other' }],
    ['merchant.category', { merchant: merchant('5812') }],
    ['kind', { kind: 'incremental' }],
    ['alias_key', { alias_key: 'other' }],
  ])('with another %s is a conflict that names it, and nothing is written', (field, changes) => {
    const { card, log } = cardWith();
    card.authorize(request(), noonMs);
    expect(card.authorize(request(changes), noonMs)).toEqual({ outcome: 'conflict', field });
    expect(log.length).toBe(2);
  });
});

describe('a request after its deadline', () => {
  test('is declined, its key burnt, and nothing is held', () => {
    const { card, log } = cardWith();
    const late = card.authorize(request(), noonMs + 1, noonMs);
    expect(late).toMatchObject({ decision: { outcome: 'declined', reason: 'request_voided', hold_minor: 0 } });
    expect(log.map(({ body }) => body.kind)).toEqual(['profile', 'void', 'authorization']);
    expect(card.authorize(request(), noonMs + 2)).toEqual(late);
    expect(card.state.held_minor).toBe(0);
  });

  test('to the millisecond', () => {
    const { card } = cardWith();
    expect(card.authorize(request(), noonMs, noonMs)).toMatchObject({ decision: { outcome: 'approved' } });
  });

  test('that was answered in time is answered again', () => {
    const { card } = cardWith();
    const first = card.authorize(request(), noonMs, noonMs);
    expect(card.authorize(request(), noonMs + hourMs, noonMs)).toEqual(first);
  });
});

describe('a void', () => {
  test('turns every later answer to its request into a decline', () => {
    const { card } = cardWith();
    card.authorize(request(), noonMs);
    expect(card.void('request-1', noonMs)).toEqual({ outcome: 'stored' });
    expect(card.authorize(request(), noonMs)).toMatchObject({
      decision: { outcome: 'declined', reason: 'request_voided', approved_minor: 0, hold_minor: 0 },
    });
    expect(card.state).toMatchObject({ held_minor: 0, uses: 0 });
  });

  test.each<[says: string, at: number | undefined, messages: readonly CardMessage[], held: number]>([
    ['an advice for a later instant outlasts it', 0, [advice({ occurred_at_ms: noonMs + 1_000 })], 500],
    ['an advice for the same instant outlasts it', 0, [advice({ occurred_at_ms: noonMs })], 500],
    ['an advice for an earlier instant', 0, [advice({ occurred_at_ms: noonMs - 1_000, hold_minor: 300 })], 300],
    ['a reversal of it changes nothing', 0, [reversal({ amount_minor: 500, occurred_at_ms: noonMs + 1_000 })], 0],
    ['an advice, of a request without an instant', undefined, [advice({ occurred_at_ms: noonMs + 1_000 })], 500],
    ['an advice before it all', undefined, [advice({ occurred_at_ms: noonMs - hourMs, hold_minor: 300 })], 300],
  ])('takes its approval back where the approval stands: %s', (_, at, messages, held) => {
    const occurred = at === undefined ? {} : { occurred_at_ms: noonMs + at };
    for (const voidsFirst of [true, false]) {
      const { card, log } = cardWith();
      card.authorize(request(occurred), noonMs);
      if (voidsFirst) card.void('request-1', noonMs + 3_000);
      for (const message of messages) card.receive(message, noonMs + 4_000);
      if (!voidsFirst) card.void('request-1', noonMs + 5_000);
      expect(card.state.held_minor).toBe(held);
      expect(log.find(({ body }) => body.kind === 'void')?.body).toMatchObject({
        approval: { nth: -1, given_at_ms: noonMs, adds_minor: 500 },
      });
    }
  });

  test('of a later approval without an instant takes it back where it was put', () => {
    const { card, log } = cardWith();
    card.authorize(request(), noonMs);
    card.receive(advice({ hold_minor: 700, occurred_at_ms: noonMs + 10 }), noonMs + 10);
    card.authorize(request({ request_key: 'more', kind: 'incremental', amount_minor: 200 }), noonMs + 10);
    card.receive(advice({ message_key: 'm2', hold_minor: 800, occurred_at_ms: noonMs + 20 }), noonMs + 30);
    card.void('more', noonMs + 40);
    expect(card.state.held_minor).toBe(800);
    expect(log.at(-1)?.body).toMatchObject({
      approval: { at_ms: noonMs + 10, nth: 1, given_at_ms: noonMs + 10 },
      effect: { hold_minor: 0 },
    });
  });

  test('comes once', () => {
    const { card, log } = cardWith();
    card.authorize(request(), noonMs);
    card.void('request-1', noonMs);
    expect(card.void('request-1', noonMs)).toEqual({ outcome: 'repeated' });
    expect(log.length).toBe(3);
  });
});

describe('a message', () => {
  test('is kept once, by its key', () => {
    const { card, log } = cardWith();
    const stored = card.receive(clearing(), noonMs);
    expect(stored).toEqual({ outcome: 'stored', authorization_id: expect.stringMatching(/^auth_/) });
    // A repeat names the same authorization.
    expect(card.receive(clearing(), noonMs + 5)).toEqual({ ...stored, outcome: 'repeated' });
    expect(card.state.posted_minor).toBe(500);
    expect(log.length).toBe(2);
  });

  test('in another currency is known when it comes again', () => {
    const { card } = cardWith();
    expect(card.receive(clearing({ currency: 'EUR' }), noonMs)).toMatchObject({ outcome: 'stored' });
    expect(card.receive(clearing({ currency: 'EUR' }), noonMs)).toMatchObject({ outcome: 'repeated' });
  });
});

describe('a profile', () => {
  test('replaces an older one, and never a newer', () => {
    const { card, log } = cardWith({ version: 3 });
    expect(card.putProfile(profile({ version: 2 }), noonMs)).toEqual({ outcome: 'stale', version: 3 });
    expect(card.putProfile(profile({ version: 3 }), noonMs)).toEqual({ outcome: 'unchanged', version: 3 });
    expect(card.putProfile(profile({ version: 3, status: 'frozen' }), noonMs)).toEqual({
      outcome: 'stale',
      version: 3,
    });
    expect(card.putProfile(profile({ version: 4, status: 'frozen' }), noonMs)).toEqual({
      outcome: 'stored',
      version: 4,
    });
    expect(log.length).toBe(2);
    expect(card.state.profile).toMatchObject({ version: 4, status: 'frozen' });
  });

  test('is in force from its own event on, also for a card that had none', () => {
    const rows: LoggedEvent[] = [];
    const at = (sequence: number) => (rows[sequence - 1] as LoggedEvent).body;
    const card = new Card({ append: (event) => rows.push(event), at, freshIds: countingIds() }, null, []);
    expect(card.authorize(request(), noonMs)).toMatchObject({
      decision: { reason: 'card_unknown', profile_version: null },
    });
    card.putProfile(profile(), noonMs);
    expect(card.authorize(request({ request_key: 'r2' }), noonMs)).toMatchObject({ decision: { profile_version: 1 } });
    expect([rows.length, card.sequence]).toEqual([3, 3]);
  });
});

describe('a hold that nobody clears', () => {
  test.each<[why: string, card: Partial<Profile>, asked: Partial<AuthorizationRequest>, lastsMs: number]>([
    ['a week', {}, {}, 7 * dayMs],
    ['thirty days at a hotel', {}, { merchant: merchant('7011') }, 30 * dayMs],
    ['thirty days at a chain of hotels', {}, { merchant: merchant('3501') }, 30 * dayMs],
    ['thirty days at a car rental', {}, { merchant: merchant('7512') }, 30 * dayMs],
    ['what the profile says', { hold_days: 2 }, { merchant: merchant('7011') }, 2 * dayMs],
    ['what the network says', { hold_days: 2 }, { hold_expires_at_ms: noonMs + 5 }, 5],
  ])('lasts %s', (_, changes, asked, lastsMs) => {
    const { card, log } = cardWith({ ...changes, funds_minor: 500 });
    card.authorize(request(asked), noonMs);
    expect(card.expire(noonMs + lastsMs - 1)).toEqual({ expired: 0, next_ms: noonMs + lastsMs });
    expect(card.state.held_minor).toBe(500);
    expect(card.expire(noonMs + lastsMs)).toEqual({ expired: 1, next_ms: Number.POSITIVE_INFINITY });
    expect(card.state).toMatchObject({ held_minor: 0, uses: 1 });
    expect(log.at(-1)?.body).toMatchObject({ kind: 'expiry', effect: { hold_minor: -500, posted_minor: 0 } });
    expect(card.expire(noonMs + lastsMs + dayMs).expired).toBe(0);
  });

  test('lasts as long as the newest approval of its life', () => {
    const { card } = cardWith();
    card.authorize(request(), noonMs);
    card.authorize(request({ request_key: 'r2', kind: 'incremental' }), noonMs + dayMs);
    expect(card.expire(noonMs + 7 * dayMs)).toEqual({ expired: 0, next_ms: noonMs + 8 * dayMs });
    expect(card.expire(noonMs + 8 * dayMs).expired).toBe(1);
    expect(card.state.held_minor).toBe(0);
  });

  test('lapses for an advice too, and by the place that is known of it', () => {
    const { card } = cardWith();
    card.receive(advice({ merchant: merchant('7011') }), noonMs);
    card.receive(advice({ message_key: 'm2', authorization_key: 'a2' }), noonMs);
    expect(card.expire(noonMs + 7 * dayMs)).toEqual({ expired: 1, next_ms: noonMs + 30 * dayMs });
  });

  test('is one of several: the others stay, and the next is known', () => {
    const { card } = cardWith();
    for (const [index, hold_expires_at_ms] of [noonMs + 30, noonMs + 10, noonMs + 20].entries())
      card.authorize(request({ request_key: `r${index}`, authorization_key: `a${index}`, hold_expires_at_ms }), noonMs);
    expect(card.expire(noonMs + 20)).toEqual({ expired: 2, next_ms: noonMs + 30 });
    expect([...card.state.authorizations.values()].map(({ hold_minor }) => hold_minor)).toEqual([500, 0, 0]);
  });

  test('and was dropped by the network already is not dropped again', () => {
    const { card } = cardWith();
    card.authorize(request(), noonMs);
    card.receive(expiry(), noonMs);
    expect(card.expire(noonMs + limits.holdDays * dayMs)).toEqual({ expired: 0, next_ms: Number.POSITIVE_INFINITY });
  });
});

describe('the card’s clock', () => {
  test('never goes behind its newest event', () => {
    const { card, log } = cardWith({ controls: [limitPerDay(500, { window: { per: 'rolling', seconds: 10 } })] });
    card.authorize(request(), noonMs);
    card.authorize(request({ request_key: 'r2', authorization_key: 'a2' }), noonMs - dayMs);
    expect(log.at(-1)).toMatchObject({ at_ms: noonMs, body: { decision: { reason: 'exceeds_amount_in_window' } } });
  });

  test('is part of what is stored', () => {
    const sample = cardWith();
    sample.card.authorize(request(), noonMs + dayMs);
    sample.reload(sample.card.snapshot());
    sample.card.receive(clearing(), noonMs);
    expect(sample.log.at(-1)?.at_ms).toBe(noonMs + dayMs);
  });
});

test('a row that cannot be written fails the call, and a card loaded again knows nothing of it', () => {
  const rows: Parameters<ConstructorParameters<typeof Card>[0]['append']>[0][] = [];
  let broken = false;
  const history = {
    append: (event: (typeof rows)[number]) => {
      if (broken) throw new Error('the disk is full');
      rows.push(event);
    },
    at: () => {
      throw new Error('nothing is read back');
    },
    freshIds: countingIds(),
  };
  const card = new Card(history, null, []);
  card.putProfile(profile(), noonMs);
  broken = true;
  expect(() => card.authorize(request(), noonMs)).toThrow('full');
  broken = false;
  const again = new Card(history, null, rows);
  expect(again.authorize(request(), noonMs)).toMatchObject({ outcome: 'decided', decision: { outcome: 'approved' } });
  expect(rows.map(({ sequence }) => sequence)).toEqual([1, 2]);
});
