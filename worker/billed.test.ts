// What Cloudflare counts of a card that is used once a day: rows, alarms, messages, bytes. docs/sizing.md is worked out from these
// figures, so a change of what a purchase writes fails here until `scripts/sizing/measured.ts` says it.

import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { limits } from '../contracts/limits.ts';
import { profile } from '../core/testing/samples.ts';
import { hearEvents } from '../durable-objects/testing/event-queues.ts';
import { gatewayMessage, webhookMessage } from '../scripts/marqeta-messages.ts';
import { measuredCard } from '../scripts/sizing/measured.ts';
import { cardAt, newToken, postMarqeta } from './testing/calls.ts';

const dayMs = 86_400_000;
/** Ahead of the machine's clock, so that no alarm runs but when this test says so. */
const startMs = Date.UTC(2100, 2, 10, 12);
const settings = { ...limits };

/** All that was counted so far. */
const counted = { rows_written: 0, rows_read: 0, alarms: 0, messages: 0, message_bytes: 0 };
let cursors: SqlStorageCursor<Record<string, SqlStorageValue>>[];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.setSystemTime(startMs);
  // The timer that sends half a second later: nothing comes meanwhile, so sending at once counts the same.
  Object.assign(limits, { publishDelayMs: 0 });
  Object.assign(counted, { rows_written: 0, rows_read: 0, alarms: 0, messages: 0, message_bytes: 0 });
  cursors = [];
  vi.spyOn(console, 'info').mockImplementation(() => undefined);
  hearEvents((message) => {
    counted.messages += 1;
    counted.message_bytes += JSON.stringify(message).length;
  });
});
afterEach(() => {
  Object.assign(limits, settings);
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Rows of every statement, and of every alarm that is set: each is billed as a row written. */
async function countRows(card: ReturnType<typeof cardAt>): Promise<void> {
  await runInDurableObject(card, (_, { storage }) => {
    const sql = Object.getPrototypeOf(storage.sql) as SqlStorage;
    const { exec } = sql;
    vi.spyOn(sql, 'exec').mockImplementation(function (this: SqlStorage, ...statement: Parameters<typeof exec>) {
      const cursor = exec.apply(this, statement);
      cursors.push(cursor);
      return cursor;
    } as typeof exec);
    const alarms = Object.getPrototypeOf(storage) as DurableObjectStorage;
    const { setAlarm } = alarms;
    vi.spyOn(alarms, 'setAlarm').mockImplementation(function (this: DurableObjectStorage, ...at) {
      counted.rows_written += 1;
      return setAlarm.apply(this, at);
    });
  });
}

function soFar() {
  for (const { rowsWritten, rowsRead } of cursors.splice(0)) {
    counted.rows_written += rowsWritten;
    counted.rows_read += rowsRead;
  }
  return { ...counted };
}

test('a card that is used once a day, each purchase cleared two days later: four weeks of it, once old rows go', async () => {
  const token = newToken();
  const card = () => cardAt('marqeta', token);
  await card().putProfile(profile({ funds_minor: 100_000_000 }));
  await countRows(card());
  const alarmAt = () => runInDurableObject(card(), (_, { storage }) => storage.getAlarm());
  const bytesStored = () => runInDurableObject(card(), (_, { storage }) => storage.sql.databaseSize);
  const sent = () =>
    vi.waitFor(
      async () => {
        const { last_sequence, published_sequence } = await card().read();
        expect(published_sequence).toBe(last_sequence);
      },
      { interval: 1 },
    );
  /** Lets the clock come to an instant, and does what alarms are due until then. */
  const until = async (ms: number) => {
    for (let dueMs = await alarmAt(); dueMs !== null && dueMs <= ms; dueMs = await alarmAt()) {
      vi.setSystemTime(Math.max(Date.now(), dueMs));
      expect(await runDurableObjectAlarm(card())).toBe(true);
      counted.alarms += 1;
    }
    vi.setSystemTime(ms);
  };
  /** The card rests until the next event, which loads it again, as ten idle seconds do on the platform. */
  const rest = async () => {
    await sent();
    await until(Date.now() + limits.publishAlarmMs);
    await evictDurableObject(card());
  };
  await rest();
  const bytesFresh = await bytesStored();
  const { purchases, from_day } = measuredCard;
  let before = soFar();
  for (let day = 0; day < from_day + purchases; day += 1) {
    await until(startMs + day * dayMs);
    if (day === from_day) before = soFar();
    const asked = { cardToken: token, amount: '10', transactionToken: `t${day}` };
    expect((await postMarqeta('gateway', gatewayMessage(asked))).status).toBe(200);
    await rest();
    await until(startMs + day * dayMs + 6 * 3_600_000);
    if (day < 2) continue;
    const cleared = { type: 'authorization.clearing', cardToken: token, amount: '10' } as const;
    const told = webhookMessage({ ...cleared, precedingToken: `t${day - 2}` });
    expect((await postMarqeta('webhook', told)).status).toBe(200);
    await rest();
  }
  const after = soFar();
  const counts = (['rows_written', 'rows_read', 'alarms', 'messages', 'message_bytes'] as const).map(
    (figure) => [figure, after[figure] - before[figure]] as const,
  );
  const { message_bytes, ...exact } = Object.fromEntries(counts);
  const { message_bytes: wantedBytes, bytes_stored, purchases: _, from_day: __, ...wanted } = measuredCard;
  expect({ ...exact, bytes_fresh: bytesFresh }).toEqual(wanted);
  // One request in sixteen carries how long it took; a page of SQLite has 4 KB.
  expect(message_bytes).toBeGreaterThan(wantedBytes * 0.98);
  expect(message_bytes).toBeLessThan(wantedBytes * 1.02);
  expect(Math.abs((await bytesStored()) - bytes_stored)).toBeLessThanOrEqual(8_192);
}, 120_000);
