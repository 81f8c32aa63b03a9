// What is kept for a person shows numbers as they came, wherever in a fact of whichever network, and never as JSON rounded them.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { clearing, profile } from '../../core/testing/samples.ts';
import { webhookMessage } from '../../scripts/marqeta-messages.ts';
import { basic, callHearing, cardAt, nativeSignature, newToken } from '../testing/calls.ts';

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => {
  vi.restoreAllMocks();
});

const numbers = [
  '9007199254740993',
  '1e400',
  '123456789012345678901234567890',
  '0.1234567890123456789',
  '-9007199254740995',
];
const mark = '"number here"';

/** The places of a fact, each with something that keeps it for a person. */
const placesOf = (fact: Readonly<Record<string, unknown>>, amount: string): string[] =>
  [
    { ...fact, [amount]: 'number here' },
    { ...fact, [amount]: -1, note: 'number here' },
    { ...fact, [amount]: -1, occurred_at_ms: 'number here', created_time: 'number here' },
    { ...fact, [amount]: -1, deep: [{ list: [1, 'number here'] }] },
  ].map((one) => JSON.stringify(one));

async function kept(path: string, text: string) {
  const headers = path.includes('native') ? nativeSignature(text) : basic();
  const answer = await callHearing(path, { method: 'POST', body: text, headers });
  expect(answer.status).toBe(200);
  return answer.kept;
}

describe.each(numbers)('%s', (number) => {
  const expectShown = (facts: readonly { fact: string }[]) => {
    expect(facts).toHaveLength(1);
    expect(facts[0]?.fact).toContain(`"${number}"`);
    for (const rounded of [String(Number(number)), '"Infinity"', '9007199254740992', '9007199254740996'])
      if (rounded !== number) expect(facts[0]?.fact).not.toContain(rounded);
  };

  test('native, in every place', async () => {
    const card_token = newToken();
    await cardAt('native', card_token).putProfile(profile());
    for (const [index, message] of placesOf(clearing() as never, 'amount_minor').entries()) {
      const one = message.replace('"message-1"', `"m${index}"`).replaceAll(mark, number);
      const good = JSON.stringify({ card_token, message: clearing({ message_key: `g${index}`, amount_minor: 1 }) });
      expectShown(
        await kept(
          '/networks/native/messages',
          `{"messages":[${good},{"card_token":"${card_token}","message":${one}}]}`,
        ),
      );
    }
    expect(await cardAt('native', card_token).read()).toMatchObject({ posted_minor: 4 });
  });

  test('Marqeta, in every place, of a kind that nobody knows too', async () => {
    const cardToken = newToken();
    await cardAt('marqeta', cardToken).putProfile(profile());
    const [told] = JSON.parse(webhookMessage({ type: 'authorization.clearing', cardToken, amount: '1' })).transactions;
    for (const fact of placesOf(told, 'amount'))
      expectShown(await kept('/networks/marqeta/webhook', `{"transactions":[${fact.replaceAll(mark, number)}]}`));
    expectShown(await kept('/networks/marqeta/webhook', `{"disputes":[{"amount":${number}}]}`));
    expectShown(await kept('/networks/marqeta/webhook', `{"disputes":[${number}]}`));
  });

  test('beyond the elements that are told at once', async () => {
    const good = JSON.stringify({ card_token: newToken(), message: { kind: 'expiry' } });
    const many = Array.from({ length: limits.batchDirectMax }, () => '7').join(',');
    const body = `{"messages":[${many},{"card_token":"x","message":{"kind":"gift","n":${number}}},${good}]}`;
    const facts = await kept('/networks/native/messages', body);
    expect(facts.filter(({ fact }) => fact.includes(`"${number}"`))).toHaveLength(1);
  });
});
