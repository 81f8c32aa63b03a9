// Where a card number could lie afterwards: every column of every table, the objects' files, both logs, metrics, the queue's
// messages, Redis, the bank's folder, and what the provider and the partner were sent.

import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Sql } from '../../../origin/db/client.ts';
import { connectOwner } from '../../../origin/db/which-postgres.ts';
import { type Mark, marksIn } from './marks.ts';
import type { CanaryWorld } from './world.ts';

export interface Sighting {
  readonly channel: string;
  /** As `table open_items`. */
  readonly place: string;
}

export async function searchEverywhere(
  world: CanaryWorld,
  marks: readonly Mark[],
  answers: readonly string[],
): Promise<{ readonly sightings: readonly Sighting[]; readonly searched: Readonly<Record<string, number>> }> {
  const sightings: Sighting[] = [];
  const searched: Record<string, number> = {};
  const look = (kind: string, place: string, text: string) => {
    searched[kind] = (searched[kind] ?? 0) + 1;
    for (const { channel } of marksIn(text, marks)) sightings.push({ channel, place: `${kind} ${place}` });
  };
  const sql = await connectOwner(world.system.databaseUrl);
  try {
    for (const table of await tables(sql)) for (const row of await rowsOf(sql, table)) look('table', table.name, row);
  } finally {
    await sql.end();
  }
  await eachFile(world.system.directory, (path, text) =>
    look(path.includes('/objects/') ? 'object' : 'file', path, text),
  );
  // A file still in the inbox is the bank's, and not read yet.
  await eachFile(world.bank, (path, text) => path.includes('/inbox/') || look('bank file', path, path + text));
  look('log', 'edge', world.system.edgeOutput());
  look('metrics', 'origin', await (await fetch(`${world.system.origin.url}/metrics`)).text());
  for (const message of world.queued) look('queue', 'card events', message);
  for (const request of world.provider.received) look('provider', 'request', request);
  for (const request of world.partner.received) look('partner', 'webhook', request);
  for (const answer of answers) look('answer', 'to the sender', answer);
  if (world.redis !== null) await eachKey(world.redis, (key, value) => look('redis', key, `${key} ${value}`));
  return { sightings, searched };
}

interface Table {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly isBytes: boolean }[];
}

async function tables(sql: Sql): Promise<Table[]> {
  const { rows } = await sql.query<{ table: string; name: string; type: string }>(
    `select format('%I.%I', table_schema, table_name) as table, quote_ident(column_name) as name, data_type as type
     from information_schema.columns join information_schema.tables using (table_schema, table_name)
     where table_type = 'BASE TABLE' and table_schema not in ('pg_catalog', 'information_schema') order by 1, ordinal_position`,
  );
  const names = [...new Set(rows.map(({ table }) => table))];
  return names.map((name) => ({
    name,
    columns: rows
      .filter(({ table }) => table === name)
      .map((row) => ({ name: row.name, isBytes: row.type === 'bytea' })),
  }));
}

/** Each row as one text; bytes as the text that they are, where they are one. */
async function rowsOf(sql: Sql, { name, columns }: Table): Promise<string[]> {
  const texts = columns.map((column) => (column.isBytes ? `encode(${column.name}, 'escape')` : `${column.name}::text`));
  const { rows } = await sql.query<{ text: string }>(
    `select concat_ws(' | ', ${texts.join(', ')}) as text from ${name}`,
  );
  return rows.map(({ text }) => text);
}

async function eachFile(directory: string, visit: (path: string, text: string) => unknown): Promise<void> {
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = join(entry.parentPath, entry.name);
    const content = await readFile(path);
    // As characters, and as bytes: a database's pages are no text.
    visit(path, content.toString('utf8'));
    visit(path, content.toString('latin1'));
  }
}

async function eachKey(
  redis: NonNullable<CanaryWorld['redis']>,
  visit: (key: string, value: string) => void,
): Promise<void> {
  for (const key of (await redis.ask('KEYS', '*')) as string[]) {
    const kind = await redis.ask('TYPE', key);
    const value = kind === 'string' ? String(await redis.ask('GET', key)) : '';
    // An answer lies there in base64.
    const body = /"b":"([^"]*)"/.exec(value)?.[1] ?? '';
    visit(key, `${value} ${Buffer.from(body, 'base64').toString()}`);
  }
}
