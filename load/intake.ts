// How many card events a second intake books, from the queue's JSON to the commit: event rows, authorizations, transfers,
// balances. Beside it, in the same run: the floor that writes the same rows and does nothing else, and the same code with a
// transaction for each event. Alone: `node load/intake.ts --json`.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { createSealingLoop } from '../origin/audit/sealing.ts';
import type { Database } from '../origin/db/client.ts';
import { bookBatch } from '../origin/intake/book-batch.ts';
import { Intake } from '../origin/intake/intake.ts';
import { createIntakeMetrics } from '../origin/intake/intake-metrics.ts';
import { isReadMessage, readMessage } from '../origin/intake/read-message.ts';
import { ensureStreams } from '../origin/intake/streams.ts';
import { createHouseAccounts } from '../origin/ledger/house-accounts.ts';
import { verifyLedger } from '../origin/ledger/verify.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { measureFloor } from './intake-floor.ts';
import { deliveryOf, freshDatabase, madeUpProgram } from './intake-program.ts';
import type { MadeUpCard } from './made-up-events.ts';
import { started } from './started.ts';
import { median, rounded } from './statistics.ts';

export interface IntakeFigures {
  readonly events_per_s: number;
  readonly floor_events_per_s: number;
  readonly one_by_one_events_per_s: number;
  readonly ratio_to_floor: number;
  readonly ratio_to_one_by_one: number;
  /** Messages not taken, events not booked, and differences that the ledger's proof found. */
  readonly errors: number;
}

/** Each its own empty database; intake and floor in turns, so that both meet the machine in the same moods. */
const rounds = 3;
/** Cards whose events are booked one by one: enough for a steady rate. */
const oneByOneCards = 60;
const oneByOneConnections = 4;

export async function measureIntake(progress: (line: string) => void): Promise<IntakeFigures> {
  await using parts = started();
  const server = await startTemporaryPostgres();
  parts.defer(() => server.stop());
  const cards = madeUpProgram();
  const intakes: number[] = [];
  const floors: number[] = [];
  let errors = 0;
  for (let round = 1; round <= rounds; round += 1) {
    const booked = await bookAll(server.url, `intake_${round}`, cards);
    intakes.push(booked.rate);
    errors += booked.errors;
    const { url, database } = await freshDatabase(server.url, `floor_${round}`, cards);
    await database.close();
    const floor = await measureFloor(url, cards);
    floors.push(floor);
    progress(`intake ${round}/${rounds}: ${Math.round(booked.rate)} events/s, floor ${Math.round(floor)}/s`);
  }
  progress('intake: one transaction for each event');
  const oneByOne = await bookOneByOne(server.url, cards.slice(0, oneByOneCards));
  const [rate, floor] = [median(intakes), median(floors)];
  return {
    events_per_s: Math.round(rate),
    floor_events_per_s: Math.round(floor),
    one_by_one_events_per_s: Math.round(oneByOne),
    ratio_to_floor: rounded(rate / floor, 2),
    ratio_to_one_by_one: rounded(rate / oneByOne, 2),
    errors,
  };
}

async function bookAll(serverUrl: string, name: string, cards: readonly MadeUpCard[]) {
  const { database } = await freshDatabase(serverUrl, name, cards);
  const texts = deliveryOf(cards);
  const sealing = createSealingLoop({ database, log: pino({ level: 'error' }) });
  sealing.start();
  const startMs = performance.now();
  let errors = await takeAll(database, texts);
  const seconds = (performance.now() - startMs) / 1_000;
  await sealing.stop();
  errors += (await verifyLedger(database.sql)).differences.length;
  const events = cards.reduce((sum, card) => sum + card.events.length, 0);
  const { rows } = await database.sql.query<{ applied: string }>(
    'select sum(applied_sequence) as applied from card_streams',
  );
  errors += Math.abs(events - Number(rows[0]?.applied));
  await database.close();
  return { rate: events / seconds, errors };
}

/** As the queue hands them over: a hundred messages at a time, several such batches under way. Returns how many were not taken. */
export async function takeAll(database: Database, messages: readonly string[]): Promise<number> {
  const metrics = createIntakeMetrics(new Registry());
  const intake = new Intake({ database, metrics, log: pino({ level: 'error' }), eventsWaitingMax: 20_000 });
  const texts = messages.values();
  let errors = 0;
  await Promise.all(
    Array.from({ length: 6 }, async () => {
      for (let texts100 = texts.take(100).toArray(); texts100.length > 0; texts100 = texts.take(100).toArray()) {
        const results = await intake.take(texts100.map((text, index) => ({ id: `${index}`, body: JSON.parse(text) })));
        errors += results.filter(({ outcome }) => outcome !== 'done').length;
      }
    }),
  );
  return errors;
}

async function bookOneByOne(serverUrl: string, cards: readonly MadeUpCard[]): Promise<number> {
  const { database } = await freshDatabase(serverUrl, 'one_by_one', cards);
  const house = createHouseAccounts(database.sql);
  await ensureStreams(database.sql, cards);
  const texts = cards.map((card) => deliveryOf([card], 1)).values();
  let events = 0;
  const startMs = performance.now();
  await Promise.all(
    Array.from({ length: oneByOneConnections }, async () => {
      for (const card of texts)
        for (const text of card) {
          const read = readMessage(JSON.parse(text));
          if (!isReadMessage(read)) throw new Error('a made-up event cannot be read');
          await bookBatch(database, house, [read]);
          events += 1;
        }
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  await database.close();
  return events / seconds;
}

if (import.meta.main) {
  const figures = await measureIntake((line) => console.error(line));
  console.log(process.argv.includes('--json') ? JSON.stringify(figures) : figures);
}
