// Two purchases of the model that were one all along: what was told of both is told anew, one after the other, to one that knows.

import { behindMs, type Fact, held, inOrder, isHeldAlike, lastPlace, type When } from './model-order.ts';

export interface Told {
  readonly facts: readonly Fact[];
  /** When the first request was decided, and when something first moved the hold; null: never. */
  readonly begun: When | null;
  readonly moved: When | null;
}

export function toldTogether(one: Told, other: Told): Told {
  const all = [...unlapsed(one, other), ...unlapsed(other, one)];
  const line = inHearing([
    ...all,
    ...[one.begun, other.begun, one.moved, other.moved].filter((first) => first !== null),
  ]);
  const firstOf = (...whens: readonly (When | null)[]) => line.find((each) => whens.includes(each)) ?? null;
  const [begun, moved] = [firstOf(one.begun, other.begun), firstOf(one.moved, other.moved)];
  const isBefore = (first: When | null, fact: Fact) =>
    first !== null && !isSame(first, fact) && line.indexOf(first) < line.indexOf(fact);
  const again: Fact[] = [];
  for (const fact of line) {
    if (!isFact(fact)) continue;
    const { turn, does, at_ms, order } = fact;
    const isLater = again.some((before) => before.turn === null) || (isBefore(begun, fact) && isBefore(moved, fact));
    const stays = turn === null ? !isLater : turn === 0 || does === 'lapses';
    again.push(stays ? fact : { ...fact, ...lastPlace(again, 0, at_ms, order) });
  }
  return { facts: again, begun, moved };
}

/**
 * The clock by which some of it was heard is later than now: where there was no stamp, what is told now may come after it. Null: it would
 * hold something else.
 */
export function toldByAnEarlierClock(facts: readonly Fact[], nowMs: number): readonly Fact[] | null {
  const again: Fact[] = [];
  for (const fact of inHearing(facts)) {
    if (!isFact(fact)) continue;
    const { turn, does, heard_ms, at_ms, order } = fact;
    if (turn === null || turn === 0) again.push(fact);
    else {
      let latestMs = at_ms;
      if (does !== 'adds') latestMs = Math.min(latestMs, nowMs - behindMs, heard_ms - behindMs);
      else if (heard_ms <= nowMs) latestMs = Math.min(latestMs, heard_ms);
      again.push({ ...fact, ...lastPlace(again, 0, latestMs, order) });
    }
  }
  return isHeldAlike(facts, again) ? again : null;
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

function isFact(one: When): one is Fact {
  return 'does' in one;
}

function isSame(one: When, other: When): boolean {
  return one.number === other.number && one.byEdge === other.byEdge;
}

/** In a line, as the card learned of them; what the edge had given stands before all that the card learned later than that. */
function inHearing(whens: readonly When[]): When[] {
  const line = whens.filter(({ byEdge }) => !byEdge).sort((one, other) => one.number - other.number);
  const given = whens.filter(({ byEdge }) => byEdge).sort((one, other) => one.heard_ms - other.heard_ms);
  const stands = given.map((each) => {
    const isEarlier = ({ number, heard_ms }: When) => number < each.number && heard_ms > 1 && heard_ms <= each.heard_ms;
    return { each, place: line.findLastIndex(isEarlier) + 1 };
  });
  return [...line, null].flatMap((each, index) => [
    ...stands.filter(({ place }) => place === index).map((one) => one.each),
    ...(each === null ? [] : [each]),
  ]);
}
