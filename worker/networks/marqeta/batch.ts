// A webhook's body: the notifications in it, each with its place. Nothing in it makes the others unreadable.

import { maskCardNumbers } from '../../../contracts/card-numbers/card-numbers.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { isAgain } from '../../../contracts/lost-by-json.ts';
import { cut, plain } from '../../../contracts/text.ts';
import type { Rest } from '../rest-of-batch.ts';

export interface Element {
  readonly element: unknown;
  /** As `transactions[0]`, for the names of its fields. */
  readonly at: string;
}

export interface Batch {
  readonly transactions: readonly Element[];
  /** Of kinds that nobody here knows, and a body that is no batch. */
  readonly unknown: readonly (Element & { readonly problem: string })[];
  /** What is beyond the first elements of a list. `problem`: of kinds that nobody here knows; null: transactions. */
  readonly rest: readonly (Rest & { readonly problem: string | null })[];
  /** How many pings are to be answered; null: none were sent. */
  readonly pings: number | null;
}

/** Notifications of users, cards and the like: no money moves by them. */
const movesNothing =
  /^(?:(?:cards?|users?|business(?:es)?|digitalwallettokens?|directdepositaccounts?|accountholdergroups?|fundingsources?|commandomodes?)(?:transitions?|actions?)?|cardproducts)$/;

export function batchOf(body: unknown): Batch {
  if (!isFields(body)) {
    const problem = typeof body === 'string' ? 'is not JSON' : 'must be an object';
    return { transactions: [], unknown: [{ element: body, at: 'body', problem }], rest: [], pings: null };
  }
  const { transactions, pings, ...others } = body;
  const problem = 'is a kind of notification that is not known';
  const known = listOf(transactions, 'transactions', limits.batchDirectMax);
  const unknown: (Element & { problem: string })[] = [];
  const rest: (Rest & { problem: string | null })[] = known.rest.map((one) => ({ ...one, problem: null }));
  for (const [name, value] of Object.entries(others)) {
    // A list that stood there twice is a kind of its own, and so is one notification without its list.
    if (!isAgain(name) && (!Array.isArray(value) || movesNothing.test(name))) continue;
    const left = limits.batchDirectMax - known.first.length - unknown.length;
    const list = listOf(value, cut(maskCardNumbers(plain(name))), left);
    unknown.push(...list.first.map((one) => ({ ...one, problem })));
    rest.push(...list.rest.map((one) => ({ ...one, problem })));
  }
  return {
    ...{ transactions: known.first, unknown, rest },
    pings: Array.isArray(pings) ? pings.length : pings == null ? null : 1,
  };
}

/** One notification may come without its list. */
function listOf(value: unknown, name: string, firstMax: number): { first: Element[]; rest: Rest[] } {
  if (value === undefined || value === null) return { first: [], rest: [] };
  if (!Array.isArray(value)) return { first: [{ element: value, at: name }], rest: [] };
  const first = value.slice(0, firstMax).map((element, index) => ({ element, at: `${name}[${index}]` }));
  if (value.length <= firstMax) return { first, rest: [] };
  return { first, rest: [{ name, from: firstMax, elements: value.slice(firstMax) }] };
}
