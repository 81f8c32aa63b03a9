// A webhook's body: the notifications in it, each with its place. Nothing in it makes the others unreadable.

import { maskCardNumbers } from '../../../contracts/card-numbers/card-numbers.ts';
import { isFields } from '../../../contracts/decorations.ts';
import { limits } from '../../../contracts/limits.ts';
import { isAgain } from '../../../contracts/lost-by-json.ts';
import { cut, plain } from '../../../contracts/text.ts';
import { listOf } from '../list-of.ts';
import type { Batch, Element } from '../network.ts';

/** Notifications of users, cards and the like: no money moves by them. */
const movesNothing =
  /^(?:(?:cards?|users?|business(?:es)?|digitalwallettokens?|directdepositaccounts?|accountholdergroups?|fundingsources?|commandomodes?)(?:transitions?|actions?)?|cardproducts)$/;

export function batchOf(body: unknown): Batch {
  if (!isFields(body)) {
    const problem = typeof body === 'string' ? 'is not JSON' : 'must be an object';
    return { elements: [], unknown: [{ element: body, at: 'body', problem }], rest: [] };
  }
  const { transactions, pings, ...others } = body;
  const problem = 'is a kind of notification that is not known';
  const known = listOf(transactions, 'transactions', limits.batchDirectMax, null);
  const unknown: (Element & { problem: string })[] = [];
  const { first: elements, rest } = known;
  for (const [name, value] of Object.entries(others)) {
    // A list that stood there twice is a kind of its own, and so is one notification without its list.
    if (!isAgain(name) && (!Array.isArray(value) || movesNothing.test(name))) continue;
    const left = limits.batchDirectMax - elements.length - unknown.length;
    const list = listOf(value, cut(maskCardNumbers(plain(name))), left, problem);
    unknown.push(...list.first.map((one) => ({ ...one, problem })));
    rest.push(...list.rest);
  }
  return { elements, unknown, rest };
}

/** What is answered: as many pings as came. */
export function pingsOf(body: unknown): object {
  const pings = isFields(body) ? body['pings'] : null;
  if (pings === undefined || pings === null) return {};
  return { pings: Array.isArray(pings) ? pings.length : 1 };
}
