// The snapshot of the release before, set aside beside this release's: what is kept for it, and until when.

import { abortAllDurableObjects, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import type { CardKey } from '../../contracts/network.ts';
import { newCardState } from '../../core/card/card-state.ts';
import { type Snapshot, snapshotOf } from '../../core/card/snapshot.ts';
import { cardAt, newCardKey } from '../testing/sample-card.ts';
import { CardSnapshot } from './card-snapshot.ts';

const startMs = Date.UTC(2100, 2, 10, 12);
const usual = { ...limits };
const logged: string[] = [];
beforeEach(() => {
  Object.assign(limits, { snapshotBeforeRowsMax: 20 });
  vi.spyOn(console, 'error').mockImplementation((line) => void logged.push(String(line)));
});
afterEach(() => {
  Object.assign(limits, usual);
  vi.restoreAllMocks();
  logged.length = 0;
});

const upTo = (sequence: number): Snapshot => snapshotOf(newCardState(), sequence, startMs);
const inStorage = <T>(key: CardKey, look: (sql: SqlStorage) => T) =>
  runInDurableObject(cardAt(key), (_, { storage }) => look(storage.sql));
/** As the release before has left it: it wrote snapshots of version 1. */
function leaveOlder(sql: SqlStorage, sequence: number): void {
  const { currency: _, sums: __, asked: ___, ...same } = upTo(sequence);
  const text = JSON.stringify({ ...same, version: 1, posted_minor: 0, uses: 0 });
  sql.exec('create table if not exists snapshot (part integer primary key, body text not null)');
  sql.exec('insert or replace into snapshot (part, body) values (0, ?)', text);
}
function loaded(sql: SqlStorage) {
  const snapshot = new CardSnapshot(sql);
  return { snapshot, sequence: snapshot.read()?.sequence ?? null };
}

test('rows after it are kept beside it until it goes, and rows that it holds are not', () =>
  inStorage(newCardKey(), (sql) => {
    leaveOlder(sql, 11);
    const { snapshot } = loaded(sql);
    expect([snapshot.rowsKeptAfter(14, startMs), snapshot.keepsUntilMs(12)]).toEqual([11, 0]);
    snapshot.write(upTo(14), startMs);
    const untilMs = startMs + limits.snapshotBeforeKeptMs;
    for (const one of [snapshot, loaded(sql).snapshot]) {
      expect([one.keepsUntilMs(12), one.keepsUntilMs(11)]).toEqual([untilMs, 0]);
      expect([one.rowsKeptAfter(31, untilMs - 1), one.rowsKeptAfter(31, untilMs)]).toEqual([11, 31]);
      expect(one.rowsKeptAfter(32, startMs)).toBe(32);
    }
    snapshot.write(upTo(32), startMs);
    expect([snapshot.keepsUntilMs(12), loaded(sql).snapshot.keepsUntilMs(12)]).toEqual([0, 0]);
  }));

test('of two releases within a week, the one right before stays', () =>
  inStorage(newCardKey(), (sql) => {
    leaveOlder(sql, 11);
    loaded(sql).snapshot.write(upTo(14), startMs);
    leaveOlder(sql, 15);
    const { snapshot, sequence } = loaded(sql);
    expect(sequence).toBe(15);
    snapshot.write(upTo(16), startMs + 1);
    const again = loaded(sql);
    expect([again.sequence, again.snapshot.rowsKeptAfter(17, startMs)]).toEqual([16, 15]);
    sql.exec(`update snapshot set body = '{"version":3}'`);
    expect(loaded(sql).sequence).toBe(15);
  }));

test('a card that cannot read what is there says so', async () => {
  const key = newCardKey();
  await inStorage(key, (sql) => {
    sql.exec('create table snapshot (part integer primary key, body text not null)');
    sql.exec(`insert into snapshot (part, body) values (0, '{"version":3}')`);
  });
  await abortAllDurableObjects();
  await expect(Promise.resolve(cardAt(key).eventsAfter(0))).rejects.toThrow('newer release');
  expect(logged.filter((line) => line.includes('card_of_newer_release'))).toHaveLength(1);
});
