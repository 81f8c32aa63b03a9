// What a control holds beyond what the network was told: it stays while anything of that is left, and not longer.

import { describe, expect, test } from 'vitest';
import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Control } from '../../contracts/control.ts';
import type { Decision } from '../../contracts/decision.ts';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, clearing, expiry, noonMs, profile, request, reversal } from '../testing/samples.ts';

const tip = { control_id: 'tip', mode: 'enforce', applies_to: {}, does: 'adjust_hold', percent: 20 } as const;

type Turn = CardMessage | { asks: Partial<AuthorizationRequest> } | { voids: string };

function livedBy(turns: readonly Turn[]): SampleCard {
  const sample = new SampleCard(profile({ controls: [tip] }));
  for (const [index, turn] of turns.entries()) {
    sample.clockMs += 1_000;
    if ('asks' in turn) sample.card.authorize(request({ request_key: `r${index}`, ...turn.asks }), sample.clockMs);
    else if ('voids' in turn) sample.card.void(turn.voids, sample.clockMs);
    else sample.card.receive({ ...turn, message_key: `m${index}` }, sample.clockMs);
  }
  return sample;
}

const asked: Turn = { asks: { amount_minor: 500 } };
const increment: Turn = { asks: { kind: 'incremental', amount_minor: 200 } };
const takesBack = (amount_minor: number, at?: number) =>
  reversal({ amount_minor, ...(at === undefined ? {} : { occurred_at_ms: at }) });
const part = (amount_minor: number) => clearing({ amount_minor, final: false });

test.each<[says: string, turns: readonly Turn[], held: number]>([
  ['500 approved, 20 percent more held', [asked], 600],
  ['all of it is taken back by its figure', [asked, takesBack(500)], 0],
  ['a part is taken back, and our addition stays', [asked, takesBack(200)], 400],
  ['two parts are taken back, and leave nothing', [asked, takesBack(200), takesBack(300)], 0],
  ['all of it is cleared, though not finally', [asked, part(500)], 0],
  ['parts of it are cleared', [asked, part(200), part(200)], 200],
  ['parts of it are cleared, to the last', [asked, part(200), part(300)], 0],
  ['a reversal comes before its request', [takesBack(500), asked], 0],
  ['an increment after nothing was left', [asked, takesBack(500), increment], 240],
  ['an increment, and the first amount is taken back', [asked, increment, takesBack(500)], 340],
  ['an increment, and both amounts are taken back', [asked, increment, takesBack(700)], 0],
  ['the network says how much it holds', [asked, advice({ hold_minor: 500 }), takesBack(400)], 100],
  ['a void takes all of its own back, and no more', [asked, increment, { voids: 'r0' }], 240],
  ['and what is taken back after it is of the increment', [asked, increment, { voids: 'r0' }, takesBack(150)], 90],
  ['a void of the increment', [asked, increment, { voids: 'r1' }], 600],
  ['expiry', [asked, expiry()], 0],
])('%s', (_, turns, held) => {
  const sample = livedBy(turns);
  expect(sample.card.state.held_minor).toBe(held);
  const before = JSON.stringify(sample.card.snapshot());
  sample.reload(JSON.parse(before));
  expect(JSON.stringify(sample.card.snapshot())).toBe(before);
  sample.card.receive(part(1), sample.clockMs);
  const another = livedBy(turns);
  another.card.receive(part(1), another.clockMs);
  expect(sample.card.state.authorizations).toEqual(another.card.state.authorizations);
});

test('a reversal whose instant is before an increment leaves the increment alone, whenever it arrives', () => {
  const first: Turn = { asks: { amount_minor: 500, occurred_at_ms: noonMs - 30 } };
  const second: Turn = { asks: { kind: 'incremental', amount_minor: 200, occurred_at_ms: noonMs - 10 } };
  for (const turns of [
    [first, takesBack(500, noonMs - 20), second],
    [first, second, takesBack(500, noonMs - 20)],
    [takesBack(500, noonMs - 20), first, second],
  ])
    expect(livedBy(turns).card.state.held_minor).toBe(240);
});

test('a snapshot says what the network was told only of the changes where that differs', () => {
  const { authorizations } = livedBy([asked, increment, part(100)]).card.snapshot();
  expect(authorizations[0]?.[13]).toEqual([0, 500, -1, 1, 200, -1]);
  expect(livedBy([part(1), takesBack(1)]).card.snapshot().authorizations[0]?.[13]).toEqual([]);
});

describe('more for what is held already', () => {
  const adjusting = (figures: object) => {
    const control: Control = { control_id: 'tip', mode: 'enforce', applies_to: {}, does: 'adjust_hold', ...figures };
    const sample = new SampleCard(profile({ controls: [control] }));
    let count = 0;
    const asks = (asked: Partial<AuthorizationRequest> = {}): Decision => {
      const keys = { request_key: `r${++count}`, authorization_key: 'a1' };
      const answer = sample.card.authorize(request({ ...keys, ...asked }), sample.clockMs);
      if (answer.outcome === 'conflict') throw new Error(`the sample's own keys meet in ${answer.field}`);
      return answer.decision;
    };
    return { sample, asks };
  };

  test.each<[what: string, figures: object, first: number, second: number, third: number]>([
    ['a percentage of it', { percent: 20 }, 600, 240, 120],
    ['no fixed amount again', { add_minor: 30 }, 530, 200, 100],
    ['a percentage, and no fixed amount again', { percent: 20, add_minor: 30 }, 630, 240, 120],
    ['nothing more where the least is held already', { at_least_minor: 2_000 }, 2_000, 200, 100],
    [
      'what is missing of the least, which percents have not reached',
      { percent: 1, at_least_minor: 506 },
      506,
      202,
      101,
    ],
    ['up to the cap of all of it', { percent: 100, cap_minor: 1_150 }, 1_000, 200, 100],
    ['up to the cap, a part of its percents', { percent: 50, cap_minor: 1_000 }, 750, 250, 100],
  ])('an increment holds %s', (_, figures, first, second, third) => {
    const { asks, sample } = adjusting(figures);
    const more = { kind: 'incremental', authorization_key: 'a1' } as const;
    const held = [asks(), asks({ ...more, amount_minor: 200 }), asks({ ...more, amount_minor: 100 })];
    expect(held.map(({ hold_minor }) => hold_minor)).toEqual([first, second, third]);
    expect(sample.card.state.held_minor).toBe(first + second + third);
  });

  test('an increment after a reversal is held up to the least again', () => {
    const { asks, sample } = adjusting({ at_least_minor: 2_000, add_minor: 30 });
    asks();
    sample.card.receive(reversal({ authorization_key: 'a1' }), noonMs);
    expect(asks({ kind: 'incremental', authorization_key: 'a1', amount_minor: 100 }).hold_minor).toBe(2_000);
  });

  test('a purchase that is asked for anew after its void has the fixed amount again', () => {
    const { asks, sample } = adjusting({ add_minor: 30 });
    asks();
    sample.card.void('r1', noonMs);
    expect(asks({ authorization_key: 'a1' }).hold_minor).toBe(530);
  });
});
