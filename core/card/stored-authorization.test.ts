// An authorization in a snapshot: what is written is what is read, and what older snapshots did not keep is put as it was then.

import { describe, expect, test } from 'vitest';
import type { Id } from '../../contracts/ids.ts';
import { noonMs } from '../testing/samples.ts';
import type { Portion } from '../windows/portions.ts';
import { type Authorization, newAuthorization } from './authorization.ts';
import { type HoldChange, holdOf } from './hold-changes.ts';
import { authorizationFrom, type StoredAuthorization, storedAuthorization } from './stored-authorization.ts';

const auth = 'auth_00000000000000000000000001' as Id<'auth'>;
const adds = (changes: Partial<HoldChange>): HoldChange => ({
  ...({ at_ms: noonMs, does: 'adds', minor: 50, nth: 0, heard: 3, heard_ms: noonMs + 5 } as const),
  ...changes,
});
const changed = { heard: 3, heard_ms: noonMs + 5 };
const portion = (changes: Partial<Portion>): Portion => ({
  ...{ kind: 'asked', given_at_ms: noonMs, window_at_ms: noonMs, held_minor: 50, cleared_minor: 0 },
  ...changes,
});

function authorization(changes: readonly HoldChange[], more: Partial<Authorization> = {}): Authorization {
  const hold = holdOf(changes);
  return { ...newAuthorization(auth, noonMs, 'USD'), changes, ...hold, ...more };
}

const written = (one: Authorization): StoredAuthorization =>
  JSON.parse(JSON.stringify(storedAuthorization('authorization-1', one, null)));

describe('what is written is what is read:', () => {
  test.each<[claim: string, changes: readonly HoldChange[]]>([
    ['no change', []],
    [
      'each with number and instant of the event by which it was heard',
      [adds({ heard: 9, heard_ms: 7 }), adds({ at_ms: noonMs + 1, heard: 8, heard_ms: 9 })],
    ],
    ['given in the card’s place', [adds({ in_place: true }), adds({ at_ms: noonMs + 1 })]],
    ['of which the network was told another amount', [adds({}), adds({ at_ms: noonMs + 1, network_minor: 30 })]],
    ['of which the network was told nothing', [adds({ network_minor: 0 })]],
    ['with the network’s number', [adds({ order: 12 }), adds({ at_ms: noonMs + 1, order: 0 })]],
    ['with both', [adds({ order: 3, network_minor: 20 }), adds({ at_ms: noonMs + 1 })]],
  ])('%s', (_, changes) => {
    const changed = { heard: 2, heard_ms: noonMs - 3, in_place: true } as const;
    const one = authorization(changes, { changed, begun: { heard: 1, heard_ms: noonMs - 4 }, advised: 2 });
    expect(authorizationFrom(written(one), [])).toEqual(one);
  });

  test.each<[claim: string, portions: readonly Portion[]]>([
    ['nothing that counts', []],
    ['what was asked for, at one instant', [portion({})]],
    ['what counts in an earlier window than it was given in', [portion({ window_at_ms: noonMs - 1_000 })]],
    ['an increment alone', [portion({ kind: 'added' })]],
    ['what was forced through', [portion({ kind: 'forced' })]],
    [
      'three parts',
      [
        portion({ held_minor: 20 }),
        portion({ kind: 'added', window_at_ms: noonMs + 1, held_minor: 30, cleared_minor: 4 }),
        portion({ kind: 'forced', given_at_ms: noonMs + 2, held_minor: 0, cleared_minor: 9 }),
      ],
    ],
  ])('%s', (_, portions) => {
    const cleared_minor = portions.reduce((sum, one) => sum + one.cleared_minor, 0);
    const one = authorization([adds({})], { portions, cleared_minor, changed });
    expect(authorizationFrom(written(one), [])).toEqual(one);
  });
});

test('most authorizations are asked for once: their portion is one number', () => {
  const stored = (portions: readonly Portion[]) => written(authorization([adds({})], { portions }))[14];
  expect(stored([portion({})])).toBe(noonMs);
  expect(stored([portion({ window_at_ms: noonMs - 1 })])).toHaveLength(5);
  expect(stored([portion({ held_minor: 20 }), portion({ held_minor: 30 })])).toHaveLength(10);
});

/** As an older version wrote it: the columns up to this one. */
function ofOld(columns: number, changes: readonly HoldChange[], more: Partial<Authorization>): Authorization {
  const row = written(authorization(changes, more)).slice(0, columns);
  return authorizationFrom(row as unknown as StoredAuthorization, []);
}

describe('a snapshot of before events were numbered in it', () => {
  test('has each with its instant, heard before all that has a number', () => {
    const [begun, changed] = [noonMs - 4, noonMs - 3].map((heard_ms) => ({ heard: 2, heard_ms }));
    const one = ofOld(16, [adds({}), adds({ heard_ms: noonMs + 6 })], {
      begun: begun ?? null,
      changed: changed ?? null,
    });
    expect(one.changes).toEqual([adds({ heard: 0 }), adds({ heard: 0, heard_ms: noonMs + 6 })]);
    expect(one).toMatchObject({
      begun: { heard: 0, heard_ms: noonMs - 4 },
      changed: { heard: 0, heard_ms: noonMs - 3 },
    });
  });

  test('has begun nothing and changed nothing', () => {
    expect(ofOld(16, [], {})).toMatchObject({ begun: null, changed: null });
  });
});

describe('a snapshot of before it was kept when changes were heard', () => {
  const withoutHeard = (changes: readonly HoldChange[]) => ofOld(15, changes, { changed });

  test('has changed nothing, or first at the instant of its first event', () => {
    expect(withoutHeard([]).changed).toBeNull();
    expect(withoutHeard([adds({})]).changed?.heard_ms).toBe(noonMs);
    expect(withoutHeard([adds({}), adds({ at_ms: noonMs + 9 })]).changed?.heard_ms).toBe(noonMs);
  });

  test('began when the authorization did, and its later changes stand where they stood', () => {
    const { changes } = withoutHeard([adds({ at_ms: 0, nth: -1 }), adds({ at_ms: noonMs + 9 })]);
    const unknown = { heard: 0, heard_ms: 0 };
    expect(changes).toEqual([adds({ at_ms: noonMs, nth: -1, ...unknown }), adds({ at_ms: noonMs + 9, ...unknown })]);
  });
});
