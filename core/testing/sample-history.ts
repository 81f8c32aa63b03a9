// A card with its history, for tests of what is run over recorded events; the test moves its clock.

import type { Control } from '../../contracts/control.ts';
import { Backtest, type Compared } from '../backtest/backtest.ts';
import { Card } from '../card/card.ts';
import type { LoggedEvent } from '../card/logged-event.ts';
import * as sample from './samples.ts';

export class History {
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

/** So many uses an hour. */
export const uses = (count: number): Control => ({
  ...sample.limitPerDay(0, { control_id: 'uses', count, window: { per: 'rolling', seconds: 3_600 } }),
  amount_minor: undefined,
});
