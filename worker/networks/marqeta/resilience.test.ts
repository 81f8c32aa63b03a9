// The property *Marqeta resilience*, in Marqeta's own words: whatever Marqeta repeats, delays, reorders, batches or leaves out, a
// card ends in the state of the one that heard everything once, in order.
//
// What may be disturbed is what a network can disturb. A gateway request is asked when its purchase happens, and repeated later;
// a webhook comes when what it tells has happened, or any time after. Left out are notices of what we decided ourselves.

import fc from 'fast-check';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { profile } from '../../../core/testing/samples.ts';
import { gatewayMessage, type TransactionInput, webhookMessage } from '../../../scripts/marqeta-messages.ts';
import { cardAt, newToken, postMarqeta } from '../../testing/calls.ts';

beforeEach(() => {
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => void vi.restoreAllMocks());

const major = fc.integer({ min: 1, max: 90 });
/** What may happen to an authorization after its first approval; amounts in major units. */
const step = fc.oneof(
  { weight: 2, arbitrary: fc.record({ happens: fc.constant('increment' as const), amount: major }) },
  { weight: 2, arbitrary: fc.record({ happens: fc.constant('advice' as const), amount: major }) },
  { weight: 1, arbitrary: fc.record({ happens: fc.constant('reversal' as const), amount: major }) },
  {
    weight: 3,
    arbitrary: fc.record({ happens: fc.constant('clearing' as const), amount: major, final: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ happens: fc.constant('refund' as const), amount: major }) },
  { weight: 1, arbitrary: fc.constant({ happens: 'expiry' as const, amount: 0 }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

const purchase = fc.record({
  amount: major,
  steps: fc.array(step, { maxLength: 5 }),
  /** Marqeta stamps whole seconds: what follows in the same second has the stamp of what it follows. */
  sameSecond: fc.boolean(),
  /** Each message names the first transaction, or the last one of the chain. */
  namesLast: fc.boolean(),
  /** Our answer came too late for Marqeta: the purchase did not come about, and nothing follows it. */
  timedOut: fc.constantFrom(false, false, false, true),
});
type Purchase = typeof purchase extends fc.Arbitrary<infer T> ? T : never;

/** How one message is disturbed: how many places later it comes, and its copies; `leftOut` where it may be. */
const disturbance = fc.record({
  delay: fc.oneof({ weight: 2, arbitrary: fc.constant(0) }, { weight: 3, arbitrary: fc.integer({ min: 1, max: 12 }) }),
  copies: fc.array(fc.integer({ min: 0, max: 12 }), { maxLength: 2 }),
  leftOut: fc.boolean(),
});

interface Happening {
  readonly route: 'gateway' | 'webhook';
  readonly text: string;
  /** A notice of what we decided ourselves: nothing depends on it. */
  readonly isNotice: boolean;
}

/** All that Marqeta says of the purchases of one card, in the order in which it happened, a second apart. */
function happeningsOf(cardToken: string, purchases: readonly Purchase[]): Happening[] {
  const happenings: Happening[] = [];
  const key = (name: string) => `${name}-${cardToken}`;
  let second = 0;
  const put = (route: Happening['route'], text: string, { isNotice = false, sameSecond = false } = {}) => {
    if (!sameSecond) second++;
    const at = new Date(Date.UTC(2026, 2, 4) + 1_000 * second).toISOString();
    happenings.push({ route, text: text.replace(/"created_time":"[^"]*"/, `"created_time":"${at}"`), isNotice });
  };
  const tell = (input: Omit<TransactionInput, 'cardToken'>, how = {}) =>
    put('webhook', webhookMessage({ ...input, cardToken }), how);

  for (const [number, { amount, steps, sameSecond, namesLast, timedOut }] of purchases.entries()) {
    const first = key(`p${number}`);
    const tokens = { transactionToken: first, jitToken: key(`jit-${number}`) };
    put('gateway', gatewayMessage({ cardToken, amount: `${amount}`, ...tokens }));
    if (timedOut) {
      put('webhook', timedOutNotice(first, tokens.jitToken, cardToken, amount));
      continue;
    }
    tell({ type: 'authorization', token: first, amount: `${amount}` }, { isNotice: true });
    let last = first;
    for (const [place, one] of steps.entries()) {
      const token = key(`p${number}-${place}`);
      const precedingToken = namesLast ? last : first;
      if (one.happens === 'increment') {
        const asked = { transactionToken: token, jitToken: key(`jit-${number}-${place}`), precedingToken };
        put('gateway', gatewayMessage({ cardToken, amount: `${one.amount}`, method: incremental, ...asked }));
        tell({ type: 'authorization.incremental', token, amount: `${one.amount}`, precedingToken }, { isNotice: true });
      } else tell(wordOf(one, token, precedingToken), { sameSecond: sameSecond && place > 0 });
      if (one.happens !== 'refund') last = token;
    }
  }
  return happenings;
}
const incremental = 'pgfs.authorization.incremental';

function wordOf(one: Exclude<Step, { happens: 'increment' }>, token: string, precedingToken: string) {
  const common = { token, precedingToken, amount: `${one.amount}` };
  switch (one.happens) {
    case 'advice':
      return { type: 'authorization.advice', ...common, released: '1' } as const;
    case 'reversal':
      return { type: 'authorization.reversal', ...common } as const;
    case 'clearing':
      return { type: 'authorization.clearing', ...common, final: one.final } as const;
    case 'refund':
      return { type: 'refund', ...common } as const;
    case 'expiry':
      return { type: 'authorization.reversal.issuerexpiration', ...common } as const;
  }
}

function timedOutNotice(token: string, jitToken: string, cardToken: string, amount: number): string {
  const { transactions } = JSON.parse(webhookMessage({ type: 'authorization', token, cardToken, amount: `${amount}` }));
  const gpa_order = { jit_funding: { token: jitToken }, funding: { gateway_log: { timed_out: true } } };
  return JSON.stringify({ transactions: [{ ...transactions[0], state: 'DECLINED', gpa_order }] });
}

type Disturbance = typeof disturbance extends fc.Arbitrary<infer T> ? T : never;

/** The same happenings as they arrive: gateway requests in their places, webhooks there or later, copies of both later still. */
function disturbed(happenings: readonly Happening[], how: readonly Disturbance[]): Happening[] {
  const arrivals = happenings.flatMap((happening, place) => {
    const { delay, copies, leftOut } = how[place % how.length] ?? { delay: 0, copies: [], leftOut: false };
    if (happening.isNotice && leftOut) return [];
    const at = happening.route === 'gateway' ? place : place + delay;
    // Between two places: what is late comes after what was in time.
    return [at, ...copies.map((later) => at + later + 0.6)].map((arrivesAt, copy) => ({
      happening,
      arrivesAt: arrivesAt + (delay === 0 || happening.route === 'gateway' ? 0 : 0.3) + copy / 100,
    }));
  });
  return arrivals.sort((one, other) => one.arrivesAt - other.arrivesAt).map(({ happening }) => happening);
}

/** Sends them; webhooks that follow each other share a body, as many as `batchMax`. Answers to gateway requests, by their text. */
async function send(arrivals: readonly Happening[], batchMax: number): Promise<void> {
  const answers = new Map<string, string>();
  for (let index = 0; index < arrivals.length; ) {
    const { route, text } = arrivals[index] as Happening;
    if (route === 'gateway') {
      const answer = await (await postMarqeta('gateway', text)).text();
      // A timed-out request is declined once its void was heard; all others keep their answer.
      const before = answers.get(text);
      if (before !== undefined && !answer.includes('decline_reason')) expect(answer).toBe(before);
      answers.set(text, answer);
      index++;
      continue;
    }
    const batch: unknown[] = [];
    for (; index < arrivals.length && arrivals[index]?.route === 'webhook' && batch.length < batchMax; index++)
      batch.push(...JSON.parse(arrivals[index]?.text ?? '').transactions);
    expect((await postMarqeta('webhook', JSON.stringify({ transactions: batch }))).status).toBe(200);
  }
}

async function stateAfter(purchases: readonly Purchase[], how: readonly Disturbance[] | null, batchMax: number) {
  const cardToken = newToken();
  await cardAt('marqeta', cardToken).putProfile(profile({ funds_minor: 1_000_000 }));
  const happenings = happeningsOf(cardToken, purchases);
  await send(how === null ? happenings : disturbed(happenings, how), batchMax);
  const { held_minor, posted_minor, available_minor, open_authorizations } = await cardAt('marqeta', cardToken).read();
  return { held_minor, posted_minor, available_minor, open_authorizations };
}

test('any repeats, delays, orders, batches and omissions: the state of the undisturbed sequence', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(purchase, { minLength: 1, maxLength: 3 }),
      fc.array(disturbance, { minLength: 1, maxLength: 40 }),
      fc.integer({ min: 1, max: 10 }),
      async (purchases, how, batchMax) => {
        const undisturbed = await stateAfter(purchases, null, 1);
        expect(await stateAfter(purchases, how, batchMax)).toEqual(undisturbed);
      },
    ),
    { numRuns: 40 },
  );
}, 120_000);
