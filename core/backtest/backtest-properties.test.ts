// Backtests of drawn histories: in agreement with what live cards decided, and would have decided.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Control } from '../../contracts/control.ts';
import { History, uses } from '../testing/sample-history.ts';
import * as sample from '../testing/samples.ts';

const turn = fc.record({
  what: fc.constantFrom(
    ...['ask', 'ask', 'ask', 'increment', 'verify', 'clear', 'part', 'reverse', 'reverse_part', 'refund', 'force'],
    ...['advise', 'expiry', 'lapse', 'void', 'profile', 'freeze'],
  ),
  which: fc.nat(30),
  other: fc.option(fc.nat(5), { freq: 4 }),
  amount: fc.integer({ min: 0, max: 400 }),
  minutes: fc.integer({ min: 0, max: 3_000 }),
});
type Turn = typeof turn extends fc.Arbitrary<infer T> ? T : never;

const purchase = fc.record({
  what: fc.constantFrom('ask', 'ask', 'clear', 'reverse', 'lapse'),
  which: fc.nat(30),
  amount: fc.integer({ min: 1, max: 400 }),
  minutes: fc.integer({ min: 0, max: 100 }),
});

function happen(history: History, keys: string[], controls: Control[], one: Turn): void {
  const { what, which, other, amount, minutes } = one;
  history.wait(minutes * 60_000);
  const key = keys[which % Math.max(1, keys.length)] ?? 'nobody-knows';
  const alias_key = other === null ? undefined : keys[other % Math.max(1, keys.length)];
  const named = { authorization_key: key, ...(alias_key === undefined ? {} : { alias_key }) };
  if (what === 'ask') keys.push(history.ask(amount, { partial_approval_capable: which > 15 }));
  else if (what === 'increment') history.ask(amount, { kind: 'incremental', ...named });
  else if (what === 'verify') history.ask(0, { kind: 'account_verification' });
  else if (what === 'clear' || what === 'part')
    history.hear(sample.clearing({ ...named, amount_minor: amount, final: what === 'clear' }));
  else if (what === 'reverse') history.hear(sample.reversal(named));
  else if (what === 'reverse_part') history.hear(sample.reversal({ ...named, amount_minor: amount }));
  else if (what === 'refund') history.hear(sample.refund({ ...named, amount_minor: amount }));
  else if (what === 'force') history.hear(sample.clearing({ authorization_key: null, amount_minor: amount }));
  else if (what === 'advise') history.hear(sample.advice({ ...named, hold_minor: amount }));
  else if (what === 'expiry') history.hear(sample.expiry(named));
  else if (what === 'lapse') history.expire();
  else if (what === 'void') history.void(key);
  else if (what === 'profile') history.profile(controls, { funds_minor: amount * 20, partial_approval: which > 10 });
  else history.profile(controls, { status: which > 20 ? 'frozen' : 'active' });
}

describe('properties', () => {
  const window = fc.constantFrom<Control[]>(
    [sample.limitPerDay(900)],
    [uses(3), sample.limitPerDay(300, { mode: 'shadow' })],
    [sample.limitPerDay(700, { window: { per: 'rolling', seconds: 7_200 }, refunds_give_back: true })],
    [
      sample.limitPerDay(200, { control_id: 'each', window: { per: 'transaction' } }),
      { control_id: 'tips', mode: 'enforce', does: 'adjust_hold', percent: 20, applies_to: {} },
    ],
  );

  test('the controls that were in force change nothing', () => {
    fc.assert(
      fc.property(window, fc.array(turn, { maxLength: 60 }), (controls, turns) => {
        const history = new History(controls, { partial_approval: true });
        const keys: string[] = [];
        for (const one of turns) happen(history, keys, controls, one);
        for (const { change, draft, recorded } of history.under(controls)) {
          expect(change).toBe('unchanged');
          expect(draft).toEqual(recorded);
        }
      }),
      { numRuns: 300 },
    );
  });

  test('a history without controls, tested with a draft, is what a card with the draft would have decided', () => {
    fc.assert(
      fc.property(window, fc.array(purchase, { maxLength: 60 }), (draft, turns) => {
        const [free, bound] = [new History(), new History(draft)];
        const approvedBy = (key: string) => bound.card.state.authorizations.get(key)?.approved_minor ?? 0;
        const keys: string[] = [];
        for (const { what, which, amount, minutes } of turns) {
          for (const history of [free, bound]) history.wait(minutes * 60_000);
          const key = keys[which % Math.max(1, keys.length)];
          if (what === 'ask') {
            keys.push(free.ask(amount));
            bound.ask(amount);
          } else if (key !== undefined && what === 'reverse') tell(sample.reversal({ authorization_key: key }));
          else if (key !== undefined && what === 'clear')
            tell(sample.clearing({ authorization_key: key, amount_minor: amount }));
          else if (what === 'lapse') for (const history of [free, bound]) history.expire();
        }
        /** To the card with the draft only what would have come of its approvals. */
        function tell(message: Parameters<History['hear']>[0]): void {
          free.hear(message);
          if (approvedBy(message.authorization_key ?? '') > 0) bound.hear(message);
          else bound.skipKey();
        }
        const live = bound.events.flatMap(({ body }) => (body.kind === 'authorization' ? [body.decision] : []));
        expect(free.under(draft).map(({ draft: said }) => said)).toEqual(live);
      }),
      { numRuns: 300 },
    );
  });

  test('what a draft approves never exceeds its own limit', () => {
    fc.assert(
      fc.property(
        window,
        fc.array(turn, { maxLength: 40 }),
        fc.integer({ min: 0, max: 600 }),
        (controls, turns, most) => {
          const history = new History(controls);
          const keys: string[] = [];
          for (const one of turns) happen(history, keys, controls, one);
          const draft = sample.limitPerDay(most, { window: { per: 'transaction' } });
          for (const { draft: said } of history.under([draft])) expect(said.approved_minor).toBeLessThanOrEqual(most);
        },
      ),
    );
  });
});
