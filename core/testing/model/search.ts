// Breadth first through every world that a scenario can come to: so the first violation found is one that the fewest steps lead to. Worlds
// are told apart by 53 bits of their text: among a million the chance that two of them are taken for one is 1 in 18,000.

import { fingerprint } from '../../fingerprint.ts';
import { type Law, type Violation, violationIn } from './laws.ts';
import type { Scenario } from './scenarios.ts';
import { type Next, nextWorlds } from './steps.ts';
import { type Protocol, textOf, type World } from './world.ts';

export interface Found extends Violation {
  /** From the beginning to the violation. */
  readonly way: readonly string[];
}

export interface Searched {
  readonly states: number;
  readonly steps: number;
  readonly depth: number;
  /** Every world was seen. */
  readonly complete: boolean;
  readonly violation: Found | null;
  /** How often purchases ended in each way, over all steps that lead to a new world. */
  readonly answers: Readonly<Record<string, number>>;
}

interface Way {
  readonly label: string;
  readonly before: Way | null;
}

export function search(
  { world: first, actions }: Scenario,
  protocol: Protocol,
  statesMax: number,
  only: Law | null = null,
): Searched {
  const seen = new Set<number>([fingerprint(textOf(first))]);
  const answers: Record<string, number> = {};
  let level: { world: World; way: Way | null }[] = [{ world: first, way: null }];
  let [steps, depth] = [0, 0];
  while (level.length > 0) {
    const below: typeof level = [];
    for (const { world, way } of level)
      for (const next of nextWorlds(world, actions, protocol)) {
        steps++;
        const key = fingerprint(textOf(next.world));
        const violation = violationOf(next, seen.has(key), only);
        const there = { label: next.label, before: way };
        if (violation !== null)
          return {
            ...{ states: seen.size, steps, depth, complete: false, answers },
            violation: found(violation, there),
          };
        if (seen.has(key)) continue;
        seen.add(key);
        count(answers, world, next.world);
        below.push({ world: next.world, way: there });
        if (seen.size >= statesMax)
          return { states: seen.size, steps, depth, complete: false, violation: null, answers };
      }
    level = below;
    if (level.length > 0) depth++;
  }
  return { states: seen.size, steps, depth, complete: true, violation: null, answers };
}

function violationOf({ world, violation }: Next, isKnown: boolean, only: Law | null): Violation | null {
  if (violation !== null && (only === null || violation.law === only)) return violation;
  return isKnown ? null : violationIn(world, only);
}

function found(violation: Violation, last: Way): Found {
  const way: string[] = [];
  for (let at: Way | null = last; at !== null; at = at.before) way.unshift(at.label);
  return { ...violation, way };
}

function count(answers: Record<string, number>, before: World, after: World): void {
  const news = { ...after.books.answers, ...after.books.withdrawals };
  const known = { ...before.books.answers, ...before.books.withdrawals };
  for (const [name, outcome] of Object.entries(news))
    if (known[name] !== outcome && outcome !== 'open') answers[outcome] = (answers[outcome] ?? 0) + 1;
}
