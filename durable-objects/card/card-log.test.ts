// The card's log and its snapshot, over the storage of an object that nothing else uses.

import { runInDurableObject } from 'cloudflare:test';
import { afterEach, describe, expect, test } from 'vitest';
import { limits } from '../../contracts/limits.ts';
import { SampleCard } from '../../core/testing/sample-lives.ts';
import { noonMs, profile } from '../../core/testing/samples.ts';
import { cardAt, newCardKey, upTo } from '../testing/sample-card.ts';
import { type CardLog, cardLog } from './card-log.ts';
import { CardSnapshot } from './card-snapshot.ts';

const usual = limits.snapshotPartLengthMax;
afterEach(() => void Object.assign(limits, { snapshotPartLengthMax: usual }));

/** What an object's storage says to a test; the object itself is not asked. */
const inStorage = (look: (sql: SqlStorage) => void) =>
  runInDurableObject(cardAt(newCardKey()), (_, { storage: { sql } }) => look(sql));
const tables = (sql: SqlStorage) =>
  sql
    .exec<{ name: string }>("select name from sqlite_master where name in ('log', 'snapshot')")
    .toArray()
    .map(({ name }) => name);
const stored = (sql: SqlStorage) =>
  sql
    .exec<{ sequence: number }>('select sequence from log order by sequence')
    .toArray()
    .map(({ sequence }) => sequence);
const row = (sequence: number) => {
  const body = { kind: 'profile', event_id: `evt_${'0'.repeat(26)}`, profile: profile({ version: sequence }) } as const;
  return { sequence, at_ms: noonMs + sequence, body };
};
const sequences = (log: CardLog, above: number, limit: number) =>
  [...log.after(above, limit)].map(({ sequence }) => sequence);

describe('a log', () => {
  test('that nothing was written to has nothing, and leaves nothing', async () => {
    await inStorage((sql) => {
      const log = cardLog(sql);
      expect([
        sequences(log, 0, 10),
        log.oldest(),
        log.firstSince(0),
        log.publishedSequence(log.newestSequence()),
      ]).toEqual([[], null, null, 0]);
      log.trim(5);
      expect(tables(sql)).toEqual([]);
    });
  });

  test('gives back what was written, in memory and after a load', async () => {
    await inStorage((sql) => {
      const written = cardLog(sql);
      for (const sequence of [1, 2, 3, 4]) written.append(row(sequence), sequence - 1);
      for (const log of [written, cardLog(sql)]) {
        expect([...log.after(0, 10)]).toEqual([row(1), row(2), row(3), row(4)]);
        expect([sequences(log, 2, 10), sequences(log, 1, 2), sequences(log, 4, 10)]).toEqual([[3, 4], [2, 3], []]);
        expect(log.at(3)).toEqual(row(3));
        expect(() => log.at(5)).toThrow();
        expect(log.oldest()).toEqual({ sequence: 1, at_ms: noonMs + 1 });
        expect([0, 1, 2, 4].map((ms) => log.firstSince(noonMs + ms))).toEqual([1, 1, 2, 4]);
        expect(log.firstSince(noonMs + 5)).toBeNull();
        expect(log.publishedSequence(log.newestSequence())).toBe(3);
      }
    });
  });

  test('loses its oldest rows and no others, and may be empty after it', async () => {
    await inStorage((sql) => {
      const log = cardLog(sql);
      for (const sequence of [1, 2, 3]) log.append(row(sequence), sequence - 1);
      log.trim(3);
      const loaded = cardLog(sql);
      loaded.keepFrom(3);
      for (const one of [log, loaded]) {
        expect([sequences(one, 0, 10), one.oldest()?.sequence, one.firstSince(0)]).toEqual([[3], 3, 3]);
        expect(() => one.at(2)).toThrow('event 2 is not in the log');
      }
      log.trim(4);
      expect([sequences(log, 0, 10), log.oldest(), log.firstSince(0), stored(sql)]).toEqual([[], null, null, [3]]);
      log.trim(4);
      expect([stored(sql), log.publishedSequence(log.newestSequence())]).toEqual([[], 0]);
      log.append(row(4), 3);
      expect([sequences(log, 0, 10), log.publishedSequence(log.newestSequence())]).toEqual([[4], 3]);
    });
  });

  test('writes new rows over those that were trimmed, each as one row, and what is left of them goes with the next trim', async () => {
    await inStorage((sql) => {
      const log = cardLog(sql);
      for (const sequence of upTo(6)) log.append(row(sequence), sequence - 1);
      log.trim(5);
      // The first of all goes at once: that it is there would say that nothing was forgotten.
      expect(stored(sql)).toEqual([2, 3, 4, 5, 6]);
      const { exec } = sql;
      let written = 0;
      sql.exec = (...statement) => {
        const cursor = exec.apply(sql, statement);
        written += cursor.rowsWritten;
        return cursor as never;
      };
      log.append(row(7), 6);
      const loaded = cardLog(sql);
      loaded.keepFrom(5);
      loaded.append(row(8), 7);
      expect([written, stored(sql)]).toEqual([2, [4, 5, 6, 7, 8]]);
      expect([...loaded.after(6, 10)]).toEqual([row(7), row(8)]);
      expect([loaded.oldest()?.sequence, loaded.oldest(0)?.sequence]).toEqual([5, 4]);
      loaded.trim(6);
      expect([stored(sql), sequences(loaded, 0, 10)]).toEqual([
        [5, 6, 7, 8],
        [6, 7, 8],
      ]);
      // One is left to write over: the next is a new one.
      for (const sequence of [9, 10]) loaded.append(row(sequence), sequence - 1);
      expect(stored(sql)).toEqual([6, 7, 8, 9, 10]);
    });
  });

  test('that nothing was taken from writes over nothing', async () => {
    await inStorage((sql) => {
      const log = cardLog(sql);
      log.append(row(1), 0);
      log.trim(1);
      log.append(row(2), 1);
      expect(stored(sql)).toEqual([1, 2]);
    });
  });
});

describe('a snapshot', () => {
  const snapshots = () => {
    const { card } = new SampleCard(profile());
    const young = card.snapshot();
    card.putProfile(profile({ version: 2 }), noonMs);
    return [young, card.snapshot()] as const;
  };

  test('is none until it is written, and leaves nothing', async () => {
    await inStorage((sql) => {
      expect([new CardSnapshot(sql).read(), tables(sql)]).toEqual([null, []]);
    });
  });

  test('is the one that was written last, of however many parts', async () => {
    const [young, old] = snapshots();
    await inStorage((sql) => {
      const parts = () => sql.exec('select part from snapshot').toArray().length;
      for (const [length, snapshot] of [
        [20, young],
        [usual, old],
        [100, young],
      ] as const) {
        Object.assign(limits, { snapshotPartLengthMax: length });
        new CardSnapshot(sql).write(snapshot, 0);
        expect(new CardSnapshot(sql).read()).toEqual(snapshot);
        expect(parts()).toBe(Math.ceil(JSON.stringify(snapshot).length / length));
      }
    });
  });

  test('is none where its table is there and empty', async () => {
    await inStorage((sql) => {
      sql.exec('create table snapshot (part integer primary key, body text not null)');
      expect(new CardSnapshot(sql).read()).toBeNull();
    });
  });
});
