// Signed webhooks of providers that tell nothing which can be taken, in front of a person: one open item for each type, or for each
// text that has none. Bounded, since a provider that has gone wrong may send thousands: beyond some, one item counts the others.

import type { Sql } from '../db/client.ts';
import { type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import type { UnreadWebhook } from '../providers/unread-webhook.ts';

const kind = 'provider_word_unread';
/** Open items of one provider: more than anyone looks at one by one. */
const openMax = 100;

/** Returns once it is kept. */
export async function keepUnread(sql: Sql, provider: string, unread: UnreadWebhook): Promise<void> {
  const item = itemOf(provider, unread);
  await raiseOpenItems(sql, [(await isFull(sql, provider, item.key)) ? itemOfMore(provider, unread) : item]);
}

/** Two at once may each find room for the last one: one more than the bound harms nobody. */
async function isFull(sql: Sql, provider: string, key: string): Promise<boolean> {
  const { rows } = await sql.query<{ is_full: boolean }>({
    name: 'count_unread_webhooks',
    text: `select count(*) >= $3 and not bool_or(item_key = $4) as is_full
           from open_items where status = 'open' and kind = $1 and provider = $2`,
    values: [kind, provider, openMax, key],
  });
  return rows[0]?.is_full === true;
}

function itemOf(provider: string, { about, problem, evidence }: UnreadWebhook): RaisedItem {
  return {
    ...{ kind, provider, evidence, reopens: 'unless_dismissed' },
    key: `${provider} ${about}`,
    summary: `A message that ${provider} has signed ${problem}.`,
  };
}

/** With the newest of them as its evidence. */
function itemOfMore(provider: string, { problem, evidence }: UnreadWebhook): RaisedItem {
  return {
    ...{ kind, provider, evidence, reopens: true },
    key: `${provider} more than ${openMax}`,
    summary: `${provider} has signed more than ${openMax} messages that cannot be taken; the newest of the others ${problem}.`,
  };
}
