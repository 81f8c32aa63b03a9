// How often card data was found, by where it came in and what became of it: a metric of this process (`card_data_found_total`), with
// an alert and a runbook (ops/runbooks/card-data-found.md). Counted in one place for the whole process, since it is found deep
// inside of what has no metrics; never what was found, nor whose.

import { Counter, type Registry } from 'prom-client';
import { isCardField } from '../../contracts/card-data.ts';
import { isCardInPieces, isCardLikeNumber } from '../../contracts/card-numbers/card-numbers.ts';
import { piecesOfCards, withoutDigits } from '../../contracts/card-numbers/pieces.ts';
import { maskHidden } from './hidden.ts';

/** Where texts come in or go out. */
export const channels = [
  ...(['api_body', 'api_header', 'api_query', 'settlement_queue'] as const),
  ...(['network_request', 'network_card_token', 'network_key'] as const),
  ...(['network_message', 'card_events_queue', 'provider_webhook', 'provider_answer', 'bank_file'] as const),
  ...(['webhook_answer', 'open_item', 'log'] as const),
] as const;
export type Channel = (typeof channels)[number];

/** `refused`: nothing of it was kept. `masked`: what it stood in is kept, without its digits. `kept`: as it is, since it is a key. */
const outcomes = ['refused', 'masked', 'kept'] as const;
type Outcome = (typeof outcomes)[number];

const found = new Map<string, number>();

export function countCardData(channel: Channel, outcome: Outcome): void {
  const name = `${channel} ${outcome}`;
  found.set(name, (found.get(name) ?? 0) + 1);
}

export function measureCardData(registry: Registry): void {
  const counter = new Counter({
    name: 'card_data_found_total',
    help: 'Texts with card data, by where they came in; refused: nothing was kept, masked: kept without its digits; kept: a key',
    labelNames: ['channel', 'outcome'],
    registers: [registry],
    collect() {
      counter.reset();
      // Every pair from 0: an alert must see the first one.
      for (const channel of channels)
        for (const outcome of outcomes) counter.inc({ channel, outcome }, found.get(`${channel} ${outcome}`) ?? 0);
    },
  });
}

/** A text as it may be kept: what may be a card number has no digits any more, and is counted. */
export function maskedText(channel: Channel, text: string): string {
  const masked = maskHidden(text);
  if (masked !== text) countCardData(channel, 'masked');
  return masked;
}

/**
 * A value of JSON as it may be kept: texts, numbers and names of fields masked, and the content of fields made for card data
 * (`pan`, `cvv`) gone. `isIdentifier`: names of fields that are left as they are.
 */
export function maskedValue(channel: Channel, value: unknown, isIdentifier: (name: string) => boolean): unknown {
  let times = 0;
  const pieces = piecesOfCards(value, { isIdentifier, numbersOfFields: true });
  const piece = (text: unknown): string => {
    times += 1;
    return withoutDigits(text);
  };
  // Whatever nothing was found in is returned itself, so that a usual message costs a look and no copy.
  const mask = (at: unknown, name: string): unknown => {
    if (Array.isArray(at)) {
      if (!isIdentifier(name) && isCardInPieces(at)) {
        times += 1;
        return at.map(withoutDigits);
      }
      const members = at.map((member, index) => (pieces?.has(at, index) ? piece(member) : mask(member, name)));
      return members.every((member, index) => member === at[index]) ? at : members;
    }
    // An instant, or an amount that kept its text, is as JSON has it.
    if (typeof at === 'object' && at !== null && 'toJSON' in at) return at;
    if (typeof at === 'object' && at !== null) return maskFields(at as Record<string, unknown>);
    if (isIdentifier(name)) return at;
    if (typeof at === 'string') return text(at);
    if (typeof at !== 'number' || !isCardLikeNumber(at)) return at;
    times += 1;
    return String(at).replace(/\d/g, '*');
  };
  const maskFields = (fields: Record<string, unknown>): Record<string, unknown> => {
    let isSame = true;
    const masked: [string, unknown][] = [];
    for (const [key, member] of Object.entries(fields)) {
      const isField = isCardField(key) && member !== null;
      if (isField) times += 1;
      const name = pieces?.hasName(fields, key) ? piece(key) : text(key);
      const kept = isField ? '***' : pieces?.has(fields, key) ? piece(member) : mask(member, key);
      if (name !== key || kept !== member) isSame = false;
      masked.push([name, kept]);
    }
    return isSame ? fields : Object.fromEntries(masked);
  };
  const text = (written: string): string => {
    const masked = maskHidden(written);
    if (masked !== written) times += 1;
    return masked;
  };
  const masked = mask(value, '');
  if (times > 0) countCardData(channel, 'masked');
  return masked;
}

/** JSON text as it may be kept: the same text where nothing is found in it. What is no JSON is masked as a text. */
export function maskedJson(channel: Channel, json: string, isIdentifier: (name: string) => boolean): string {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return maskedText(channel, json);
  }
  try {
    const masked = maskedValue(channel, value, isIdentifier);
    if (masked !== value) return JSON.stringify(masked);
    // A number that stands in the text alone is that of an identifier, or of a name that was written twice, of which JSON has the last.
    return maskHidden(json) === json ? json : JSON.stringify(value);
  } catch {
    // Nested too deep.
    return maskedText(channel, json);
  }
}

/** As `authorization_key`, `merchant_id`, `occurred_at_ms`: one in some ten such numbers passes for a card's, and an action needs it. */
const identifiers = /(?:^|_)(?:ids?|keys?|token|no|minor|ms|sequence)$|_reference$/;

/** Whether a field by its name holds an identifier, an amount or an instant of ours. */
export function isIdentifier(name: string): boolean {
  return identifiers.test(name);
}
