// A webhook's body: the notifications in it, each with its place. Nothing in it makes the others unreadable.

import { maskCardNumbers } from '../../../contracts/card-data.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { cut, plain } from '../../../contracts/text.ts';
import { refusalOf } from './wire.ts';

export interface Element {
  readonly element: unknown;
  /** As `transactions[0]`, for the names of its fields. */
  readonly at: string;
}

export interface Batch {
  readonly transactions: readonly Element[];
  /** Of kinds that nobody here knows, and a body that is no batch. */
  readonly unknown: readonly (Element & { readonly problem: string })[];
  /** How many pings are to be answered; null: none were sent. */
  readonly pings: number | null;
}

/** Notifications of users, cards and the like: no money moves by them. */
const movesNothing =
  /^(?:(?:cards?|users?|business(?:es)?|digitalwallettokens?|directdepositaccounts?|accountholdergroups?|fundingsources?|commandomodes?)(?:transitions?|actions?)?|cardproducts)$/;

/** Refused where it holds more notifications than a batch may: each is a call to a card, and the platform bounds those. */
export function batchOf(body: unknown): Batch {
  if (!isFields(body)) {
    const problem = typeof body === 'string' ? 'is not JSON' : 'must be an object';
    return { transactions: [], unknown: [{ element: body, at: 'body', problem }], pings: null };
  }
  const { transactions, pings, ...others } = body;
  const problem = 'is a kind of notification that is not known';
  const unknown = Object.entries(others).flatMap(([name, value]) =>
    Array.isArray(value) && !movesNothing.test(name)
      ? elementsOf(value, cut(maskCardNumbers(plain(name)))).map((one) => ({ ...one, problem }))
      : [],
  );
  return {
    transactions: elementsOf(transactions, 'transactions'),
    unknown,
    pings: Array.isArray(pings) ? pings.length : pings == null ? null : 1,
  };
}

/** One notification may come without its list. */
function elementsOf(value: unknown, name: string): Element[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) return [{ element: value, at: name }];
  if (value.length > limits.webhookBatchMax) throw refusalOf(name, `has more than ${limits.webhookBatchMax} items`);
  return value.map((element, index) => ({ element, at: `${name}[${index}]` }));
}
