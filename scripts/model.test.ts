// Shared funds over trees drawn at random: what is too large for every order of it (`core/account/model.test.ts`). `SEED=…` draws them again.

import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { brokenProtocols, protocol } from '../core/testing/model/broken.ts';
import { walk } from '../core/testing/model/random-walk.ts';
import { seededRandom } from './seeded-random.ts';

const given = process.env['SEED'];

function walkAll(first: number, trees: number, one = protocol) {
  const walks = Array.from({ length: trees }, (_, index) => walk(seededRandom(first + index), one));
  const violations = walks.flatMap(({ violation }, index) =>
    violation === null ? [] : [{ seed: first + index, law: violation.law, differs: violation.differs }],
  );
  const answers = walks.flatMap((walked) => Object.keys(walked.answers));
  return { violations, answers: new Set(answers), decisions: walks.reduce((sum, walked) => sum + walked.decisions, 0) };
}

describe('trees drawn at random', () => {
  test.each([1, given === undefined ? randomInt(1, 2 ** 31) : Number(given)])(
    'from seed %i: no law is broken',
    (seed) => {
      const { violations, answers, decisions } = walkAll(seed, 30);
      expect(violations).toEqual([]);
      expect(decisions).toBeGreaterThan(200);
      expect([...answers].sort()).toEqual(['approved', 'insufficient_funds', 'unreachable']);
    },
  );

  test.each([
    ['adds_what_it_hears', 1],
    ['waits_for_its_own_ask', 1],
    ['asks_nobody', 1],
  ])('find %s', (name, seed) => {
    const broken = brokenProtocols[name];
    if (broken === undefined) throw new Error(`there is no broken protocol ${name}`);
    expect(walkAll(seed, 15, broken.protocol).violations.map(({ law }) => law)).toContain(broken.law);
  });
});
