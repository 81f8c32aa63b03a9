// Every field of every network message, written badly in every way of bad-input-classes.ts: decided, booked, kept as an open item
// or refused, as docs/bad-input.md says; never a failure of ours, never lost, and never a stop of its batch.

import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import { advice, clearing, expiry, profile, refund, request, reversal } from '../../core/testing/samples.ts';
import { gatewayMessage, webhookMessage } from '../../scripts/marqeta-messages.ts';
import { type ClassName, classes, type FieldKind, isRead } from '../testing/bad-input-classes.ts';
import { basic, callHearing, cardAt, nativeSignature, newToken } from '../testing/calls.ts';

type Fields = Record<string, unknown>;
type Path = readonly string[];

/** Values of each class, drawn anew for each field. `was`: what stood there. Undefined: the field is left out. */
const valuesOf: Readonly<Record<Exclude<ClassName, 'duplicated'>, (was: unknown) => fc.Arbitrary<unknown>>> = {
  empty: () => fc.constant(''),
  too_long: () => fc.integer({ min: 1_000, max: 3_000 }).map((length) => 'x'.repeat(length)),
  control_characters: (was) => fc.constantFrom('\n', '\u001b', '\u0085').map((sign) => `${was}${sign}`),
  lone_surrogate: (was) => fc.constantFrom('\ud83d', '\ude00').map((half) => `${was}${half}`),
  nul: (was) => fc.constant(`${was}\u0000`),
  combining_marks: (was) => fc.constantFrom('\u0301', '\u0301\u0323').map((marks) => `${was}e${marks}`),
  full_width: (was) =>
    fc.constant(String(was).replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0))),
  number_as_text: () => fc.constant('12.34'),
  text_as_number: () => fc.constant(742),
  negative_zero: () => fc.constant(-0),
  huge: () => fc.constant(1e308),
  missing: () => fc.constant(undefined),
  null: () => fc.constant(null),
  object: () => fc.constantFrom({ odd: 1 }, ['odd'], {}, []),
};
const drawnClasses = Object.keys(valuesOf) as (keyof typeof valuesOf)[];

/** Paths of everything in a message, inner objects too. */
function pathsOf(value: unknown, path: Path = []): Path[] {
  const own = path.length === 0 ? [] : [path];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return own;
  return [...own, ...Object.entries(value).flatMap(([name, inside]) => pathsOf(inside, [...path, name]))];
}

function valueAt(message: Fields, path: Path): unknown {
  return path.reduce<unknown>((at, name) => (at as Fields | undefined)?.[name], message);
}

function withValue(message: Fields, path: Path, value: unknown): Fields {
  const changed = structuredClone(message);
  const owner = valueAt(changed, path.slice(0, -1)) as Fields;
  const name = path.at(-1) ?? '';
  if (value === undefined) delete owner[name];
  else owner[name] = value;
  return changed;
}

/** JSON with a negative zero, which JSON.stringify would write as 0. */
const jsonOf = (value: unknown): string =>
  JSON.stringify(value, (_, inside) => (Object.is(inside, -0) ? '-0-mark' : inside)).replaceAll('"-0-mark"', '-0');

const seed = Number(process.env['SEED'] ?? Math.floor(Math.random() * 2 ** 31));
const draw = (name: keyof typeof valuesOf, was: unknown) => fc.sample(valuesOf[name](was), { numRuns: 1, seed })[0];

let logged: string[];
beforeEach(() => {
  logged = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => logged.push(String(line)));
});
afterEach(() => {
  expect(logged.filter((line) => /request_failed|not_stored|card_away/.test(line))).toEqual([]);
  vi.restoreAllMocks();
});

function kindIn(kinds: Readonly<Record<string, FieldKind>>, path: Path): FieldKind {
  return kinds[path.join('.')] ?? 'other';
}

async function send(route: string, text: string, headers: Readonly<Record<string, string>>) {
  const answer = await callHearing(`/networks/${route}`, { method: 'POST', body: text, headers });
  return { ...answer, body: JSON.parse(answer.text) as Fields };
}

test(`the seed of what is drawn is ${seed}`, () => {
  expect(Number.isInteger(seed)).toBe(true);
});

describe('a request', () => {
  const strict = { token: 'key', card_token: 'key', currency_code: 'currency', gpa_order: 'what' } as const;
  const ofFunding = { token: 'key', method: 'what', amount: 'amount' } as const;
  const funding = Object.entries(ofFunding).map(([name, kind]) => [`gpa_order.jit_funding.${name}`, kind]);
  const kinds: Readonly<Record<string, FieldKind>> = {
    ...strict,
    ...Object.fromEntries(funding),
    'gpa_order.jit_funding': 'what',
  };
  const marqeta = () =>
    JSON.parse(gatewayMessage({ cardToken: 'card', amount: '10', transactionToken: 'T' })) as Fields;

  test.each(pathsOf(marqeta()).map((path) => [path.join('.'), path] as const))(
    "Marqeta's gateway: %s",
    async (_, path) => {
      const cardToken = newToken();
      await cardAt('marqeta', cardToken).putProfile(profile());
      await Promise.all(
        drawnClasses.map(async (name) => {
          const message: Fields = { ...marqeta(), card_token: cardToken };
          const order = message['gpa_order'] as { jit_funding: Fields };
          order.jit_funding['token'] = newToken();
          const changed = withValue(message, path, draw(name, valueAt(message, path)));
          const { status, body } = await send('marqeta/gateway', jsonOf(changed), basic());
          // A card's decision carries its authorization in the tags; a request that cannot be read is declined without one.
          const funding = body['jit_funding'] as Fields;
          expect([name, 'tags' in funding]).toEqual([name, isRead(name, kindIn(kinds, path))]);
          expect(status).toBe('decline_reason' in funding ? 402 : 200);
        }),
      );
    },
  );

  const whole = {
    ...request({ alias_key: 'alias', occurred_at_ms: 1, order: 1, hold_expires_at_ms: 1, merchant_currency: 'EUR' }),
    ...{ three_d_secure: 'authenticated', risk_score: 7 },
    merchant: { id: 'M', name: 'GROCER', category: '5411', country: 'US' },
  };
  const ofRequest = {
    request_key: 'key',
    authorization_key: 'key',
    amount_minor: 'amount',
    currency: 'currency',
    alias_key: 'key',
    kind: 'what',
  } as const;
  /** The kind of a request has a default, and most have one name only. */
  const mayBeMissing: ReadonlySet<string | undefined> = new Set(['kind', 'alias_key']);

  test.each(pathsOf(whole).map((path) => [path.join('.'), path] as const))('native: %s', async (_, path) => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    await Promise.all(
      drawnClasses.map(async (name) => {
        const asked: Fields = { ...whole, request_key: newToken(), alias_key: newToken() };
        const text = jsonOf({ card_token, request: withValue(asked, path, draw(name, valueAt(asked, path))) });
        const { status, body } = await send('native/authorizations', text, nativeSignature(text));
        const isAbsent = name === 'missing' || name === 'null';
        const read = isRead(name, kindIn(ofRequest, path)) || (isAbsent && mayBeMissing.has(path[0]));
        expect([name, status]).toEqual([name, read ? 200 : 422]);
        if (read) expect(body).toHaveProperty('outcome');
        else expect(body['details']).toContainEqual(expect.objectContaining({ field: `request.${path.join('.')}` }));
      }),
    );
  });

  test.each(['card_token', 'request_key'])('native voids: %s', async (field) => {
    for (const name of drawnClasses) {
      const text = jsonOf(withValue({ card_token: newToken(), request_key: 'r1' }, [field], draw(name, 'r1')));
      const { status } = await send('native/voids', text, nativeSignature(text));
      expect([name, status]).toEqual([name, isRead(name, 'key') ? 200 : 422]);
    }
  });
});

/** A batch of one field in every class, between two good elements: which were kept, and that the good ones are booked. */
describe('a fact, in a batch with others', () => {
  const kinds = {
    token: 'key',
    card_token: 'key',
    currency_code: 'currency',
    type: 'what',
    amount: 'amount',
    state: 'state',
    preceding_related_transaction_token: 'link',
  } as const;
  const types = ['authorization.clearing', 'refund', 'authorization.advice'] as const;
  const marqeta = (type: (typeof types)[number], cardToken: string): Fields => {
    const text = webhookMessage({ type, cardToken, amount: '1', precedingToken: 'first', token: newToken() });
    return (JSON.parse(text) as { transactions: [Fields] }).transactions[0];
  };

  test.each(types.flatMap((type) => pathsOf(marqeta(type, '')).map((path) => [type, path.join('.'), path] as const)))(
    "Marqeta's webhook: %s: %s",
    async (type, _, path) => {
      const cardToken = newToken();
      const odd = drawnClasses.map((name) => {
        const message = marqeta(type, cardToken);
        return withValue(message, path, draw(name, valueAt(message, path)));
      });
      const good = [marqeta('authorization.clearing', cardToken), marqeta('refund', cardToken)];
      const text = jsonOf({ transactions: [good[0], ...odd, good[1]] });
      const { status, kept } = await send('marqeta/webhook', text, basic());
      const unread = drawnClasses.flatMap((name, index) =>
        isRead(name, kindIn(kinds, path)) ? [] : [`transactions[${index + 1}]`],
      );
      expect([status, kept.map(({ field }) => field?.split('.')[0]).sort()]).toEqual([200, unread.sort()]);
      // "12.34" is a card's token as good as any: that element is another card's.
      const elsewhere = path[0] === 'card_token' ? 1 : 0;
      const { last_sequence } = await cardAt('marqeta', cardToken).read();
      expect(last_sequence).toBe(good.length + odd.length - unread.length - elsewhere);
    },
  );

  const place = { id: 'M', name: 'GROCER', category: '5411', country: 'US' };
  const common = { alias_key: 'alias', occurred_at_ms: 1, order: 1, merchant: place };
  const natives = {
    clearing: () => ({ ...clearing(), ...common }),
    reversal: () => ({ ...reversal({ amount_minor: 100 }), alias_key: 'alias', occurred_at_ms: 1 }),
    expiry: () => ({ ...expiry(), alias_key: 'alias', occurred_at_ms: 1 }),
    advice: () => ({ ...advice(), ...common }),
    refund: () => ({ ...refund(), ...common }),
  };
  const ofNative = {
    message_key: 'key',
    alias_key: 'key',
    authorization_key: 'key',
    currency: 'currency',
    kind: 'what',
    amount_minor: 'amount',
    hold_minor: 'amount',
  } as const;

  test('the battery has every kind of message', () => {
    const named = cardMessageSchema.def.options.map((option) => option.def.shape.kind.def.values[0]);
    expect(Object.keys(natives).sort()).toEqual([...named].sort());
  });

  const nativePaths = Object.entries(natives).flatMap(([kind, make]) =>
    pathsOf(make()).map((path) => [kind, path.join('.'), path, make] as const),
  );
  test.each(nativePaths)('native messages: %s: %s', async (kind, _, path, make) => {
    const card_token = newToken();
    const odd = drawnClasses.map((name) => {
      const message: Fields = { ...make(), message_key: newToken(), alias_key: newToken() };
      return { card_token, message: withValue(message, path, draw(name, valueAt(message, path))) };
    });
    const good = { card_token, message: clearing({ message_key: newToken() }) };
    const text = jsonOf({ messages: [...odd, good] });
    const { status, body, kept } = await send('native/messages', text, nativeSignature(text));
    // Null is a value of these: all that is left of the hold, or of no authorization.
    const mayBeNull =
      (kind === 'reversal' && path[0] === 'amount_minor') ||
      (path[0] === 'authorization_key' && /clearing|refund/.test(kind));
    const isFine = (name: ClassName) =>
      (mayBeNull && name === 'null') || (path[0] === 'alias_key' && (name === 'missing' || name === 'null'));
    const expected = drawnClasses.map((name) =>
      isRead(name, kindIn(ofNative, path)) || isFine(name) ? 'stored' : 'kept',
    );
    const results = body['results'] as { outcome: string }[];
    expect([status, results.map(({ outcome }) => outcome)]).toEqual([200, [...expected, 'stored']]);
    expect(kept).toHaveLength(expected.filter((outcome) => outcome === 'kept').length);
  });
});

describe('twice', () => {
  test('an element that stands there twice is booked once', async () => {
    const cardToken = newToken();
    const { transactions } = JSON.parse(webhookMessage({ type: 'refund', cardToken, amount: '1' })) as {
      transactions: [Fields];
    };
    const text = JSON.stringify({ transactions: [...transactions, ...transactions] });
    expect(await send('marqeta/webhook', text, basic())).toMatchObject({ status: 200, kept: [] });
    expect(await cardAt('marqeta', cardToken).read()).toMatchObject({ posted_minor: -100, last_sequence: 1 });
  });
});

test('every class is tried', () => {
  expect([...drawnClasses, 'duplicated'].sort()).toEqual(Object.keys(classes).sort());
});
