// The origin's side door: signed calls only, each signature good for one call.

import { describe, expect, test, vi } from 'vitest';
import { readCardAnswerSchema } from '../contracts/internal-answers.ts';
import { tokenInPath } from '../contracts/internal-api.ts';
import { toJsonText } from '../contracts/json-text.ts';
import { limits } from '../contracts/limits.ts';
import { controlsReadbackSchema } from '../contracts/readback.ts';
import { NewerRelease } from '../core/card/stored-row.ts';
import { clearing, limitPerDay, profile, request } from '../core/testing/samples.ts';
import { CardObject } from '../durable-objects/card/card-object.ts';
import { webhookMessage } from '../scripts/marqeta-messages.ts';
import { call, cardAt, getInternal, internalSignature, nativeSignature, newToken, putCard } from './testing/calls.ts';

describe('signature', () => {
  const body = JSON.stringify(profile());
  const path = '/internal/cards/native/card-1';

  test.each([
    ['none', {}],
    ['of another path', internalSignature('PUT', '/internal/cards/native/card-2', body)],
    ['of another network', internalSignature('PUT', '/internal/cards/marqeta/card-1', body)],
    ['of another query', internalSignature('PUT', `${path}?after=1`, body)],
    ['of another method', internalSignature('POST', path, body)],
    ['of another body', internalSignature('PUT', path, JSON.stringify(profile({ version: 2 })))],
    ['of the body alone', nativeSignature(body)],
  ])('a signature %s is 401, and nothing is stored', async (_, headers) => {
    const answer = await call(path, { method: 'PUT', body, headers });
    expect([answer.status, await answer.json()]).toMatchObject([401, { error_code: 'signature_wrong' }]);
    expect(await cardAt('native', 'card-1').read()).toMatchObject({ last_sequence: 0 });
  });

  test('a signature of one page of events is none of another', async () => {
    const events = '/internal/cards/native/card-1/events';
    expect((await getInternal(`${events}?after=1`, internalSignature('GET', `${events}?after=1`))).status).toBe(200);
    expect((await getInternal(`${events}?after=2`, internalSignature('GET', `${events}?after=1`))).status).toBe(401);
  });

  test('an unknown path tells nothing to who is not the origin', async () => {
    expect((await call('/internal/anything', {})).status).toBe(401);
  });
});

test.each(['.', '..', '~..', 'a/b', '%2e%2e'])(
  'X15: the card with the token %j is reached by its path',
  async (token) => {
    const segment = tokenInPath(token);
    const stored = await putCard('native', segment, profile({ version: 7 }));
    expect([stored.status, await stored.json()]).toEqual([200, { outcome: 'stored', version: 7 }]);
    expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 1 });
    expect((await getInternal(`/internal/cards/native/${segment}/events?after=0`)).status).toBe(200);
  },
);

describe('PUT /internal/cards/:network/:token', () => {
  test('stores a profile, says what was there before, and 409 for what is older', async () => {
    const token = newToken();
    const answers: unknown[] = [];
    for (const next of [
      profile({ version: 2 }),
      profile({ version: 2 }),
      profile({ version: 1 }),
      profile({ version: 3 }),
    ]) {
      const answer = await putCard('native', token, next);
      answers.push([answer.status, await answer.json()]);
    }
    expect(answers).toEqual([
      [200, { outcome: 'stored', version: 2 }],
      [200, { outcome: 'unchanged', version: 2 }],
      [409, { outcome: 'stale', version: 2 }],
      [200, { outcome: 'stored', version: 3 }],
    ]);
  });

  test('a token with a character that a path must escape names the card that the network names', async () => {
    const token = `${newToken()}/a%b`;
    expect((await putCard('native', encodeURIComponent(token) as string, profile())).status).toBe(200);
    expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 1 });
  });

  test.each([
    ['an unknown field', { ...profile(), note: 1 }, 'note'],
    ['a status that is none', { ...profile(), status: 'gone' }, 'status'],
    ['a time zone that is none', withLimitIn('Mars/Olympus'), 'controls[0].window.time_zone'],
    ['a version of zero', profile({ version: 0 }), 'version'],
  ])('%s is 422 and named', async (_, body, field) => {
    const answer = await putCard('native', newToken(), body);
    expect([answer.status, await answer.json()]).toMatchObject([422, { details: [{ field }] }]);
  });

  test('an unknown network is 422 and named', async () => {
    const [path, body] = ['/internal/cards/elsewhere/card-1', JSON.stringify(profile())];
    const answer = await call(path, { method: 'PUT', body, headers: internalSignature('PUT', path, body) });
    expect([answer.status, await answer.json()]).toMatchObject([422, { details: [{ field: 'network' }] }]);
  });
});

function withLimitIn(time_zone: string) {
  const window = { per: 'day', time_zone };
  return { ...profile(), controls: [{ control_id: 'c1', does: 'limit', amount_minor: 1, window, applies_to: {} }] };
}

describe('GET /internal/cards/:network/:token', () => {
  test('gives the card as it stands', async () => {
    const token = newToken();
    await putCard('native', token, profile({ funds_minor: 1_000 }));
    await cardAt('native', token).authorize(toJsonText(request()));
    const answer = await getInternal(`/internal/cards/native/${token}`);
    const card = await answer.json();
    expect(readCardAnswerSchema.parse(card)).toMatchObject({ profile: { currency: 'USD' }, held_minor: 500 });
    expect([answer.status, card]).toMatchObject([
      200,
      {
        profile: { version: 1, status: 'active' },
        held_minor: 500,
        posted_minor: 0,
        available_minor: 500,
        open_authorizations: 1,
        last_sequence: 2,
      },
    ]);
  });

  test('a card that nobody has named is 404', async () => {
    const answer = await getInternal(`/internal/cards/native/${newToken()}`);
    expect([answer.status, await answer.json()]).toMatchObject([404, { error_code: 'card_not_found' }]);
  });
});

describe('GET /internal/cards/:network/:token/controls', () => {
  test('gives what is left of each control', async () => {
    const token = newToken();
    await putCard('native', token, profile({ controls: [limitPerDay(1_000)] }));
    await cardAt('native', token).authorize(toJsonText(request({ amount_minor: 300 })));
    const answer = await getInternal(`/internal/cards/native/${token}/controls`);
    expect(answer.status).toBe(200);
    const readback = controlsReadbackSchema.parse(await answer.json());
    expect(readback).toMatchObject({
      profile_version: 1,
      controls: [
        {
          control_id: 'per-day',
          limit: { amount: { limit_minor: 1_000, used_minor: 300, left_minor: 700 }, count: null },
        },
      ],
    });
  });

  test('a card without a profile is 404, also where the network has named it', async () => {
    const token = newToken();
    await cardAt('native', token).receive(clearing());
    for (const one of [token, newToken()]) {
      const answer = await getInternal(`/internal/cards/native/${one}/controls`);
      expect([answer.status, await answer.json()]).toMatchObject([404, { error_code: 'card_not_found' }]);
    }
  });

  test('unsigned, or signed for the card itself, it is 401', async () => {
    const path = '/internal/cards/native/card-1';
    expect((await getInternal(`${path}/controls`, {})).status).toBe(401);
    expect((await getInternal(`${path}/controls`, internalSignature('GET', path))).status).toBe(401);
  });
});

describe('POST /internal/cards/:network/:token/messages', () => {
  const post = (token: string, body: unknown, headers?: Record<string, string>) => {
    const [path, text] = [`/internal/cards/native/${token}/messages`, JSON.stringify(body)];
    return call(path, { method: 'POST', body: text, headers: headers ?? internalSignature('POST', path, text) });
  };

  test('F6: a message that a person books is taken as a network’s is, once for its key', async () => {
    const token = newToken();
    await putCard('native', token, profile());
    await cardAt('native', token).authorize(toJsonText(request({ authorization_key: 'a1', amount_minor: 1_000 })));
    const message = clearing({ message_key: 'open-item:oit_1', authorization_key: 'a1', amount_minor: 985 });
    for (const outcome of ['stored', 'repeated']) {
      const answer = await post(token, message);
      expect([answer.status, await answer.json()]).toMatchObject([200, { outcome }]);
    }
    expect(await cardAt('native', token).read()).toMatchObject({ held_minor: 0, posted_minor: 985 });
  });

  test('out of contract it is 422 and named, unsigned 401; nothing is stored', async () => {
    const token = newToken();
    const answer = await post(token, { ...clearing(), amount_minor: -1 });
    expect([answer.status, await answer.json()]).toMatchObject([422, { details: [{ field: 'amount_minor' }] }]);
    expect((await post(token, clearing(), {})).status).toBe(401);
    expect(await cardAt('native', token).read()).toMatchObject({ last_sequence: 0 });
  });
});

describe('POST /internal/facts/:network', () => {
  const post = async (network: string, fact: unknown) => {
    const [path, body] = [`/internal/facts/${network}`, JSON.stringify({ fact: JSON.stringify(fact) })];
    const answer = await call(path, { method: 'POST', body, headers: internalSignature('POST', path, body) });
    return [answer.status, await answer.json()];
  };

  test('a kept fact that can be read by now is booked, once; one that cannot is not, and is not kept again', async () => {
    const token = newToken();
    const clearings = JSON.parse(webhookMessage({ type: 'authorization.clearing', cardToken: token, amount: '9' })) as {
      transactions: [object];
    };
    const [fact] = clearings.transactions;
    await putCard('marqeta', token, profile());
    expect(await post('marqeta', { ...fact, amount: 'odd' })).toEqual([200, { taken: false }]);
    for (let n = 0; n < 2; n += 1) expect(await post('marqeta', fact)).toEqual([200, { taken: true }]);
    expect(await post('marqeta', 'no fact')).toEqual([200, { taken: false }]);
    expect(await cardAt('marqeta', token).read()).toMatchObject({ posted_minor: 900, last_sequence: 2 });
  });

  test('of the native network too', async () => {
    const card_token = newToken();
    const message = clearing({ authorization_key: null, amount_minor: 700 });
    expect(await post('native', { card_token, message: { ...message, kind: 'gift' } })).toEqual([
      200,
      { taken: false },
    ]);
    expect(await post('native', { card_token, message })).toEqual([200, { taken: true }]);
    expect(await post('native', { card_token, message: { ...message, amount_minor: 701 } })).toEqual([
      ...[200, { taken: false }],
    ]);
    expect(await cardAt('native', card_token).read()).toMatchObject({ posted_minor: 700 });
  });
});

describe('GET /internal/cards/:network/:token/events', () => {
  test('gives every event once, page by page', async () => {
    const token = newToken();
    const count = limits.eventsPageMax + 3;
    await Promise.all(
      Array.from({ length: count }, (_, one) => cardAt('native', token).receive(clearing({ message_key: `m${one}` }))),
    );
    const page = async (after: number) => {
      const answer = await getInternal(`/internal/cards/native/${token}/events?after=${after}`);
      const { events, last_sequence } = (await answer.json()) as {
        events: { sequence: number }[];
        last_sequence: number;
      };
      expect(last_sequence).toBe(count);
      return events.map(({ sequence }) => sequence);
    };
    const [first, second, third] = [await page(0), await page(limits.eventsPageMax), await page(count)];
    expect(first).toHaveLength(limits.eventsPageMax);
    expect([...first, ...second]).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    expect(third).toEqual([]);
  });

  test('an event is what the queue would have brought', async () => {
    const token = newToken();
    await putCard('native', token, profile());
    const answer = await getInternal(`/internal/cards/native/${token}/events`);
    expect(await answer.json()).toEqual({
      events: [
        {
          sequence: 1,
          at_ms: expect.any(Number),
          kind: 'profile',
          event_id: expect.stringMatching(/^evt_\w{26}$/),
          profile: profile(),
        },
      ],
      first_sequence: 1,
      last_sequence: 1,
    });
  });

  test.each(['-1', '1.5', 'one', '1e999', '99999999999999999999'])('after=%s is 422 and named', async (after) => {
    const answer = await getInternal(`/internal/cards/native/card-1/events?after=${after}`);
    expect([answer.status, await answer.json()]).toMatchObject([422, { details: [{ field: 'after' }] }]);
  });
});

describe('a card that is away', () => {
  test('is asked again where it fails for a moment; 503 with Retry-After where it stays away', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const token = newToken();
    await putCard('native', token, profile());
    const read = vi.spyOn(CardObject.prototype, 'read');
    const path = `/internal/cards/native/${token}`;
    read.mockImplementationOnce(() => {
      throw Object.assign(new Error('it is away'), { retryable: true });
    });
    expect((await getInternal(path)).status).toBe(200);
    read.mockImplementation(() => {
      throw new Error('it is broken');
    });
    const answer = await getInternal(path);
    expect([answer.status, answer.headers.get('retry-after')]).toEqual([503, '1']);
    expect(await answer.json()).toMatchObject({ error_code: 'card_unavailable' });
    read.mockImplementation(() => {
      throw new NewerRelease('event 7');
    });
    const newer = await getInternal(path);
    expect([newer.status, await newer.json()]).toMatchObject([503, { error_code: 'card_of_newer_release' }]);
    vi.restoreAllMocks();
  });
});
