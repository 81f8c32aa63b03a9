// npm run open-items: everything that needs a person, looked at and acted on from a terminal, with the SDK.

import { Atlas, AtlasError, type OpenItem, type OpenItemsActed } from '../sdk/index.ts';
import { readNote } from './dev/home.ts';
import type { Running } from './dev/running.ts';
import { inputFrom } from './open-items/input.ts';
import { shownCounts, shownItem, shownList } from './open-items/shown.ts';
import { help, readWords, type Words } from './open-items/words.ts';
import { wordsOf } from './words.ts';

function connect({ url }: Words): Atlas {
  const running = readNote<Running>('running.json');
  const baseUrl = url ?? process.env['ATLAS_URL'] ?? running?.origin_url;
  const apiKey = process.env['ATLAS_API_KEY'] ?? running?.api_key;
  if (baseUrl === undefined || apiKey === undefined)
    throw new Error(
      'Nothing runs here. Start the system in another terminal (npm start), or give --url and ATLAS_API_KEY',
    );
  return new Atlas({ baseUrl, apiKey });
}

/** What is printed; the object where JSON was asked for. */
async function run(words: Words, { openItems }: Atlas): Promise<{ text: string; answer: unknown }> {
  switch (words.command) {
    case 'list': {
      const items: OpenItem[] = [];
      let isMore = false;
      for await (const item of openItems.list({ ...words.query, limit: Math.min(100, words.limit) })) {
        isMore = items.length === words.limit;
        if (isMore) break;
        items.push(item);
      }
      return { text: shownList(items, { nowMs: Date.now(), isMore }), answer: { open_items: items } };
    }
    case 'counts': {
      const answer = await openItems.counts();
      return { text: shownCounts(answer), answer };
    }
    case 'show': {
      const answer = await openItems.retrieve(words.id);
      return { text: shownItem(answer, Date.now()), answer };
    }
    case 'act': {
      const { actions } = await openItems.retrieve(words.id);
      const schema = actions.find(({ name }) => name === words.action)?.input_schema;
      // Without a schema the item is closed or has no such action: the API says which.
      const input = schema === undefined ? words.fields : inputFrom(words.fields, schema);
      const answer = await openItems.act(words.id, words.action, { reason: words.reason, input });
      const result = answer.result === null ? '' : `   ${JSON.stringify(answer.result)}`;
      return { text: `${answer.open_item_id}   ${answer.status} by ${answer.resolution}${result}\n`, answer };
    }
    case 'act-all': {
      const answer = await actOnAll(words, openItems);
      const { closed, refused, not_now, skipped } = answer;
      if (refused + not_now > 0) process.exitCode = 1;
      return { text: `closed ${closed}, refused ${refused}, not now ${not_now}, skipped ${skipped}\n`, answer };
    }
  }
}

async function actOnAll(words: Extract<Words, { command: 'act-all' }>, openItems: Atlas['openItems']) {
  const { query: group } = words;
  const sums = { closed: 0, refused: 0, not_now: 0, skipped: 0 };
  let cursor: string | undefined;
  for (;;) {
    const body = { ...group, reason: words.reason, input: words.fields, cursor };
    const acted: OpenItemsActed = await openItems.actOnMany(words.action, body);
    for (const name of ['closed', 'refused', 'not_now', 'skipped'] as const) sums[name] += acted[name];
    // What it needs is away: the rest would only wait for it too.
    if (acted.next_cursor === null || acted.not_now > 0) return sums;
    cursor = acted.next_cursor;
  }
}

function problemOf(error: unknown): string {
  if (!(error instanceof AtlasError)) return error instanceof Error ? error.message : String(error);
  if (error.errorCode === 'connection_failed') return 'The origin does not answer. Is it running? npm start';
  return `${error.errorCode}: ${error.message}`;
}

const words = wordsOf(readWords, help);
try {
  const { text, answer } = await run(words, connect(words));
  process.stdout.write(words.json ? `${JSON.stringify(answer)}\n` : text);
} catch (error) {
  process.stderr.write(`${problemOf(error)}\n`);
  process.exitCode = 1;
}
