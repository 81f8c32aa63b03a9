// The letters of a database from before they were open items are all there afterwards, and known when they come again.

import { copyFile, mkdtemp, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { findDeadLetters, keepDeadLetters } from '../queues/dead-letters.ts';
import { migrate } from './migrate.ts';

const repository = fileURLToPath(new URL('../../migrations', import.meta.url));

test('dead letters become open items: open, tried again or dismissed as they were, with their messages to the letter', async () => {
  const url = await createTestDatabase({ empty: true });
  const directory = await mkdtemp(join(tmpdir(), 'migrations-'));
  const files = (await readdir(repository)).filter((file) => file.endsWith('.sql')).toSorted();
  const moving = files.findIndex((file) => file.endsWith('dead_letters_are_open_items.sql'));
  for (const file of files.slice(0, moving)) await copyFile(join(repository, file), join(directory, file));
  await migrate(url, directory);
  const odd = JSON.stringify({ odd: 'caf\u00e9 "\u0000\ud83d' });
  await asOwner(url, async (sql) => {
    await sql.query(`insert into card_streams (network, card_token) values ('native', 'tok')`);
    await sql.query(
      `insert into dead_letters (source, reason, message, digest, stream_id, sequence, times, resolved_at, resolution) values
         ('card_events', 'kind: is unknown', $1, sha256(convert_to(E'card_events\\n' || $1, 'UTF8')), 1, 7, 3, null, null),
         ('settlement_requests', 'refused', 'two', sha256(E'settlement_requests\\ntwo'), null, null, 1, now(), 'replayed'),
         ('settlement_requests', 'refused', 'three', sha256(E'settlement_requests\\nthree'), null, null, 1, now(), 'discarded')`,
      [odd],
    );
  });
  await migrate(url);
  await asOwner(url, async (sql) => {
    const known = await findDeadLetters(sql, 'settlement_requests', ['two', 'three']);
    expect([...known]).toEqual(['three']);
    await keepDeadLetters(sql, [
      { source: 'card_events', reason: 'kind: is unknown', message: odd, place: null },
      { source: 'settlement_requests', reason: 'refused', message: 'three', place: null },
    ]);
    const { rows } = await sql.query(
      `select open_item_id, status, resolution, source, summary, times, card_key, evidence ->> 'message' as message,
         evidence -> 'place' as place
       from open_items order by open_item_no`,
    );
    const id = expect.stringMatching(/^oit_[0-9a-hjkmnp-tv-z]{26}$/);
    expect(rows).toEqual([
      {
        ...{ open_item_id: id, status: 'open', resolution: null, source: 'card_events', times: 4, message: odd },
        summary: 'A message of the queue of card events was not taken: kind: is unknown',
        ...{ card_key: 'native:tok', place: { card_key: 'native:tok', sequence: 7 } },
      },
      expect.objectContaining({ status: 'resolved', resolution: 'try_again', message: 'two', place: null }),
      expect.objectContaining({ status: 'dismissed', resolution: 'dismiss', message: 'three', times: 2 }),
    ]);
    expect(new Set(rows.map((row) => (row as { open_item_id: string }).open_item_id)).size).toBe(3);
  });
});
