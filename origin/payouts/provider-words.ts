// What providers have told by themselves, taken from the inbox in batches, judged (judge-word.ts) and written in one commit: the
// settlements' changes, returns, and open items for what a person has to look at. A second arrival changes nothing.

import type { Logger } from 'pino';
import { idSchema } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';
import { wordColumn } from '../db/columns.ts';
import { noteSpan } from '../tracing/spans.ts';
import type { EngineParts } from './claim.ts';
import { contradiction, raiseContradictions } from './contradictions.ts';
import { type Inbox, type Judged, judge, type WordOutcome } from './judge-word.ts';
import { type StoredReturn, storedReturns } from './returns.ts';
import { lockSettlements, type SettlementRow } from './settlement-row.ts';
import { storable } from './storable.ts';
import { type Change, type Exchange, storeChanges } from './store-changes.ts';

export interface WordsTaken {
  readonly outcomes: readonly WordOutcome[];
  readonly changes: readonly Change[];
}

export interface WordsAsked {
  readonly limit: number;
  /** Names of words that are left where they are. */
  readonly except: readonly string[];
}

const waiting = `processed_at is null and waits_for is null and provider || ' ' || webhook_id <> all ($1::text[])`;

export interface WaitingWord {
  readonly provider: string;
  readonly webhook_id: string;
  /** Null where it names none of ours. */
  readonly settlement_id: string | null;
}

/** As `except` takes it. */
export function nameOf({ provider, webhook_id }: WaitingWord): string {
  return `${provider} ${webhook_id}`;
}

/** The word that is next. Its JSON is read here and not in the statement: the database may be refusing it for a character in it. */
export async function firstWord(sql: Sql, except: readonly string[]): Promise<WaitingWord | null> {
  const { rows } = await sql.query<{ provider: string; webhook_id: string; word: { settlement_id?: unknown } | null }>(
    `select provider, webhook_id, word from provider_webhooks where ${waiting} order by received_at limit 1`,
    [except],
  );
  if (rows[0] === undefined) return null;
  const { provider, webhook_id, word } = rows[0];
  return { provider, webhook_id, settlement_id: idSchema('stl').safeParse(word?.settlement_id).data ?? null };
}

/** Takes up to `limit` words. `skip locked`: another engine may be at others. */
export async function takeProviderWords(
  parts: EngineParts,
  { limit, except }: WordsAsked,
  log: Logger,
): Promise<WordsTaken> {
  const { database, transit, providers } = parts;
  const startedAtMs = Date.now();
  const { spoken, ...words } = await database.transaction(async (sql) => {
    const { rows } = await sql.query<Inbox>({
      name: 'lock_provider_words',
      text: `select provider, webhook_id, word from provider_webhooks where ${waiting}
             order by received_at limit $2 for update skip locked`,
      values: [except, limit],
    });
    if (rows.length === 0) return { outcomes: [], changes: [], spoken: [] };
    // As text that the database takes: an id with NUL in it is no settlement of ours, and must not stand in the way for ever.
    const named = [...new Set(rows.map(({ word }) => storable(word.settlement_id)))];
    const settlements = await lockSettlements(sql, named);
    const known = { returns: await returnsFor(sql, rows), policy: parts.policy };
    const touched = new Set<string>();
    const taken: (Inbox & Judged)[] = [];
    for (const inbox of rows) {
      const { settlement_id } = inbox.word;
      // One a batch and settlement: a second word about it waits for the next round, and finds what this one made of it.
      if (touched.has(settlement_id)) continue;
      const judged = judgeOrKeep(inbox, settlements.get(settlement_id), known);
      if (judged.change !== null || judged.returned !== null || judged.outcome === 'early') touched.add(settlement_id);
      if (judged.contradiction !== null)
        log.error(
          { settlement_id, provider: inbox.provider, word: inbox.word.outcome },
          "a provider's word is for a person",
        );
      taken.push({ ...inbox, ...judged });
    }
    const changes = taken.flatMap(({ change }) => change ?? []);
    const returns = taken.flatMap(({ returned }) => returned ?? []);
    await transit.ensure(
      // A word may be of a provider that the configuration no longer names.
      [...providers.map(({ name }) => name), ...taken.map(({ provider }) => provider)],
      [...changes.map(({ before }) => before.currency), ...returns.map(({ settlement }) => settlement.currency)],
    );
    await markTaken(sql, taken);
    await raiseContradictions(
      sql,
      taken.flatMap((one) => one.contradiction ?? []),
    );
    const ofOurs = taken.filter(({ word }) => settlements.has(word.settlement_id));
    await storeChanges(
      sql,
      transit,
      changes,
      ofOurs.map((inbox) => exchangeOf(inbox, settlements.get(inbox.word.settlement_id))),
      returns,
    );
    const spoken = ofOurs.map(({ provider, outcome, word: { settlement_id } }) => ({
      parent: settlements.get(settlement_id)?.trace_parent ?? null,
      attributes: { 'peer.service': provider, 'atlas.settlement_id': settlement_id, 'atlas.outcome': outcome },
    }));
    return { outcomes: taken.map(({ outcome }) => outcome), changes, spoken };
  });
  // Each in its settlement's own trace: the webhook itself came in the course of the provider's.
  for (const span of spoken) noteSpan('provider message', { kind: 'consumer', startedAtMs, ...span });
  return words;
}

/** Those that words which may tell of a return have to be held against: few words do. */
async function returnsFor(sql: Sql, rows: readonly Inbox[]): Promise<readonly StoredReturn[]> {
  const telling = rows.filter(({ word }) => word.outcome === 'returned' || word.outcome === 'rejected');
  return await storedReturns(
    sql,
    telling.map(({ word }) => storable(word.settlement_id)),
    telling.map(({ provider, word }) => ({ provider, provider_reference: storable(word.provider_reference) })),
  );
}

/** A word that cannot be judged as its settlement stands is for a person, and must not keep other words from their turn. */
function judgeOrKeep(inbox: Inbox, row: SettlementRow | undefined, known: Parameters<typeof judge>[2]): Judged {
  try {
    return judge(inbox, row, known);
  } catch (error) {
    const { provider, word } = inbox;
    const summary = `${provider} says "${word.outcome}" of ${word.settlement_id}, which cannot be applied: ${String(error)}`;
    const found = contradiction({ provider, word, row, summary });
    return { outcome: 'contradicts', change: null, returned: null, contradiction: found };
  }
}

function exchangeOf({ provider, word }: Inbox, row: SettlementRow | undefined): Exchange {
  const { settlement_id, outcome, webhook_id, code } = word;
  const note = 'note' in word ? word.note : undefined;
  const detail = [webhook_id, code ?? [], note ?? []].flat().join(' ');
  const submission = row?.submissions ?? 0;
  return { settlement_id, submission, provider, kind: 'confirmation', outcome, detail, duration_ms: null };
}

/** An early one is looked at again when its settlement is final: the database does that (migrations/0015). */
async function markTaken(sql: Sql, taken: readonly (Inbox & Judged)[]): Promise<void> {
  await sql.query({
    name: 'mark_provider_words',
    text: `update provider_webhooks w set outcome = c.outcome,
             processed_at = case when c.waits_for is null then clock_timestamp() end, waits_for = c.waits_for
           from unnest($1::text[], $2::text[], $3::text[], $4::text[]) as c (provider, webhook_id, outcome, waits_for)
           where w.provider = c.provider and w.webhook_id = c.webhook_id`,
    values: [
      wordColumn(taken.map(({ provider }) => provider)),
      taken.map(({ webhook_id }) => webhook_id),
      wordColumn(taken.map(({ outcome }) => outcome)),
      wordColumn(taken.map(({ outcome, word }) => (outcome === 'early' ? word.settlement_id : null))),
    ],
  });
}

/** SQL: when the oldest message of a provider came that was not taken up yet. */
export const oldestWord = 'select min(received_at) from provider_webhooks where processed_at is null';
