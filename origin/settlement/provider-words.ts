// What providers have told by themselves, taken from the inbox in batches. A second arrival changes nothing,
// and neither does word of what is not ours; word against what is final is kept and shouted about.

import type { Logger } from 'pino';
import { advance } from '../../core/settlement.ts';
import type { Sql } from '../db/client.ts';
import { wordColumn } from '../db/columns.ts';
import type { ProviderWord } from '../providers/provider.ts';
import type { EngineParts } from './claim.ts';
import { failureCode } from './findings.ts';
import { isFinal, lockSettlements, type SettlementRow } from './settlement-row.ts';
import { type Change, type Exchange, storeChanges, unchanged } from './store-changes.ts';

interface Inbox {
  readonly provider: string;
  readonly webhook_id: string;
  readonly word: ProviderWord;
}

export type WordOutcome = 'applied' | 'repeated' | 'outdated' | 'asked' | 'unknown_settlement' | 'contradicts';
interface Judged {
  readonly outcome: WordOutcome;
  readonly change: Change | null;
}

export interface WordsTaken {
  readonly outcomes: readonly WordOutcome[];
  readonly changes: readonly Change[];
}

export interface WordsAsked {
  readonly limit: number;
  /** Names of words that are left where they are. */
  readonly except: readonly string[];
}

const waiting = `processed_at is null and provider || ' ' || webhook_id <> all ($1::text[])`;

/** The name of the word that is next, as `except` takes it. */
export async function firstWord(sql: Sql, except: readonly string[]): Promise<string | null> {
  const { rows } = await sql.query<{ word: string }>(
    `select provider || ' ' || webhook_id as word from provider_webhooks where ${waiting} order by received_at limit 1`,
    [except],
  );
  return rows[0]?.word ?? null;
}

/** Takes up to `limit` words. `skip locked`: another engine may be at others. */
export async function takeProviderWords(
  parts: EngineParts,
  { limit, except }: WordsAsked,
  log: Logger,
): Promise<WordsTaken> {
  const { database, transit, providers } = parts;
  return await database.transaction(async (sql) => {
    const { rows } = await sql.query<Inbox>({
      name: 'lock_provider_words',
      text: `select provider, webhook_id, word from provider_webhooks where ${waiting}
             order by received_at limit $2 for update skip locked`,
      values: [except, limit],
    });
    if (rows.length === 0) return { outcomes: [], changes: [] };
    const settlements = await lockSettlements(sql, [...new Set(rows.map(({ word }) => word.settlement_id))]);
    const changes = new Map<string, Change>();
    const taken: (Inbox & { readonly outcome: WordOutcome })[] = [];
    for (const inbox of rows) {
      const { settlement_id } = inbox.word;
      // One change a batch and settlement: a second word about it waits for the next round, and finds what this one made of it.
      if (changes.has(settlement_id)) continue;
      const { outcome, change } = judgeOrKeep(inbox, settlements.get(settlement_id), parts);
      if (change !== null) changes.set(settlement_id, change);
      if (outcome === 'contradicts')
        log.error(
          { settlement_id, provider: inbox.provider, word: inbox.word.outcome },
          "a provider's word contradicts",
        );
      taken.push({ ...inbox, outcome });
    }
    await transit.ensure(
      providers.map(({ name }) => name),
      [...changes.values()].map(({ before }) => before.currency),
    );
    const stored = [...changes.values()];
    await markTaken(sql, taken);
    const known = taken.filter(({ word }) => settlements.has(word.settlement_id));
    await storeChanges(
      sql,
      transit,
      stored,
      known.map((inbox) => exchangeOf(inbox, settlements.get(inbox.word.settlement_id))),
    );
    return { outcomes: taken.map(({ outcome }) => outcome), changes: stored };
  });
}

/** What cannot be applied as its settlement stands is for a person, and must not keep other words from their turn. */
function judgeOrKeep(inbox: Inbox, row: SettlementRow | undefined, parts: EngineParts): Judged {
  try {
    return judge(inbox, row, parts);
  } catch {
    return { outcome: 'contradicts', change: null };
  }
}

function judge({ provider, word }: Inbox, row: SettlementRow | undefined, { policy }: EngineParts): Judged {
  if (row === undefined) return { outcome: 'unknown_settlement', change: null };
  // Returns are booked in the next change; until then such a word lies open.
  if (word.outcome === 'returned' || word.outcome === 'unclear') return { outcome: 'contradicts', change: null };
  const paid = word.outcome === 'paid';
  if (isFinal(row)) {
    const same = (row.state === 'completed') === paid && row.provider === provider;
    return { outcome: same ? 'repeated' : 'contradicts', change: null };
  }
  if (row.provider !== provider || row.submissions === 0)
    return { outcome: paid ? 'contradicts' : 'outdated', change: null };
  // It may speak of an earlier submission. A refusal of that one says nothing new; for the rest the provider is asked.
  if (row.state === 'processing' && !isOfNewest(word, row)) return asked(row);
  // It said that it had not taken it, and paid it after all: nobody has been sent it since, so this is its end.
  if (row.state !== 'processing' && !paid) return { outcome: 'outdated', change: null };
  const before = { ...row, state: 'processing', outcome_unknown: true } as const;
  const finding = paid
    ? ({ found: 'paid', reference: word.provider_reference } as const)
    : ({ found: 'rejected', code: failureCode(word.code ?? 'rejected') } as const);
  const after = advance(before, finding, policy, 0);
  return { outcome: 'applied', change: { before: row, after, actor: `provider:${provider}`, lease: null } };
}

function asked(row: SettlementRow): Judged {
  // In somebody's hands, or sent and not yet answered: they will hear it themselves.
  if (row.step !== 'confirm' || row.lease_owner !== null) return { outcome: 'asked', change: null };
  return { outcome: 'asked', change: unchanged(row, { due_in_ms: 0, lease: null }) };
}

function isOfNewest({ submission, provider_reference }: ProviderWord, row: SettlementRow): boolean {
  if (submission !== undefined) return submission === row.submissions;
  return row.provider_reference === null ? row.submissions === 1 : provider_reference === row.provider_reference;
}

function exchangeOf({ provider, word }: Inbox, row: SettlementRow | undefined): Exchange {
  const { settlement_id, outcome, webhook_id, code } = word;
  const detail = code === null ? webhook_id : `${webhook_id} ${code}`;
  const submission = row?.submissions ?? 0;
  return { settlement_id, submission, provider, kind: 'confirmation', outcome, detail, duration_ms: null };
}

async function markTaken(sql: Sql, taken: readonly (Inbox & { readonly outcome: WordOutcome })[]): Promise<void> {
  await sql.query({
    name: 'mark_provider_words',
    text: `update provider_webhooks w set processed_at = clock_timestamp(), outcome = c.outcome
           from unnest($1::text[], $2::text[], $3::text[]) as c (provider, webhook_id, outcome)
           where w.provider = c.provider and w.webhook_id = c.webhook_id`,
    values: [
      wordColumn(taken.map(({ provider }) => provider)),
      taken.map(({ webhook_id }) => webhook_id),
      wordColumn(taken.map(({ outcome }) => outcome)),
    ],
  });
}
