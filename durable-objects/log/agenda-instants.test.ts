// The agenda by itself, over an alarm in memory: each instant is exact to the millisecond. How a card uses it: `agenda.test.ts`.

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { Agenda } from './agenda.ts';

const minuteMs = 60_000;
const hourMs = 3_600_000;
/** A whole minute. */
const noonMs = Date.UTC(2030, 2, 10, 12);
const nowMs = noonMs + 17_001;

class AlarmInMemory {
  atMs: number | null;
  constructor(atMs: number | null) {
    this.atMs = atMs;
  }
  getAlarm = () => Promise.resolve(this.atMs);
  setAlarm = (atMs: number) => {
    this.atMs = atMs;
    return Promise.resolve();
  };
}

/** An agenda that was restored with that alarm pending. */
async function agendaWith(pendingAtMs: number | null) {
  const storage = new AlarmInMemory(pendingAtMs);
  const agenda = new Agenda(storage);
  await agenda.restore();
  return { agenda, storage };
}

let logged: { event: string; ahead_ms: number }[];
beforeEach(() => {
  logged = [];
  vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(JSON.parse(String(line))));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a promise', () => {
  test.each([
    // to send: at the instant asked for, or 1 ms after a whole minute
    ['sending', noonMs, noonMs + 1],
    ['sending', noonMs + 1, noonMs + 1],
    ['sending', noonMs - 1, noonMs - 1],
    ['sending', noonMs + 30_000, noonMs + 30_000],
    // of upkeep: on the next whole minute
    ['upkeep', noonMs, noonMs],
    ['upkeep', noonMs + 1, noonMs + minuteMs],
    ['upkeep', noonMs - 1, noonMs],
  ] as const)('of %s asked for at %d is set for %d', async (promised, askedMs, setMs) => {
    const { agenda, storage } = await agendaWith(null);
    if (promised === 'sending') agenda.promiseSending(askedMs);
    else agenda.promiseUpkeep(askedMs);
    expect({ pending: agenda.pending, atMs: storage.atMs }).toEqual({ pending: promised, atMs: setMs });
  });
});

describe('sending by an instant', () => {
  test.each([
    ['at it', nowMs, true],
    // An alarm asked for at a whole minute is set 1 ms later, and is no later for that.
    ['1 ms after it', nowMs + 1, true],
    ['2 ms after it', nowMs + 2, false],
    ['before it', nowMs - 1_000, true],
    ['long after it', nowMs + hourMs + 1, false],
  ])('is promised by an alarm %s or not', async (_, pendingAtMs, isSending) => {
    const { agenda } = await agendaWith(pendingAtMs);
    expect(agenda.isPendingBy(nowMs)).toBe(isSending);
  });

  test('is promised by an alarm of upkeep too, which sends what is unsent, and not by none', async () => {
    expect((await agendaWith(noonMs)).agenda.isPendingBy(noonMs)).toBe(true);
    expect((await agendaWith(noonMs)).agenda.isPendingBy(noonMs - 2)).toBe(false);
    expect((await agendaWith(null)).agenda.isPendingBy(nowMs)).toBe(false);
  });

  test.each([
    ['none is pending', null, noonMs + 1, noonMs + minuteMs],
    ['one is that comes later', noonMs + hourMs, noonMs - 1, noonMs],
    ['one to send is, later than the minute', noonMs + 1, noonMs, noonMs],
    ['one is that comes within the same minute', noonMs, noonMs - 1, null],
    ['one to send comes sooner', noonMs - 5, noonMs, null],
    ['nothing will be due', null, Number.POSITIVE_INFINITY, null],
  ])('upkeep by an instant, where %s', async (_, pendingAtMs, byMs, setMs) => {
    const { agenda, storage } = await agendaWith(pendingAtMs);
    agenda.promiseUpkeepBy(byMs);
    expect(storage.atMs).toBe(setMs ?? pendingAtMs);
  });
});

describe('T8: an alarm later than we ever ask for', () => {
  const sendingLatestMs = nowMs + limits.publishAlarmBusyMs;
  const upkeepLatestMs = noonMs + limits.retentionMs + minuteMs;

  test.each([
    ['the latest that is ever asked for', sendingLatestMs],
    ['1 ms more, as on a whole minute', sendingLatestMs + 1],
    ['soon', nowMs + 5],
  ])('to send, %s: stays', async (_, atMs) => {
    const { agenda, storage } = await agendaWith(atMs);
    agenda.bringForward(nowMs);
    expect({ pending: agenda.pending, atMs: storage.atMs, logged }).toEqual({ pending: 'sending', atMs, logged: [] });
  });

  test('to send: is set as for a quiet card, and said with how far ahead it was', async () => {
    const { agenda, storage } = await agendaWith(sendingLatestMs + 2);
    agenda.bringForward(nowMs);
    expect({ pending: agenda.pending, atMs: storage.atMs }).toEqual({
      pending: 'sending',
      atMs: nowMs + limits.publishAlarmMs,
    });
    expect(logged).toMatchObject([{ event: 'alarm_brought_forward', ahead_ms: limits.publishAlarmBusyMs + 2 }]);
  });

  test.each([
    ['the latest that is ever asked for', upkeepLatestMs],
    ['a week', noonMs + 7 * 24 * hourMs],
  ])('of upkeep, %s: stays', async (_, atMs) => {
    const { agenda, storage } = await agendaWith(atMs);
    agenda.bringForward(noonMs);
    expect({ pending: agenda.pending, atMs: storage.atMs, logged }).toEqual({ pending: 'upkeep', atMs, logged: [] });
  });

  // Upkeep is on whole minutes: by a clock 1 ms (2 ms) before one, the same alarm is 1 ms (2 ms) too late.
  test('of upkeep: is set for the next minute, and the margin is the millisecond of a whole minute', async () => {
    const kept = await agendaWith(upkeepLatestMs);
    kept.agenda.bringForward(noonMs - 1);
    expect(kept.storage.atMs).toBe(upkeepLatestMs);
    const { agenda, storage } = await agendaWith(upkeepLatestMs);
    agenda.bringForward(noonMs - 2);
    expect({ pending: agenda.pending, atMs: storage.atMs }).toEqual({ pending: 'upkeep', atMs: noonMs + minuteMs });
    expect(logged).toMatchObject([{ ahead_ms: limits.retentionMs + minuteMs + 2 }]);
  });

  test('none is set where none was', async () => {
    const { agenda, storage } = await agendaWith(null);
    agenda.bringForward(nowMs);
    expect({ atMs: storage.atMs, logged }).toEqual({ atMs: null, logged: [] });
  });
});

describe('an alarm that goes off', () => {
  test.each([
    [noonMs, undefined],
    [nowMs, undefined],
    [null, noonMs],
    [noonMs, nowMs],
    [null, undefined],
  ])('is pending no more: %s, where the platform says %s', async (pendingAtMs, scheduledTime) => {
    const { agenda } = await agendaWith(pendingAtMs);
    agenda.fired(scheduledTime === undefined ? undefined : { scheduledTime });
    expect(agenda.pending).toBeNull();
  });
});

describe('T8: a clock beside the alarm that it handles', () => {
  const dayMs = limits.alarmLateMsMax;

  test.each([
    ['on time', nowMs, false],
    ['a day late', nowMs + dayMs, false],
    ['a day and a millisecond late', nowMs + dayMs + 1, true],
    ['early', nowMs - dayMs - 1, false],
  ])('%s: is in doubt or not, and says so', async (_, clockMs, isDoubted) => {
    const { agenda } = await agendaWith(null);
    agenda.fired({ scheduledTime: nowMs });
    expect(agenda.isClockDoubted(clockMs)).toBe(isDoubted);
    expect(logged).toMatchObject(isDoubted ? [{ event: 'alarm_clock_not_believed', ahead_ms: clockMs - nowMs }] : []);
  });

  test('the instant that the platform names counts, not the one that is pending', async () => {
    const { agenda } = await agendaWith(noonMs);
    agenda.fired({ scheduledTime: noonMs + 2 * dayMs });
    expect(agenda.isClockDoubted(noonMs + 2 * dayMs)).toBe(false);
  });

  test('without any instant to hold it against, it is believed', async () => {
    const { agenda } = await agendaWith(null);
    agenda.fired(undefined);
    expect(agenda.isClockDoubted(nowMs)).toBe(false);
  });

  test('an alarm that it set itself says nothing: each look stands an hour after the one before', async () => {
    const clockMs = nowMs + dayMs + 2 * hourMs + 1;
    const { agenda, storage } = await agendaWith(null);
    agenda.fired({ scheduledTime: nowMs });
    for (const look of [1, 2]) {
      expect(agenda.isClockDoubted(clockMs)).toBe(true);
      agenda.lookAgain();
      expect({ pending: agenda.pending, atMs: storage.atMs }).toEqual({
        pending: 'upkeep',
        atMs: Math.ceil((nowMs + look * hourMs) / minuteMs) * minuteMs,
      });
      agenda.promiseSending(clockMs);
      agenda.fired({ scheduledTime: clockMs });
    }
    expect(agenda.isClockDoubted(clockMs)).toBe(true);
    agenda.fired({ scheduledTime: clockMs });
    // Three hours after the first: a day late is believed, and what the clock sets from here on is its own instant again.
    expect(agenda.isClockDoubted(clockMs)).toBe(false);
    agenda.fired({ scheduledTime: clockMs });
    expect(agenda.isClockDoubted(clockMs + dayMs + 1)).toBe(true);
  });

  test('on a whole minute, the next look is an hour later to the millisecond', async () => {
    const { agenda, storage } = await agendaWith(null);
    agenda.fired({ scheduledTime: noonMs });
    expect(agenda.isClockDoubted(noonMs + 2 * dayMs)).toBe(true);
    agenda.lookAgain();
    expect({ pending: agenda.pending, atMs: storage.atMs }).toEqual({ pending: 'upkeep', atMs: noonMs + hourMs });
  });
});
