// One event of Marqeta's to the running edge, linked to the card's last authorization as Marqeta would link it: to the last
// thing that was said of it.

import { randomUUID } from 'node:crypto';
import { decimalTextFromMinor, minorFromDecimalText } from '../../contracts/money.ts';
import { readNote, writeNote } from '../dev/home.ts';
import type { Running } from '../dev/running.ts';
import { gatewayMessage, webhookMessage } from '../marqeta-messages.ts';
import { type Asked, methods, type Told, type Words, webhookTypes } from './words.ts';

/** The last authorization of each card, so that a clearing needs no token. */
export interface Last {
  /** Of the last transaction that belongs to it. */
  readonly transactionToken: string;
  /** Null until the origin has told it: the network began it by itself. */
  readonly authorizationId: string | null;
  /** What the network holds, in major units. */
  readonly amount: string;
}
const noteName = 'last-authorizations.json';

export function lastOf(cardToken: string): Last | null {
  return readNote<Record<string, Last>>(noteName)?.[cardToken] ?? null;
}

export function remember(cardToken: string, last: Last): void {
  writeNote(noteName, { ...readNote<Record<string, Last>>(noteName), [cardToken]: last });
}

export interface Sent {
  readonly answer: { readonly status: number; readonly text: string; readonly latency_ms: number };
  /** The authorization it belongs to; null where none does, or where the edge does not say. */
  readonly authorizationId: string | null;
  /** It begins an authorization whose id only the origin can tell. */
  readonly begins: boolean;
  /** How many events it makes. */
  readonly events: number;
}

async function post(running: Running, path: string, body: string): Promise<Sent['answer']> {
  const { username, password } = running.marqeta;
  const startedMs = performance.now();
  const answer = await fetch(running.edge_url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${username}:${password}`)}` },
    body,
  });
  const text = await answer.text();
  return { status: answer.status, text, latency_ms: Math.round((performance.now() - startedMs) * 10) / 10 };
}

export async function ask(running: Running, words: Words & { event: Asked }, cardToken: string): Promise<Sent> {
  const { event, mcc: category, currency, merchant: merchantId } = words;
  const last = lastOf(cardToken);
  const movesNothing = event === 'account-verification' || event === 'balance-inquiry';
  const amount = movesNothing ? '0' : (words.amount ?? '12.34');
  const transactionToken = randomUUID();
  const precedingToken = event === 'incremental' ? precedingOf(words, last) : undefined;
  if (event === 'incremental' && precedingToken === undefined)
    throw new Error('An increment belongs to an authorization: trigger one first.');
  const linked = precedingToken === undefined ? {} : { precedingToken };
  const common = { cardToken, amount, category, currency, merchantId };
  const message = gatewayMessage({ ...common, method: methods[event], transactionToken, ...linked });
  const answer = await post(running, '/networks/marqeta/gateway', message);
  const authorizationId = /authorization_id=(auth_\w+)/.exec(answer.text)?.[1] ?? null;
  const approved = answer.status === 200 && !movesNothing;
  if (approved && authorizationId !== null) {
    const held = event === 'incremental' ? plus(last?.amount ?? '0', amount, currency) : amount;
    remember(cardToken, { transactionToken, authorizationId, amount: held });
  }
  const clears = approved && event === 'pindebit';
  if (clears)
    await post(
      running,
      '/networks/marqeta/webhook',
      webhookMessage({ ...common, type: 'pindebit', token: transactionToken }),
    );
  return { answer, authorizationId, begins: false, events: clears ? 2 : 1 };
}

export async function tell(running: Running, words: Words & { event: Told }, cardToken: string): Promise<Sent> {
  const { event, mcc: category, currency, merchant: merchantId } = words;
  const last = lastOf(cardToken);
  const begins = event === 'standin' || event === 'force-post';
  const precedingToken = begins ? undefined : precedingOf(words, last);
  const amount = words.amount ?? (begins || event === 'advice' ? undefined : last?.amount);
  if (amount === undefined)
    throw new Error(
      event === 'advice' || begins
        ? `Say --amount: ${event === 'advice' ? 'what is held from now on.' : 'how much.'}`
        : `Card ${words.card} has no authorization yet: say --amount, or trigger one first.`,
    );
  if (precedingToken === undefined && ['reversal', 'advice', 'expiry'].includes(event))
    throw new Error(`${event === 'reversal' ? 'A' : 'An'} ${event} belongs to an authorization: trigger one first.`);
  const token = randomUUID();
  const message = webhookMessage({
    type: webhookTypes[event],
    token,
    cardToken,
    amount,
    category,
    currency,
    merchantId,
    final: !words.partial,
    ...(precedingToken === undefined ? {} : { precedingToken }),
    ...(event === 'advice' ? { released: less(last?.amount ?? amount, amount, currency) } : {}),
  });
  const answer = await post(running, '/networks/marqeta/webhook', message);
  const known = precedingToken !== undefined && precedingToken === last?.transactionToken;
  const authorizationId = known ? last.authorizationId : null;
  if (answer.status === 200 && (event === 'standin' || (event === 'advice' && known)))
    remember(cardToken, { transactionToken: token, authorizationId, amount });
  return { answer, authorizationId, begins, events: 1 };
}

function precedingOf({ authorization }: Words, last: Last | null): string | undefined {
  return authorization === 'none' ? undefined : (authorization ?? last?.transactionToken);
}

function minor(amount: string, currency: string): number {
  const read = minorFromDecimalText(amount, currency);
  if (typeof read === 'number') return read;
  throw new Error(`--amount ${amount} ${read.problem}`);
}

function plus(one: string, other: string, currency: string): string {
  return decimalTextFromMinor(minor(one, currency) + minor(other, currency), currency);
}

/** Nothing, where the other is more. */
function less(one: string, other: string, currency: string): string {
  return decimalTextFromMinor(Math.max(0, minor(one, currency) - minor(other, currency)), currency);
}
