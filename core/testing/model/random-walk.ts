// One way through a tree drawn at random: each step is drawn, messages come in any order, and the laws are asked after every step.

import { type Violation, violationIn } from './laws.ts';
import { type Drawn, type Random, randomTree } from './random-tree.ts';
import { noFaults } from './scenarios.ts';
import { byAction, byCrash, byMessage, byTime, type Next } from './steps.ts';
import type { Faults, Protocol, World } from './world.ts';

export interface Walked {
  readonly decisions: number;
  readonly steps: number;
  readonly answers: Readonly<Record<string, number>>;
  readonly asks: number;
  readonly violation: (Violation & { readonly way: readonly string[] }) | null;
}

const someFaults: Faults = { lose: 3, repeat: 5, crash: 2, time_up: 3 };
/** The last steps of a violation that are told. */
const wayMax = 40;

/** Every other tree, by its seed, meets no fault: there every purchase has to be answered. */
export function walk(random: Random, protocol: Protocol, actionsCount = 60): Walked {
  const drawn = randomTree(random, actionsCount, random() < 0.5 ? noFaults : someFaults);
  let { world } = drawn;
  const way: string[] = [];
  let [steps, asks] = [0, 0];
  for (;;) {
    const next = drawStep(world, drawn, protocol, random);
    if (next === null) break;
    steps++;
    way.push(next.label);
    if (way.length > wayMax) way.shift();
    asks += newAsks(world, next.world);
    world = next.world;
    const violation = next.violation ?? violationIn(world, null);
    if (violation !== null) return { ...figures(world, steps, asks), violation: { ...violation, way } };
  }
  return { ...figures(world, steps, asks), violation: null };
}

/** Null: all that was to come has come, and nothing is under way. */
function drawStep(world: World, { actions }: Drawn, protocol: Protocol, random: Random): Next | null {
  const below = (end: number) => Math.floor(random() * end);
  const { under_way, to_come } = world;
  if (under_way.length === 0 && to_come.length === 0) return null;
  const drawn = random();
  if (drawn < 0.01) {
    const faults = [...byTime(world, protocol), ...byCrash(world)];
    const fault = faults[below(faults.length)];
    if (fault !== undefined) return fault;
  }
  const isAction = under_way.length === 0 || (to_come.length > 0 && drawn < 0.25);
  const index = isAction ? below(Math.min(3, to_come.length)) : below(under_way.length);
  const all = isAction ? [] : byMessage(world, under_way[index] as World['under_way'][number], index, protocol);
  if (isAction) {
    const number = to_come[index] ?? 0;
    all.push(...byAction(world, number, actions, protocol));
    // What cannot happen does not.
    if (all.length === 0)
      all.push({
        label: 'nothing',
        world: { ...world, to_come: to_come.filter((one) => one !== number) },
        violation: null,
      });
  }
  const usual = random() < 0.95 ? 0 : below(all.length);
  return all[usual] ?? null;
}

function newAsks(before: World, after: World): number {
  const known = new Set(before.under_way);
  return after.under_way.filter((one) => one.kind === 'ask' && !known.has(one) && one.from in after.cards).length;
}

function figures({ books }: World, steps: number, asks: number): Omit<Walked, 'violation'> {
  const answers: Record<string, number> = {};
  for (const outcome of Object.values(books.answers)) answers[outcome] = (answers[outcome] ?? 0) + 1;
  return { decisions: Object.keys(books.answers).length, steps, answers, asks };
}
