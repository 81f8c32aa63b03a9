// A list of a batch, cut where the elements end that are told to their cards before the answer.

import type { Element, Rest } from './network.ts';

/** One element may come without its list. `problem`: of a kind that nobody here knows; null: what is beyond is read. */
export function listOf(value: unknown, name: string, firstMax: number, problem: string | null) {
  const first: Element[] = [];
  const rest: Rest[] = [];
  if (value === undefined || value === null) return { first, rest };
  if (!Array.isArray(value)) return { first: [{ element: value, at: name }], rest };
  first.push(...value.slice(0, firstMax).map((element, index) => ({ element, at: `${name}[${index}]` })));
  if (value.length > firstMax) rest.push({ name, from: firstMax, elements: value.slice(firstMax), problem });
  return { first, rest };
}
