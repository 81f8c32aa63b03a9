// What a control holds beyond what the network was told: it stays while anything of that is left, and not longer.

import { expect, test } from 'vitest';
import type { AuthorizationRequest } from '../contracts/authorization-request.ts';
import type { CardMessage } from '../contracts/card-message.ts';
import { SampleCard } from './sample-lives.ts';
import { advice, clearing, expiry, noonMs, profile, request, reversal } from './samples.ts';

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

test('a snapshot says what the network was told only of the steps where that differs', () => {
  const { authorizations } = livedBy([asked, increment, part(100)]).card.snapshot();
  expect(authorizations[0]?.slice(13)).toEqual([[0, 500, 1, 200]]);
  expect(livedBy([part(1), takesBack(1)]).card.snapshot().authorizations[0]?.length).toBe(13);
});
