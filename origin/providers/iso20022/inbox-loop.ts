// Reads the bank's files again and again, and keeps their words where those of webhooks are kept: the engine takes them from there.
// A file is put away only after its words are committed; read twice, its words are kept once.

import type { Logger } from 'pino';
import type { Database, Sql } from '../../db/client.ts';
import { createLoop, type Loop } from '../../loop.ts';
import { closeAsGone, raiseOpenItems } from '../../open-items/raise.ts';
import type { ProviderWord } from '../provider.ts';
import type { InboxFile, ReadAgain, TakeFile } from './inbox.ts';
import type { Iso20022Provider } from './iso20022.ts';

/** Banks put files there a few times a day, or every few minutes. */
const intervalMsDefault = 10_000;

export interface InboxLoopOptions {
  readonly provider: Pick<Iso20022Provider, 'name' | 'readInbox'>;
  readonly database: Database;
  readonly log: Logger;
  readonly intervalMs?: number;
}

export function createInboxLoop({ provider, database, log, intervalMs = intervalMsDefault }: InboxLoopOptions): Loop {
  return createLoop({
    name: 'bank files',
    log,
    intervalMs,
    async round() {
      const { processed, set_aside, problems } = await provider.readInbox(keeper(provider.name, database));
      if (processed.length > 0) log.info({ processed }, 'bank files were read');
      for (const bad of set_aside) log.error(bad, 'a bank file was set aside');
      for (const problem of problems) log.error({ problem }, 'a bank reported what cannot be believed');
      return false;
    },
  });
}

/** For people who act on a file that was set aside: what it says is kept as if it had just come. */
export function createFileAgain({
  provider,
  database,
}: {
  readonly provider: Pick<Iso20022Provider, 'name' | 'readAgain'>;
  readonly database: Database;
}): (kept: string) => Promise<ReadAgain> {
  return (kept) => provider.readAgain(kept, keeper(provider.name, database));
}

function keeper(provider: string, database: Database): TakeFile {
  return (words, file) => keepFile(database, { provider, words, file });
}

/** What is for the engine and what is for people in one commit: a file is put away only after both. */
async function keepFile(database: Database, keeping: Keeping): Promise<void> {
  const { kept, items, isRead } = keeping.file;
  await database.transaction(async (sql) => {
    await keepWords(sql, keeping);
    await raiseOpenItems(sql, items);
    // It may have been set aside by an earlier version, or while its encoding could not be read.
    if (isRead) await closeAsGone(sql, 'bank_file_set_aside', kept);
  });
}

interface Keeping {
  readonly provider: string;
  readonly words: readonly ProviderWord[];
  /** Its name stands for the body: the file itself is kept whole in object storage. */
  readonly file: InboxFile;
}

async function keepWords(sql: Sql, { provider, words, file }: Keeping): Promise<void> {
  if (words.length === 0) return;
  await sql.query({
    name: 'keep_bank_words',
    // `on conflict`: a file whose reader died before it was put away is read again.
    text: `insert into provider_webhooks (provider, webhook_id, body, word)
           select $1, w.webhook_id, $2, w.word
           from unnest($3::text[], $4::json[]) as w (webhook_id, word)
           on conflict (provider, webhook_id) do nothing`,
    values: [provider, file.name, words.map(({ webhook_id }) => webhook_id), words.map((word) => JSON.stringify(word))],
  });
}
