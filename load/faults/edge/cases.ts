// E1 to E4 of a live edge: what a network hears, and what the card holds in the end, while its object fails. Each case says what is right
// and what came out in the same words, so that a difference is one of letters.

import { newId } from '../../../contracts/ids.ts';
import { limits } from '../../../contracts/limits.ts';
import { decimalTextFromMinor } from '../../../contracts/money.ts';
import { marqeta } from '../../../worker/networks/marqeta/network.ts';
import type { CardFault } from './fault.ts';
import {
  type Answer,
  type CardAtEdge,
  type LiveEdge,
  standInCount,
  standInMaxMinor,
  standInSumMinor,
} from './live-edge.ts';

export interface Outcome {
  readonly right: string;
  readonly got: string;
}

export interface Case {
  readonly id: 'E1' | 'E2' | 'E3' | 'E4' | 'E5';
  readonly what: string;
  readonly run: (edge: LiveEdge, scale: Scale) => Promise<Outcome>;
}

/** How large the longer cases are. */
export interface Scale {
  /** E3: how long a card is away. */
  readonly awayMs: number;
  /** E5: rows that are unsent at once. */
  readonly rows: number;
}

const dollars = (minor: number) => decimalTextFromMinor(minor, 'USD');
/** Beside what the edge promises, and what a purchase takes meanwhile on a card that nothing is wrong with. */
const slackMs = 400;
/** For what comes after an answer: the queue's retries are 1, 2, 4 and 8 seconds apart. */
const settledWithinMs = 15_000;

/** Asks until it is so, or says what was seen last. */
export async function seen<T>(
  look: () => Promise<T>,
  isSo: (value: T) => boolean,
  withinMs = settledWithinMs,
): Promise<T> {
  const deadlineMs = Date.now() + withinMs;
  for (;;) {
    const value = await look();
    if (isSo(value) || Date.now() > deadlineMs) return value;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

const purchaseMinor = 1_025;

const heard = ({ status }: Answer) => (status === 200 ? 'approved' : status === 402 ? 'declined' : `HTTP ${status}`);

/** A purchase of 10.25 by Marqeta while the object has a fault; then what the card holds, once that is what it should be. */
async function purchased(
  edge: LiveEdge,
  fault: CardFault,
  { withinMs, held }: { readonly withinMs: number; readonly held: number },
): Promise<{ answer: Answer; says: string; asked: number }> {
  const card = await edge.newCard('marqeta');
  await edge.setFault(card, fault);
  const fromMs = Date.now();
  const answer = await edge.purchase(card, dollars(purchaseMinor));
  const asked = await edge.askedOf(card);
  const { held_minor } = await seen(
    () => edge.read(card),
    ({ held_minor: is }) => is === held,
  );
  const isInTime = answer.waitedMs <= withinMs + slackMs + edge.slowestHealthyMs(fromMs);
  return {
    answer,
    asked,
    says: `${heard(answer)} ${isInTime ? 'in time' : `after ${answer.waitedMs} ms`}, ${dollars(held_minor)} held`,
  };
}

/** What the fault allows is what a purchase should hear of it: one that is there again in a moment costs nothing but that moment. */
function asksAgain(what: string, fault: CardFault): Case {
  return {
    id: 'E1',
    what,
    async run(edge) {
      const { says } = await purchased(edge, fault, { withinMs: 500, held: purchaseMinor });
      return { right: `approved in time, ${dollars(purchaseMinor)} held`, got: says };
    },
  };
}

const forAMoment = { retryable: true };

const moments: readonly Case[] = [
  asksAgain('the object throws once, and is there 5 ms later', { how: 'throws', marks: forAMoment, awayMs: 5 }),
  asksAgain('the object starts again from what is durable', { how: 'aborts', calls: 1 }),
  asksAgain('the object approves, and its answer is lost', { how: 'commits', marks: forAMoment, calls: 1 }),
  {
    id: 'E1',
    what: 'the object is away for a second of the deadline',
    async run(edge) {
      const fault = { how: 'throws', marks: forAMoment, awayMs: 1_000 } as const;
      const { says } = await purchased(edge, fault, { withinMs: 1_000 + limits.cardRetryMsMax, held: purchaseMinor });
      return { right: `approved in time, ${dollars(purchaseMinor)} held`, got: says };
    },
  },
  {
    id: 'E1',
    what: 'the object is overloaded: more calls would make it worse',
    async run(edge) {
      const fault = { how: 'throws', marks: { retryable: true, overloaded: true }, of: ['authorize'] } as const;
      const { says, asked } = await purchased(edge, fault, { withinMs: 500, held: 0 });
      return {
        right: 'declined in time, 0.00 held, asked once',
        got: `${says}, asked ${asked === 1 ? 'once' : `${asked} times`}`,
      };
    },
  },
  {
    id: 'E1',
    what: 'the object never comes back within the deadline',
    async run(edge) {
      const fault = { how: 'throws', marks: forAMoment, awayMs: marqeta.deadlineMs + 1_000 } as const;
      const { says } = await purchased(edge, fault, { withinMs: marqeta.deadlineMs, held: 0 });
      return { right: 'declined in time, 0.00 held', got: says };
    },
  },
  {
    id: 'E1',
    what: 'the object is slow: it is asked, and would answer after the deadline',
    async run(edge) {
      const waitsMs = marqeta.deadlineMs + 1_000;
      const fault = { how: 'waits', waitsMs, calls: 1, of: ['authorize'] } as const;
      const { answer, says } = await purchased(edge, fault, { withinMs: marqeta.deadlineMs, held: 0 });
      // By now it has decided, for nobody.
      await new Promise((resolve) => setTimeout(resolve, Math.max(0, waitsMs - answer.waitedMs + 200)));
      return { right: 'declined in time, 0.00 held', got: says };
    },
  },
];

function nativeRequest(amount_minor: number, keys: { request_key: string; authorization_key: string }) {
  return {
    ...{ ...keys, kind: 'authorization', amount_minor, currency: 'USD', channel: 'pos', entry_mode: 'chip' },
    merchant: { id: null, name: null, category: '5411', country: null },
    ...{ card_present: true, partial_approval_capable: false },
  };
}

const newKeys = () => ({ request_key: newId('req'), authorization_key: newId('req') });

const spentKeys: readonly Case[] = [
  {
    id: 'E2',
    what: 'native: a request while the object is away, the same again, and a new key',
    async run(edge) {
      const card = await edge.newCard('native');
      await edge.setFault(card, { how: 'throws', of: ['authorize'] });
      const keys = newKeys();
      // More than may be stood in for.
      const ask = (of: typeof keys) =>
        edge.native('authorizations', { card_token: card.token, request: nativeRequest(standInMaxMinor + 1, of) });
      const away = await ask(keys);
      const invites = away.headers.has('retry-after') ? 'asks to repeat it' : 'asks for no repeat';
      await edge.setFault(card, { how: 'throws', calls: 0 });
      const again = await ask(keys);
      const fresh = await ask({ ...keys, request_key: newId('req') });
      return {
        right: '503 request_key_spent, asks for no repeat; the same again: declined; a new key: approved',
        got: `${away.status} ${away.body['error_code']}, ${invites}; the same again: ${again.body['outcome']}; a new key: ${fresh.body['outcome']}`,
      };
    },
  },
  {
    id: 'E2',
    what: 'native: a void that the object cannot hear, and the same again',
    async run(edge) {
      const card = await edge.newCard('native');
      await edge.setFault(card, { how: 'throws', of: ['void'] });
      const say = () => edge.native('voids', { card_token: card.token, request_key: 'r-1' });
      const away = await say();
      await edge.setFault(card, { how: 'throws', calls: 0 });
      const again = await say();
      return {
        right: '503, Retry-After 1; the same again: 200',
        got: `${away.status}, Retry-After ${away.headers.get('retry-after')}; the same again: ${again.status}`,
      };
    },
  },
];

const voids: readonly Case[] = [
  {
    id: 'E3',
    what: 'the object approves, its answer is lost for good, and it hears nothing for long',
    async run(edge, { awayMs }) {
      const card = await edge.newCard('marqeta');
      await edge.setFault(card, { how: 'commits', awayMs });
      const answer = await edge.purchase(card, dollars(purchaseMinor));
      const { held_minor: meanwhile } = await edge.read(card);
      const { held_minor } = await seen(
        () => edge.read(card),
        ({ held_minor: is }) => is === 0,
        awayMs + settledWithinMs,
      );
      return {
        right: `declined, ${dollars(purchaseMinor)} held meanwhile; then 0.00 held`,
        got: `${heard(answer)}, ${dollars(meanwhile)} held meanwhile; then ${dollars(held_minor)} held`,
      };
    },
  },
  {
    id: 'E3',
    what: 'the same, and the queue refuses the void too, for a second',
    async run(edge) {
      const card = await edge.newCard('marqeta');
      const key = `marqeta:${card.token}`;
      await edge.setFault(card, { how: 'commits', awayMs: 1_000 });
      edge.queues.refuse('notices', key);
      const answer = await edge.purchase(card, dollars(purchaseMinor));
      await new Promise((resolve) => setTimeout(resolve, 1_000));
      edge.queues.take('notices', key);
      const { held_minor } = await seen(
        () => edge.read(card),
        ({ held_minor: is }) => is === 0,
      );
      return { right: 'declined; then 0.00 held', got: `${heard(answer)}; then ${dollars(held_minor)} held` };
    },
  },
];

const asks = 40;

/** Forty purchases at once while the object is broken: how many the edge gave; then what the card holds of them, once it is back. */
async function stoodIn(edge: LiveEdge, card: CardAtEdge, amount_minor: number, held: number): Promise<string> {
  await edge.setFault(card, { how: 'throws' });
  const answers = await Promise.all(
    Array.from({ length: asks }, () =>
      edge.native('authorizations', { card_token: card.token, request: nativeRequest(amount_minor, newKeys()) }),
    ),
  );
  const given = answers.filter(({ body }) => body['stood_in'] === true).length;
  const others = answers.filter(({ status, body }) => body['stood_in'] !== true && status !== 503);
  const odd = others.length === 0 ? '' : `, ${others.length} answered otherwise`;
  await edge.setFault(card, { how: 'throws', calls: 0 });
  const { held_minor } = await seen(
    () => edge.read(card),
    ({ held_minor: is }) => is === held,
  );
  return `${given} of ${asks} stood in${odd}; then ${dollars(held_minor)} held`;
}

function neverStoodIn(what: string, cardOf: (edge: LiveEdge) => Promise<CardAtEdge>): Case {
  return {
    id: 'E4',
    what,
    run: async (edge) => ({
      right: `0 of ${asks} stood in; then 0.00 held`,
      got: await stoodIn(edge, await cardOf(edge), 500, 0),
    }),
  };
}

const standIns: readonly Case[] = [
  neverStoodIn('a token that no card ever had', async () => ({ network: 'native', token: newId('card') })),
  neverStoodIn('a frozen card', (edge) => edge.newCard('native', { status: 'frozen' })),
  neverStoodIn('a card that has expired', (edge) => edge.newCard('native', { expires_at_ms: 1 })),
  {
    id: 'E4',
    what: 'an active card, purchases of 5.00: bounded by their count',
    run: async (edge) => ({
      right: `${standInCount} of ${asks} stood in; then ${dollars(standInCount * 500)} held`,
      got: await stoodIn(edge, await edge.newCard('native'), 500, standInCount * 500),
    }),
  },
  {
    id: 'E4',
    what: 'an active card, purchases of 40.00: bounded by their sum',
    async run(edge) {
      const fits = Math.floor(standInSumMinor / 4_000);
      return {
        right: `${fits} of ${asks} stood in; then ${dollars(fits * 4_000)} held`,
        got: await stoodIn(edge, await edge.newCard('native'), 4_000, fits * 4_000),
      };
    },
  },
];

/** Rounds of cases that run together: in the first, time counts. */
export const callCases: readonly (readonly Case[])[] = [moments, [...spentKeys, ...voids, ...standIns]];
