// Two purchases of the model that were one all along: what was told of both is told anew, one after the other, to one that knows.

import { type Fact, held, inOrder, lastPlace } from './model-order.ts';

export interface Told {
  readonly facts: readonly Fact[];
  /** When the first request was decided, and when something first moved the hold; 0: never. */
  readonly begunMs: number;
  readonly movedMs: number;
}

export function firstOf(...instants: readonly number[]): number {
  const known = instants.filter((instant) => instant > 0);
  return known.length === 0 ? 0 : Math.min(...known);
}

export function toldTogether(one: Told, other: Told): Fact[] {
  const all = [...unlapsed(one, other), ...unlapsed(other, one)];
  const [begunMs, movedMs] = [firstOf(one.begunMs, other.begunMs), firstOf(one.movedMs, other.movedMs)];
  const isBefore = (instant: number, fact: Fact) => instant > 0 && instant < fact.heard_ms;
  const again: Fact[] = [];
  for (const fact of inHearing(all)) {
    const { turn, does, at_ms, order } = fact;
    const isLater =
      again.some((before) => before.turn === null) || (isBefore(begunMs, fact) && isBefore(movedMs, fact));
    const stays = turn === null ? !isLater : turn === 0 || does === 'lapses';
    again.push(stays ? fact : { ...fact, ...lastPlace(again, 0, at_ms, order) });
  }
  return again;
}

/** The card dropped what the one had; the other one's hold is not meant by that. */
function unlapsed({ facts }: Told, other: Told): readonly Fact[] {
  if (held(other.facts) === 0) return facts;
  const gone = new Set<Fact>();
  const before: Fact[] = [];
  for (const fact of inOrder(facts)) {
    before.push(fact);
    if (fact.does === 'lapses') for (const one of before) gone.add(one);
  }
  return facts.filter((fact) => !gone.has(fact));
}

function inHearing(facts: readonly Fact[]): Fact[] {
  const key = ({ heard_ms, does, turn }: Fact) => [heard_ms, does === 'adds' ? 1 : 0, turn ?? -1];
  const keyed = facts.map((fact) => ({ fact, key: key(fact) }));
  keyed.sort((one, other) => {
    for (const [index, number] of one.key.entries())
      if (number !== other.key[index]) return number - (other.key[index] ?? 0);
    return 0;
  });
  return keyed.map(({ fact }) => fact);
}
