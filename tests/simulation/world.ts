// The world that some hundreds of cards share: a few time zones, windows and merchants, and the moments at which things happen.
// Few enough that calendars are looked up more often than worked out; every world draws others.

import type { Merchant } from '../../contracts/authorization-request.ts';
import type { Window } from '../../contracts/window.ts';
import type { Draw } from './draw.ts';
import { localTime, weekdays } from './local-calendar.ts';

const quarterMs = 900_000;
const dayMs = 86_400_000;
const daysInWorld = 420;
const momentsMax = 300;

/** With changes at midnight, by half an hour, by two hours, in Ramadan, and offsets of quarters. */
const zones = [
  'UTC',
  'Europe/Berlin',
  'America/New_York',
  'America/Santiago',
  'America/Asuncion',
  'America/Havana',
  'America/St_Johns',
  'Africa/Cairo',
  'Africa/Casablanca',
  'Antarctica/Troll',
  'Asia/Beirut',
  'Asia/Kathmandu',
  'Asia/Tokyo',
  'Atlantic/Azores',
  'Australia/Lord_Howe',
  'Pacific/Chatham',
  'Pacific/Kiritimati',
] as const;

export interface World {
  readonly zones: readonly string[];
  readonly windows: readonly Window[];
  readonly merchants: readonly Merchant[];
  /** In order, each the start of a quarter of an hour. */
  readonly moments: readonly number[];
}

export function newWorld(draw: Draw): World {
  const some = draw.shuffled(zones).slice(0, 3);
  const startMs = Date.UTC(draw.between(2023, 2031), draw.below(12), draw.between(1, 28));
  return {
    zones: some,
    windows: windowsIn(draw, some),
    merchants: merchants(draw),
    moments: moments(draw, some, startMs),
  };
}

function windowsIn(draw: Draw, some: readonly string[]): Window[] {
  const zone = () => draw.pick(some);
  const rolling = [10, 60, 3_600, 86_400, draw.between(2, 20) * 86_400, 90 * 86_400];
  return [
    { per: 'transaction' },
    { per: 'day', time_zone: zone() },
    { per: 'day', time_zone: zone() },
    { per: 'week', starts_on: draw.pick(weekdays), time_zone: zone() },
    { per: 'month', starts_on: draw.pick([1, 15, 29, 30, 31]), time_zone: zone() },
    { per: 'month', starts_on: 31, time_zone: zone() },
    { per: 'year', time_zone: zone() },
    { per: 'lifetime' },
    ...rolling.map((seconds) => ({ per: 'rolling', seconds }) as const),
  ];
}

const categories = ['5411', '5812', '5814', '7011', '7512', '3504', '3360', '5542', '4111', '7995'];
const names = [
  'Green Grocer',
  'GREEN* MARKET 12',
  'Harbour Hotel',
  'Fuel (North) 7',
  'Night Bus',
  'a.b',
  'Café Orléans',
];

function merchants(draw: Draw): Merchant[] {
  const known = Array.from({ length: 7 }, (_, index) => ({
    id: draw.chance(0.9) ? `merchant-${index}` : null,
    name: draw.chance(0.9) ? (names[index] ?? null) : null,
    category: draw.chance(0.92) ? draw.pick(categories) : null,
    country: draw.chance(0.92) ? draw.pick(['US', 'DE', 'JP', 'BR']) : null,
  }));
  return [...known, { id: null, name: null, category: null, country: null }];
}

/** Around changes of clocks, midnights, ends of months and years; and any others. */
function moments(draw: Draw, some: readonly string[], startMs: number): number[] {
  const found = new Set<number>();
  const around = (atMs: number) => {
    const quarter = Math.floor(atMs / quarterMs) * quarterMs;
    for (const offset of [-1, 0, 1]) found.add(quarter + offset * quarterMs);
  };
  for (const zone of some) {
    for (const changeMs of clockChanges(zone, startMs)) around(changeMs);
    for (let day = 0; day < daysInWorld; day += draw.between(12, 30))
      around(midnightAfter(zone, startMs + day * dayMs));
    const year = new Date(startMs).getUTCFullYear();
    around(midnightAfter(zone, Date.UTC(year, 11, 31, 12)));
    for (const month of [0, 1, 3]) around(midnightAfter(zone, Date.UTC(year + 1, month + 1, 0, 12)));
  }
  while (found.size < momentsMax) found.add(startMs + draw.below((daysInWorld * dayMs) / quarterMs) * quarterMs);
  return [...found].sort((one, other) => one - other);
}

function midnightAfter(zone: string, atMs: number): number {
  const today = localTime(zone, atMs).day_number;
  let quarter = Math.floor(atMs / quarterMs) * quarterMs + (1_440 - localTime(zone, atMs).minute - 90) * 60_000;
  while (localTime(zone, quarter).day_number === today) quarter += quarterMs;
  return quarter;
}

/** Where the wall clock of a zone is not a day later a day later. */
function clockChanges(zone: string, startMs: number): number[] {
  const changes: number[] = [];
  for (let atMs = startMs; atMs < startMs + daysInWorld * dayMs; atMs += dayMs) {
    if (localTime(zone, atMs).minute === localTime(zone, atMs + dayMs).minute) continue;
    let quarter = atMs;
    const offset = (at: number) => localTime(zone, at).day_number * 1_440 + localTime(zone, at).minute - at / 60_000;
    while (offset(quarter) === offset(atMs)) quarter += quarterMs;
    changes.push(quarter);
  }
  return changes;
}
