import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Control } from '../contracts/control.ts';
import type { LoggedEvent } from './apply.ts';
import { Backtest, type Compared } from './backtest.ts';
import { BacktestReport } from './backtest-report.ts';
import { Card } from './card.ts';
import * as sample from './samples.ts';

const dayMs = 24 * sample.hourMs;

/** A card with its history, and a clock that the test moves. */
class History {
  readonly events: LoggedEvent[] = [];
  readonly card: Card;
  #clockMs = sample.noonMs;
  #version = 0;
  #keys = 0;

  constructor(controls: Control[] = [], changes = {}) {
    const ids = sample.countingIds();
    this.card = new Card(
      {
        append: (event) => this.events.push(event),
        at: (sequence) => (this.events[sequence - 1] as LoggedEvent).body,
        freshIds: ids,
      },
      null,
      [],
    );
    this.profile(controls, changes);
  }

  profile(controls: Control[], changes = {}): void {
    this.#version += 1;
    this.card.putProfile(sample.profile({ version: this.#version, controls, ...changes }), this.#clockMs);
  }

  wait(ms: number): this {
    this.#clockMs += ms;
    return this;
  }

  ask(amount_minor: number, changes: Parameters<typeof sample.request>[0] = {}): string {
    const request_key = this.#nextKey();
    const asked = sample.request({ request_key, authorization_key: request_key, amount_minor, ...changes });
    this.card.authorize(asked, this.#clockMs);
    return asked.authorization_key;
  }

  hear(message: Parameters<Card['receive']>[0]): void {
    this.card.receive({ ...message, message_key: this.#nextKey() }, this.#clockMs);
  }

  void(requestKey: string): void {
    this.card.void(requestKey, this.#clockMs);
  }

  expire(): void {
    this.card.expire(this.#clockMs);
  }

  under(draft: readonly Control[]): Compared[] {
    const backtest = new Backtest(() => draft);
    return this.events.flatMap((event) => backtest.take(event) ?? []);
  }

  /** So that two histories name what they have in common alike. */
  skipKey(): void {
    this.#nextKey();
  }

  #nextKey(): string {
    this.#keys += 1;
    return `key-${this.#keys}`;
  }
}

const words = (compared: readonly Compared[]) =>
  compared.map(({ change, draft }) => (draft.reason === null ? change : `${change} ${draft.reason}`));

const uses = (count: number): Control => ({
  ...sample.limitPerDay(0, { control_id: 'uses', count, window: { per: 'rolling', seconds: 3_600 } }),
  amount_minor: undefined,
});

describe('a backtest', () => {
  test('a velocity limit counts what it would have let through, and nothing that it would have declined', () => {
    const history = new History();
    for (let n = 0; n < 4; n += 1) history.wait(sample.hourMs / 3).ask(100);
    // The third is one too many; with it declined, the fourth finds room that history had used up.
    expect(words(history.under([uses(2)]))).toEqual([
      'unchanged',
      'unchanged',
      'newly_declined exceeds_count_in_window',
      'unchanged',
    ]);
  });

  test('of a request that it declines, nothing that came later happened', () => {
    const history = new History();
    const key = history.ask(600);
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 700 }));
    history.ask(500);
    expect(words(history.under([sample.limitPerDay(550)]))).toEqual([
      'newly_declined exceeds_amount_in_window',
      'unchanged',
    ]);
  });

  test('what it approves against history is held until it lapses, and is never cleared', () => {
    const history = new History([sample.limitPerDay(100)], { funds_minor: 1_000 });
    history.ask(800);
    history.wait(dayMs).ask(300);
    history.wait(7 * dayMs).ask(900);
    expect(words(history.under([]))).toEqual([
      'newly_approved',
      // The hold of 800 stands: 300 more are beyond the funds.
      'unchanged insufficient_funds',
      'newly_approved',
    ]);
  });

  test('of a part that it approves, the part is cleared', () => {
    const history = new History([], { partial_approval: true });
    const key = history.ask(100, { partial_approval_capable: true });
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 100 }));
    history.ask(30);
    history.ask(20, { partial_approval_capable: false });
    const compared = history.under([sample.limitPerDay(80, { applies_to: { channel: { any_of: ['pos'] } } })]);
    expect(compared.map(({ change, draft }) => [change, draft.approved_minor])).toEqual([
      ['amount_changed', 80],
      ['newly_declined', 0],
      ['newly_declined', 0],
    ]);
    const roomier = history.under([sample.limitPerDay(130)]);
    expect(words(roomier).slice(0, 2)).toEqual(['unchanged', 'unchanged']);
  });

  test('a request that was given up gives back what the draft had held for it', () => {
    const history = new History();
    const key = history.ask(90);
    history.void(key);
    history.ask(100);
    expect(words(history.under([sample.limitPerDay(100)]))).toEqual(['unchanged', 'unchanged']);
  });

  test('what was given up is not taken for something that the draft approved of the same purchase', () => {
    const history = new History();
    const key = history.ask(90);
    history.void(key);
    history.ask(110, { authorization_key: key });
    history.hear(sample.clearing({ authorization_key: key, amount_minor: 110 }));
    history.ask(60);
    expect(words(history.under([sample.limitPerDay(105)]))).toEqual([
      'unchanged',
      'newly_declined exceeds_amount_in_window',
      'unchanged',
    ]);
  });

  test('shadow controls of the draft change nothing, and are reported', () => {
    const history = new History();
    history.ask(100);
    history.ask(200);
    const report = new BacktestReport({ examplesMax: 1 });
    const shadow = sample.limitPerDay(150, { mode: 'shadow' });
    for (const compared of history.under([shadow])) report.add('card_1', compared);
    expect(report.result()).toMatchObject({
      requests: 2,
      unchanged: 2,
      shadow_would_decline: {
        count: 1,
        by: [{ control_id: 'per-day', currency: 'USD', count: 1, amount_minor: 200n }],
      },
      examples: [],
    });
  });

  test('the report says by which control, for how much, with as many examples as asked for', () => {
    const history = new History([sample.limitPerDay(250)]);
    for (const amount of [100, 120, 200]) history.ask(amount);
    const report = new BacktestReport({ examplesMax: 1 });
    for (const compared of history.under([sample.limitPerDay(150), uses(9)])) report.add('card_1', compared);
    expect(report.result()).toMatchObject({
      unchanged: 2,
      newly_declined: {
        count: 1,
        by: [{ control_id: 'per-day', reason: 'exceeds_amount_in_window', count: 1, amount_minor: 120n }],
      },
      examples: [{ change: 'newly_declined', amount_minor: 120, recorded: { outcome: 'approved' } }],
    });
  });
});

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
  amount: fc.integer({ min: 0, max: 400 }),
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
