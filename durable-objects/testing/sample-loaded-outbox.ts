// An outbox that was loaded with a log, an alarm and a cursor, for tests: what it does to them is noted, and its clock and queue are the test's.

import type { CardEventsMessage } from '../../contracts/card-event.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { profile } from '../../core/testing/samples.ts';
import { streamOf } from '../card/card-outbox.ts';
import { Agenda } from '../log/agenda.ts';
import { Outbox } from '../log/outbox.ts';

export const startMs = Date.UTC(2100, 0, 1) + 1;

export interface Found {
  /** The sequences of the rows in the log. */
  readonly rows?: readonly number[];
  /** The cursor as the newest row knew it. */
  readonly published?: number;
  readonly alarmAtMs?: number | null;
  /** The newest row that the object was loaded with; by itself the last of the log. */
  readonly sequence?: number;
}

export function rowOf(sequence: number): LoggedEvent {
  const body = { kind: 'profile', event_id: `evt_${'0'.repeat(26)}`, profile: profile() } as const;
  return { sequence, at_ms: startMs, body };
}

export async function loaded({ rows = [], published = 0, alarmAtMs = null, sequence = rows.at(-1) ?? 0 }: Found = {}) {
  const card = {
    log: rows.map(rowOf),
    nowMs: startMs,
    alarms: [] as number[],
    timers: [] as { delayMs: number; atMs: number; call: () => void; isStopped: boolean }[],
    messages: [] as number[][],
    logReads: 0,
    noted: [] as number[],
    upkeepAtMs: null as number | null,
    startedAgain: [] as string[],
    send: (_: CardEventsMessage): Promise<unknown> => Promise.resolve(),
    untilDurable: (): Promise<unknown> => Promise.resolve(),
  };
  const agenda = new Agenda({
    getAlarm: () => Promise.resolve(card.alarms.at(-1) ?? alarmAtMs),
    setAlarm: (atMs) => Promise.resolve(void card.alarms.push(atMs)),
  });
  await agenda.restore();
  const outbox = new Outbox({
    agenda,
    log: {
      after(after, limit) {
        card.logReads++;
        return card.log.filter((row) => row.sequence > after).slice(0, limit);
      },
      oldest: () => card.log[0] ?? null,
      publishedSequence: () => published,
      noteSent: (sequence) => void card.noted.push(sequence),
    },
    send: async (message) => {
      await card.send(message);
      card.messages.push(message.events.map((event) => event.sequence));
    },
    untilDurable: () => card.untilDurable(),
    ...streamOf(() => 'native:card'),
    upkeepAtMs: () => card.upkeepAtMs,
    startAgain: (reason) => void card.startedAgain.push(reason),
    timing: {
      nowMs: () => card.nowMs,
      startTimer(delayMs, call) {
        const timer = { delayMs, atMs: card.nowMs + delayMs, call, isStopped: false };
        card.timers.push(timer);
        return () => {
          timer.isStopped = true;
        };
      },
    },
  });
  outbox.restore(sequence);
  const record = (...sequences: readonly number[]) => {
    for (const one of sequences) {
      card.log.push(rowOf(one));
      outbox.recorded(rowOf(one));
    }
  };
  return { card, outbox, agenda, record };
}

export const away = () => Promise.reject(new Error('the queue is away'));
export const waiting = (timers: readonly { isStopped: boolean; delayMs: number }[]) =>
  timers.filter(({ isStopped }) => !isStopped).map(({ delayMs }) => delayMs);
