// atlas open-items: everything that needs a person, looked at and acted on from a terminal.

import type { Atlas, OpenItem, OpenItemsActed } from '../../sdk/index.ts';
import type { Command, Found } from './command.ts';
import { inputFrom } from './open-items/input.ts';
import { shownCounts, shownItem, shownList } from './open-items/shown.ts';
import { help, readWords, type Words } from './open-items/words.ts';

export const openItems: Command = {
  help,
  read(args) {
    const words = readWords(args);
    return (connection) => run(words, connection().atlas);
  },
};

async function run(words: Words, { openItems }: Atlas): Promise<Found> {
  switch (words.command) {
    case 'list': {
      const items: OpenItem[] = [];
      let isMore = false;
      for await (const item of openItems.list({ ...words.query, limit: Math.min(100, words.limit) })) {
        isMore = items.length === words.limit;
        if (isMore) break;
        items.push(item);
      }
      return { text: shownList(items, { nowMs: Date.now(), isMore }), answer: { open_items: items }, isWell: true };
    }
    case 'counts': {
      const answer = await openItems.counts();
      return { text: shownCounts(answer), answer, isWell: true };
    }
    case 'show': {
      const answer = await openItems.retrieve(words.id);
      return { text: shownItem(answer, Date.now()), answer, isWell: true };
    }
    case 'act': {
      const { actions } = await openItems.retrieve(words.id);
      const schema = actions.find(({ name }) => name === words.action)?.input_schema;
      // Without a schema the item is closed or has no such action: the API says which.
      const input = schema === undefined ? words.fields : inputFrom(words.fields, schema);
      const answer = await openItems.act(words.id, words.action, { reason: words.reason, input });
      const result = answer.result === null ? '' : `   ${JSON.stringify(answer.result)}`;
      return {
        text: `${answer.open_item_id}   ${answer.status} by ${answer.resolution}${result}\n`,
        answer,
        isWell: true,
      };
    }
    case 'act-all': {
      const answer = await actOnAll(words, openItems);
      const { closed, refused, not_now, skipped } = answer;
      const text = `closed ${closed}, refused ${refused}, not now ${not_now}, skipped ${skipped}\n`;
      return { text, answer, isWell: refused + not_now === 0 };
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
