// A backtest computes for seconds beside everything else that the process does.

import { expect, test } from 'vitest';
import { controlSchema } from '../../contracts/control.ts';
import { countRounds } from '../../scripts/test-waiting.ts';
import type { Sql } from '../db/client.ts';
import { SampleCard } from '../testing/sample-card.ts';
import { runBacktest } from './run-backtest.ts';

/** A card's history that is there at once, so that nothing but the computing takes time. */
function historyOf(card: SampleCard): Sql {
  const query = (statement: unknown) => {
    if (typeof statement === 'string')
      return Promise.resolve({
        rows: [{ card_id: 'card_1', stream_id: 'str_1', applied_sequence: card.events.length, total: 1 }],
      });
    const [, after = 0, , limit = 0] = (statement as { values: number[] }).values;
    const rows = card.events.slice(after, after + limit).map((body) => ({ sequence: String(body.sequence), body }));
    return Promise.resolve({ rows });
  };
  return { query } as unknown as Sql;
}

test('a backtest lets other calls be answered while it computes', async () => {
  const card = new SampleCard('busy');
  for (let n = 0; n < 400; n++) card.clear(card.authorize(100), 100);
  const perDay = { does: 'limit', count: 1_000_000, window: { per: 'day', time_zone: 'Europe/Berlin' } };
  const controls = Array.from({ length: 200 }, (_, n) => controlSchema.parse({ control_id: `c${n}`, ...perDay }));
  const rounds = countRounds();
  const found = await runBacktest(historyOf(card), {
    ...{ controls, population: { column: 'card_id', id: 'card_1' }, size: 1, seed: 1, fromMs: 0 },
    untilMs: Number.MAX_SAFE_INTEGER,
  });
  expect(found).toMatchObject({ cards_sampled: 1, events_read: 801, requests: 400 });
  // Some 20 ms of computing, in steps of less than one.
  expect(rounds()).toBeGreaterThan(10);
});
