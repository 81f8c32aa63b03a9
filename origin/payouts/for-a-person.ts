// Open items that settlements raise by themselves, in the commit of the change that calls for them, and their closing when what they
// say is no longer so.

import type { Sql } from '../db/client.ts';
import type { OpenItemKind } from '../open-items/kinds.ts';
import { type RaisedItem, raiseOpenItems } from '../open-items/raise.ts';
import type { WaitingWord } from './provider-words.ts';
import { isFinal, type SettlementRow } from './settlement-row.ts';
import type { Change } from './store-changes.ts';

export async function raiseForChanges(sql: Sql, changes: readonly Change[]): Promise<void> {
  const raised = changes.flatMap(({ before, after }): RaisedItem[] => {
    if (after.dead_letter)
      return [itemOf('settlement_set_aside', before, 'used up its tries. It was not paid, and stays reserved', after)];
    if (after.overdue)
      return [
        itemOf('settlement_overdue', before, `was sent, and ${before.provider} does not say what came of it`, after),
      ];
    return [];
  });
  await raiseOpenItems(sql, raised);
  // Only one that was asked about can have been overdue, and only one that failed softly set aside.
  // Whoever discards one closes its item by that action.
  const over = changes.filter(
    ({ before, after }) =>
      isFinal(after.progress) && before.polls + before.attempts > 0 && after.failure?.code !== 'discarded',
  );
  if (over.length === 0) return;
  await sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'gone'
     where kind in ('settlement_overdue', 'settlement_set_aside') and item_key = any($1::text[])
       and status = 'open' and action is null`,
    [over.map(({ before }) => before.settlement_id)],
  );
}

function itemOf(kind: OpenItemKind, row: SettlementRow, what: string, after: Change['after']): RaisedItem {
  const { settlement_id, merchant_id, amount_minor, currency, provider, reference } = row;
  const { submissions, attempts, polls } = after.progress;
  return {
    kind,
    key: settlement_id,
    summary: `The settlement ${settlement_id} ${what}.`,
    amount: { minor: amount_minor, currency },
    ...{ merchant_id, settlement_id, provider },
    evidence: { failure_code: after.failure?.code ?? null, submissions, attempts, polls, reference },
    // Set aside again is another matter than the first time; asked about in vain for the tenth time is not.
    reopens: kind === 'settlement_set_aside' ? true : 'unless_dismissed',
  };
}

/** What the database refuses, alone: it waits and is tried again, and the others go on. Closed by refusals-over.ts. */
export async function raiseRefused(sql: Sql, refused: Refused, error: unknown): Promise<void> {
  const evidence = { error: error instanceof Error ? error.message : String(error) };
  await raiseOpenItems(sql, [{ ...itemOfRefusal(refused, evidence), reopens: 'unless_dismissed' }]);
}

/** `step`: when it was refused, as it was taken up or as its provider's answer was recorded. */
export type Refused =
  | { readonly settlement_id: string; readonly step: 'take_up' | 'record' }
  | { readonly word: WaitingWord };

function itemOfRefusal(refused: Refused, evidence: object): RaisedItem {
  if ('word' in refused) {
    const { provider, webhook_id, settlement_id } = refused.word;
    const key = `${provider} ${webhook_id}`;
    return {
      ...{ kind: 'provider_word_refused', key, provider, settlement_id },
      summary: `The database refuses to take what a provider said (${key}); it is tried again every minute.`,
      evidence: { ...evidence, webhook_id },
    };
  }
  const { settlement_id, step } = refused;
  const what = step === 'take_up' ? 'to take up' : 'to record what came of';
  return {
    ...{ kind: 'settlement_refused', key: settlement_id, settlement_id },
    summary: `The database refuses ${what} ${settlement_id}; it is tried again every minute.`,
    evidence: { ...evidence, refused: step },
  };
}
