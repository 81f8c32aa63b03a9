// Webhooks of providers: stored before they are acknowledged, so that nothing a provider has told is ever lost. Those that come
// together share a commit. What they say is taken up by the engine, from the table.

import { Batcher } from '../batcher.ts';
import { isIdentifier, maskedJson, maskedValue } from '../card-data/found.ts';
import type { Sql } from '../db/client.ts';
import { wordColumn } from '../db/columns.ts';
import type { Provider, ProviderWord } from '../providers/provider.ts';
import { type First, reusedIds, type Told } from './reused-ids.ts';
import { keepUnread } from './unread-webhooks.ts';

const batch = { sizeMax: 200, waitMsMax: 5, underWayMax: 4 };

/** `kept`: for a person. `ignored`: of a kind that tells nothing of a settlement. */
export const webhookOutcomes = ['stored', 'kept', 'ignored'] as const;
export type WebhookOutcome = (typeof webhookOutcomes)[number];

export interface ProviderInbox {
  /** Acknowledge only after it has returned. Throws what the provider's reader throws for a wrong signature. */
  receive(provider: Provider, headers: Headers, body: string): Promise<WebhookOutcome>;
  /** What a provider's own list says that it has told: as if it came now, and once. */
  keep(provider: string, word: ProviderWord): Promise<void>;
}

export function createProviderInbox(sql: Sql): ProviderInbox {
  const told = new Batcher<Told>({ ...batch, store: (items) => store(sql, items) });
  return {
    async receive(provider, headers, body) {
      const word = provider.readWebhook(headers, body);
      if (word === null) return 'ignored';
      if (word.outcome === 'unread') {
        await keepUnread(sql, provider.name, word);
        return 'kept';
      }
      await told.add({ provider: provider.name, ...masked(word, body) });
      return 'stored';
    },
    keep: (provider, word) => told.add({ provider, ...masked(word, JSON.stringify(word)) }),
  };
}

/** Booked all the same; digits in its texts that may be a card's are masked in what is kept. Its ids stay. */
function masked(word: ProviderWord, body: string): Omit<Told, 'provider'> {
  return {
    word: maskedValue('provider_webhook', word, isIdentifier) as ProviderWord,
    body: maskedJson('provider_webhook', body.replaceAll('\u0000', ''), isIdentifier),
  };
}

async function store(sql: Sql, items: readonly Told[]): Promise<void> {
  const stored = await insert(sql, items);
  if (stored === items.length) return;
  const reused = reusedIds(items, await firstUnder(sql, items));
  if (reused.length > 0) await insert(sql, reused);
}

/** How many of them are new. */
async function insert(sql: Sql, items: readonly Told[]): Promise<number> {
  const { rows } = await sql.query({
    name: 'store_provider_words',
    // `on conflict`: providers send again what they are not sure has arrived. `distinct`: also within one batch.
    text: `insert into provider_webhooks (provider, webhook_id, body, word)
           select distinct on (provider, webhook_id) provider, webhook_id, body, word::json
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as told (provider, webhook_id, body, word)
           on conflict (provider, webhook_id) do nothing
           returning webhook_id`,
    values: [
      wordColumn(items.map(({ provider }) => provider)),
      items.map(({ word }) => word.webhook_id),
      items.map(({ body }) => body),
      items.map(({ word }) => JSON.stringify(word)),
    ],
  });
  return rows.length;
}

/** What came first under the ids of these. */
async function firstUnder(sql: Sql, items: readonly Told[]): Promise<readonly First[]> {
  const { rows } = await sql.query<First>({
    name: 'first_provider_words',
    text: `select w.provider, w.webhook_id, w.word from provider_webhooks w
           join (select distinct * from unnest($1::text[], $2::text[]) as u (provider, webhook_id)) as told
             on told.provider = w.provider and told.webhook_id = w.webhook_id
           where w.word is not null`,
    values: [wordColumn(items.map(({ provider }) => provider)), items.map(({ word }) => word.webhook_id)],
  });
  return rows;
}
