// The protocol of shared funds in every order that it can go, at small bounds; `npm run model` does the same at larger ones.

import { describe, expect, test } from 'vitest';
import { brokenProtocols, protocol } from '../testing/model/broken.ts';
import { laws } from '../testing/model/laws.ts';
import { noFaults, scenario, scenarioNames } from '../testing/model/scenarios.ts';
import { search } from '../testing/model/search.ts';
import type { Faults } from '../testing/model/world.ts';

/** These have more worlds than a test can walk through: its first ones only. */
const large = new Set(['move', 'close', 'two_turns']);
const statesMax = 2_500;

describe('no law is broken, in any order', () => {
  test.each(scenarioNames)('%s', (name) => {
    const { complete, violation, answers } = search(scenario(name), protocol, statesMax);
    expect(violation).toBeNull();
    expect(complete).toBe(!large.has(name));
    expect(answers['approved']).toBeGreaterThan(0);
  });

  const kinds = Object.keys(noFaults) as (keyof Faults)[];
  test.each(kinds)('nor where one fault of the kind %s happens anywhere', (kind) => {
    let states = 0;
    for (const name of scenarioNames) {
      const searched = search(scenario(name, { ...noFaults, [kind]: 1 }), protocol, 1_000);
      expect(searched.violation).toBeNull();
      states += searched.states;
    }
    expect(states).toBeGreaterThan(8_000);
  });

  test('the least worlds are as many as one counts by hand', () => {
    // Asked, granted, approved: one card, one purchase, one order.
    const { world, actions } = scenario('two_cards');
    const alone = { name: 'alone', says: '', world: { ...world, to_come: [0] }, actions };
    expect(search(alone, protocol, 100)).toMatchObject({ states: 4, steps: 3, depth: 3, complete: true });
  });
});

describe('the checker finds', () => {
  test.each(Object.entries(brokenProtocols))('%s', (_, { protocol: broken, law, scenario: name, faults }) => {
    const { violation } = search(scenario(name, faults), broken, 20_000, law);
    expect(violation?.law).toBe(law);
    expect(violation?.way.length).toBeGreaterThan(0);
  });

  test('a violation of each law', () => {
    const found = new Set(Object.values(brokenProtocols).map(({ law }) => law));
    expect([...found].sort()).toEqual(Object.keys(laws).sort());
  });

  test('the shortest way: what was granted comes twice', () => {
    const { protocol: broken, law, scenario: name, faults } = brokenProtocols['adds_what_it_hears'] ?? never();
    const { violation } = search(scenario(name, faults), broken, 20_000, law);
    expect(violation?.way.map((step) => step.replace(/[:{].*/, ''))).toHaveLength(4);
  });
});

function never(): never {
  throw new Error('there is no such broken protocol');
}
