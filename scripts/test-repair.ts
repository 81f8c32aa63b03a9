// Repair beside a stand-in for the edge, on a database of its own, for tests.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { createEdgeClient } from '../origin/edge/edge-client.ts';
import { Intake } from '../origin/intake/intake.ts';
import { createIntakeMetrics } from '../origin/intake/intake-metrics.ts';
import type { RepairOptions } from '../origin/intake/repair.ts';
import { createRepairMetrics } from '../origin/intake/repair-metrics.ts';
import type { Loop } from '../origin/loop.ts';
import { SampleCard } from '../origin/testing/sample-card.ts';
import type { StandInEdge } from '../origin/testing/stand-in-edge.ts';
import { createTestDatabase } from './test-postgres.ts';

/** The edge is there, and fences, whatever an earlier test has made of it. */
export async function openRepair(edge: StandInEdge) {
  const database = openDatabase({ url: await createTestDatabase(), poolMax: 6, onIdleError: () => {} });
  const log = pino({ level: 'silent' });
  const intake = new Intake({ database, log, metrics: createIntakeMetrics(new Registry()) });
  const metrics = createRepairMetrics(new Registry());
  const options: RepairOptions = { database, edge: createEdgeClient(edge), intake, log, metrics };
  edge.away = false;
  edge.fences = true;
  const close = async () => {
    await intake.close();
    await database.close();
  };
  return { database, intake, options, close };
}

/** A card that the edge has, with so many clearings. */
export function spendingCard(edge: StandInEdge, token: string, clearings: number): SampleCard {
  const card = new SampleCard(token);
  for (let n = 1; n <= clearings; n += 1) card.clear(null, n);
  edge.logs.set(card.card_key, card.events);
  return card;
}

/** How far each card is booked: `card_1 3, card_2 5`. */
export async function applied({ sql }: Database): Promise<string> {
  const { rows } = await sql.query<{ card_token: string; applied_sequence: string }>(
    'select card_token, applied_sequence from card_streams order by card_token',
  );
  return rows.map(({ card_token, applied_sequence }) => `${card_token} ${applied_sequence}`).join(', ');
}

export async function running<T>(loop: Loop, work: () => Promise<T>): Promise<T> {
  loop.start();
  try {
    return await work();
  } finally {
    await loop.stop();
  }
}
