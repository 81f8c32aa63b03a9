// The queue between a card and the origin, as bad as a queue may be: away for hours, slow, taking a message and failing to say
// so, and with the card's process dying between the send and its record. The origin behind it takes each event once, in order.

import type { CardEvent, CardEventsMessage } from '../../contracts/card-event.ts';
import type { Draw } from './draw.ts';
import { Violation } from './laws.ts';
import type { SimulatedTime } from './simulated-time.ts';
import type { Tally } from './tally.ts';

const secondMs = 1_000;
const hourMs = 3_600_000;

export class SimulatedQueue {
  /** Messages as they came, repeats included. */
  readonly messages: CardEventsMessage[] = [];
  /** The origin's events: the first at 0, each once. */
  readonly events: CardEvent[] = [];
  /** Kept for whoever moves time on: thrown here, it would look like a queue that is away. */
  violation: Violation | null = null;
  /** Counts up with all that happens here, so that whoever waits sees when nothing does any more. */
  turns = 0;
  /** From then on nothing goes wrong: the end of a run. */
  isHealed = false;
  readonly #draw: Draw;
  readonly #time: SimulatedTime;
  readonly #tally: Tally;
  #awayUntilMs = 0;

  constructor(draw: Draw, time: SimulatedTime, tally: Tally) {
    this.#draw = draw;
    this.#time = time;
    this.#tally = tally;
  }

  goAway(lengthMs: number): void {
    this.#awayUntilMs = this.#time.nowMs + lengthMs;
  }

  heal(): void {
    this.isHealed = true;
    this.#awayUntilMs = 0;
  }

  /** `die`: ends the process that sends; what it waits for never comes, taken or not. */
  send(message: CardEventsMessage, isAlive: () => boolean, die: () => void): Promise<unknown> {
    this.turns++;
    const draw = this.#draw;
    const kind = this.isHealed ? 99 : draw.below(100);
    if (this.#time.nowMs < this.#awayUntilMs || kind < 3) return this.#away(kind);
    if (kind < 5) {
      this.#tally.count('message_taken_unsaid');
      this.#take(message);
      return Promise.reject(new Error('the queue said nothing in time'));
    }
    if (kind < 6) {
      this.#tally.count('process_died_sending');
      if (draw.chance(0.5)) this.#take(message);
      die();
      return never;
    }
    if (kind < 26) return this.#slowly(message, draw.below(4 * secondMs), isAlive);
    this.#take(message);
    return done;
  }

  #away(kind: number): Promise<never> {
    this.#tally.count('queue_away');
    if (this.#awayUntilMs <= this.#time.nowMs && kind === 0) this.goAway(this.#draw.below(6 * hourMs));
    return Promise.reject(new Error('the queue is away'));
  }

  /** A process that dies meanwhile does not learn of it. */
  #slowly(message: CardEventsMessage, lengthMs: number, isAlive: () => boolean): Promise<unknown> {
    return new Promise((resolve) => {
      this.#time.at(this.#time.nowMs + lengthMs, () => {
        this.turns++;
        this.#take(message);
        if (isAlive()) resolve(undefined);
      });
    });
  }

  /** One sender, in order: whatever it repeats, no number may be missing before those that it sends. */
  #take(message: CardEventsMessage): void {
    const { events } = this;
    this.messages.push(message);
    const [first] = message.events;
    let next = first?.sequence ?? 0;
    if (next > events.length + 1) this.#break(`a message begins with event ${next} after event ${events.length}`);
    for (const event of message.events) {
      if (event.sequence !== next) this.#break(`event ${event.sequence} stands in a message where ${next} should`);
      if (next === events.length + 1) events.push(event);
      next++;
    }
  }

  #break(differs: string): void {
    this.violation ??= new Violation('outbox_sends_all', differs);
  }
}

const done = Promise.resolve();
const never = new Promise<never>(() => undefined);
