// What a card's object answers and records, inside workerd with real storage.

import { evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { describe, expect, test, vi } from 'vitest';
import { controlsReadbackSchema } from '../../contracts/readback.ts';
import { clearing, limitPerDay, merchant, profile, request, reversal } from '../../core/testing/samples.ts';
import { ask, cardAt, eventsOf, newCard, sequencesOf, standing, upTo } from '../testing/sample-card.ts';

describe('authorize', () => {
  test('a repeat gets the stored answer byte for byte, though the profile has changed since', async () => {
    const card = cardAt(await newCard({ funds_minor: 500, controls: [limitPerDay(500)] }));
    const first = JSON.stringify(await ask(card, request()));
    expect(first).toContain('"outcome":"approved"');
    await card.putProfile(profile({ version: 2, status: 'frozen' }));
    expect(JSON.stringify(await ask(card, request()))).toBe(first);
  });

  test('a declined request stays declined, though the profile would approve it now', async () => {
    const card = cardAt(await newCard({ status: 'frozen' }));
    const first = JSON.stringify(await ask(card, request()));
    expect(first).toContain('"reason":"card_not_active"');
    await card.putProfile(profile({ version: 2 }));
    expect(JSON.stringify(await ask(card, request()))).toBe(first);
  });

  test.each([
    ['amount_minor', { amount_minor: 501 }],
    ['currency', { currency: 'EUR' }],
    ['authorization_key', { authorization_key: 'another' }],
    ['merchant.category', { merchant: merchant('5812') }],
    ['kind', { kind: 'balance_inquiry' }],
  ] as const)(
    'the same key with another %s is a conflict that names it, and records nothing',
    async (field, changes) => {
      const key = await newCard();
      await ask(cardAt(key), request());
      expect(await ask(cardAt(key), request(changes))).toEqual({ outcome: 'conflict', field });
      expect(await eventsOf(key)).toHaveLength(2);
    },
  );

  test.each([
    ['the day limit', { funds_minor: 1_000_000, controls: [limitPerDay(5_050)] }, 50, 'exceeds_amount_in_window'],
    ['the funds', { funds_minor: 3_099, controls: [limitPerDay(5_050)] }, 30, 'insufficient_funds'],
  ])('200 requests at once never exceed %s', async (_, changes, approvals, reason) => {
    const card = cardAt(await newCard(changes));
    const answers = await Promise.all(
      upTo(200).map((one) =>
        ask(card, request({ request_key: `r${one}`, authorization_key: `a${one}`, amount_minor: 100 })),
      ),
    );
    const reasons = answers.map((answer) => answer.outcome === 'decided' && answer.decision.reason);
    expect(reasons.filter((one) => one === null)).toHaveLength(approvals);
    expect(reasons.filter((one) => one === reason)).toHaveLength(200 - approvals);
    expect(await card.read()).toMatchObject({ held_minor: approvals * 100, open_authorizations: approvals });
  });

  test('200 repeats of one request at once are one decision', async () => {
    const key = await newCard({ funds_minor: 100_000 });
    const answers = await Promise.all(upTo(200).map(() => ask(cardAt(key), request())));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 500, last_sequence: 2 });
  });
});

describe('receive', () => {
  test('a repeated message changes nothing', async () => {
    const key = await newCard();
    await ask(cardAt(key), request());
    expect(await cardAt(key).receive(clearing())).toMatchObject({ outcome: 'stored' });
    const after = await standing(key);
    expect(await cardAt(key).receive(clearing())).toMatchObject({ outcome: 'repeated' });
    expect(await standing(key)).toEqual(after);
  });

  test('a clearing before its authorization ends where the other order ends', async () => {
    const [early, late] = [await newCard({ funds_minor: 10_000 }), await newCard({ funds_minor: 10_000 })];
    await cardAt(early).receive(clearing({ amount_minor: 450 }));
    await ask(cardAt(early), request());
    await ask(cardAt(late), request());
    await cardAt(late).receive(clearing({ amount_minor: 450 }));
    const ended = await standing(early);
    expect(ended).toMatchObject({ held_minor: 0, posted_minor: 450, available_minor: 9_550 });
    expect(await standing(late)).toEqual(ended);
    const lives = (await eventsOf(early)).flatMap((event) =>
      event.kind === 'profile' ? [] : [event.authorization_id],
    );
    expect(new Set(lives).size).toBe(1);
  });

  test('a reversal of what is unknown is kept and moves no money', async () => {
    const key = await newCard({ funds_minor: 10_000 });
    expect(await cardAt(key).receive(reversal())).toMatchObject({ outcome: 'stored' });
    expect(await cardAt(key).read()).toMatchObject({ held_minor: 0, available_minor: 10_000, last_sequence: 2 });
  });
});

describe('void', () => {
  test('after the request: what it held is released, and its key is declined from then on', async () => {
    const card = cardAt(await newCard({ funds_minor: 500, controls: [limitPerDay(500)] }));
    await ask(card, request());
    expect(await card.void('request-1')).toEqual({ outcome: 'stored' });
    expect(await card.void('request-1')).toEqual({ outcome: 'repeated' });
    expect(await ask(card, request())).toMatchObject({
      decision: { outcome: 'declined', reason: 'request_voided', approved_minor: 0 },
    });
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 500, last_sequence: 3 });
    const another = await ask(card, request({ request_key: 'request-2', authorization_key: 'authorization-2' }));
    expect(another).toMatchObject({ decision: { outcome: 'approved' } });
  });

  test('before the request: its key is burnt, and the request that comes later is declined', async () => {
    const card = cardAt(await newCard({ funds_minor: 500 }));
    await card.void('request-1');
    expect(await ask(card, request())).toMatchObject({
      decision: { outcome: 'declined', reason: 'request_voided' },
    });
    expect(await card.read()).toMatchObject({ held_minor: 0, available_minor: 500 });
  });
});

describe('putProfile', () => {
  test('a newer version replaces an older one, never the reverse', async () => {
    const card = cardAt(await newCard({ version: 5 }));
    expect(await card.putProfile(profile({ version: 4, status: 'closed' }))).toEqual({ outcome: 'stale', version: 5 });
    expect(await card.putProfile(profile({ version: 7, status: 'frozen' }))).toEqual({ outcome: 'stored', version: 7 });
    expect(await card.putProfile(profile({ version: 6 }))).toEqual({ outcome: 'stale', version: 7 });
    expect(await card.read()).toMatchObject({ profile: { version: 7, status: 'frozen' }, last_sequence: 2 });
  });

  test('the same version again is unchanged; with another content it is stale', async () => {
    const card = cardAt(await newCard());
    expect(await card.putProfile(profile())).toEqual({ outcome: 'unchanged', version: 1 });
    expect(await card.putProfile(profile({ status: 'frozen' }))).toEqual({ outcome: 'stale', version: 1 });
    expect(await card.read()).toMatchObject({ profile: { status: 'active' }, last_sequence: 1 });
  });
});

describe('a deadline', () => {
  test('that has passed: declined, its key burnt before, and nothing is held for any repeat', async () => {
    const key = await newCard({ funds_minor: 500 });
    const late = { outcome: 'decided', decision: { outcome: 'declined', reason: 'request_voided', approved_minor: 0 } };
    expect(await ask(cardAt(key), request(), Date.now() - 1)).toMatchObject(late);
    expect(await ask(cardAt(key), request())).toMatchObject(late);
    expect(await standing(key)).toMatchObject({ held_minor: 0, available_minor: 500, last_sequence: 3 });
    expect((await eventsOf(key)).map(({ kind }) => kind)).toEqual(['profile', 'void', 'authorization']);
  });

  test('that is still to come changes nothing', async () => {
    const answer = await ask(cardAt(await newCard()), request(), Date.now() + 60_000);
    expect(answer).toMatchObject({ decision: { outcome: 'approved', approved_minor: 500 } });
  });
});

describe('reading', () => {
  test('what is left of each control, when it comes back, and by whose clock', async () => {
    const count = { does: 'limit', count: 3, window: { per: 'rolling', seconds: 3_600 }, applies_to: {} } as const;
    const often = { ...count, control_id: 'often', mode: 'shadow', refunds_give_back: false } as const;
    const key = await newCard({ version: 7, controls: [limitPerDay(1_200), often] });
    await ask(cardAt(key), request());
    const { at_ms, ...read } = controlsReadbackSchema.parse(await cardAt(key).readControls());
    expect(Math.abs(Date.now() - at_ms)).toBeLessThan(10_000);
    expect(read).toMatchObject({
      profile_version: 7,
      controls: [
        {
          control_id: 'per-day',
          limit: { amount: { limit_minor: 1_200, used_minor: 500, left_minor: 700 }, count: null },
        },
        { control_id: 'often', mode: 'shadow', limit: { amount: null, count: { limit: 3, used: 1, left: 2 } } },
      ],
    });
  });

  test('how many requests were answered since the object was loaded', async () => {
    const key = await newCard();
    for (const one of upTo(3)) await ask(cardAt(key), request({ request_key: `r${one}` }));
    const { loaded_at_ms, requests_since_load } = await cardAt(key).read();
    expect(requests_since_load).toBe(4);
    expect(Math.abs(Date.now() - loaded_at_ms)).toBeLessThan(10_000);
    await evictDurableObject(cardAt(key));
    await cardAt(key).receive(clearing());
    expect(await cardAt(key).read()).toMatchObject({ requests_since_load: 1 });
  });
});

describe('the log', () => {
  test('events are numbered without gaps, and every one can be read again, page by page', async () => {
    const key = await newCard();
    for (const one of upTo(5)) {
      await ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}` }));
      await cardAt(key).receive(clearing({ message_key: `m${one}`, authorization_key: `a${one}` }));
      await cardAt(key).void(`v${one}`);
    }
    expect(sequencesOf(await eventsOf(key))).toEqual(upTo(16));
    const { events, first_sequence, last_sequence } = await cardAt(key).eventsAfter(14);
    expect(events.map(({ sequence }) => sequence)).toEqual([15, 16]);
    expect([first_sequence, last_sequence]).toEqual([1, 16]);
  });

  test('the clock never goes backwards, though the machine’s does', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const key = await newCard();
    const now = Date.now();
    for (const [index, offsetMs] of [0, -3_600_000, 1, -1].entries()) {
      vi.setSystemTime(now + offsetMs);
      await ask(cardAt(key), request({ request_key: `r${index}` }));
    }
    vi.useRealTimers();
    expect((await eventsOf(key)).slice(1).map(({ at_ms }) => at_ms - now)).toEqual([0, 0, 1, 1]);
  });

  test('an authorization writes two rows at most, its alarm included, and a repeat writes none', async () => {
    const key = await newCard();
    const rowsWritten = () =>
      runInDurableObject(cardAt(key), (_, { storage }) =>
        Number(storage.sql.exec('select total_changes() as count').one()['count']),
      );
    const written: number[] = [];
    for (const one of [1, 2, 3, 1, 2, 3]) {
      const before = await rowsWritten();
      await ask(cardAt(key), request({ request_key: `r${one}`, authorization_key: `a${one}` }));
      written.push((await rowsWritten()) - before);
    }
    expect(written.slice(0, 3).every((rows) => 1 <= rows && rows <= 2)).toBe(true);
    expect(written.slice(3)).toEqual([0, 0, 0]);
  });
});
