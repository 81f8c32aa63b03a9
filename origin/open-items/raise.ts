// The one way to put something in front of a person. In the caller's transaction: what is raised commits with what raised it.
// The same kind and key again is the same item: it is counted, not kept twice, whether a person has seen to it or not.

import { createHash } from 'node:crypto';
import { newId } from '../../contracts/ids.ts';
import { maskedText } from '../card-data/found.ts';
import type { Sql } from '../db/client.ts';
import type { OpenItemKind } from './kinds.ts';
import { maskEvidence } from './mask-evidence.ts';

/** Characters. An entry of a Postgres index takes 2,704 bytes. */
const keyLengthMax = 500;

export interface RaisedItem {
  readonly kind: OpenItemKind;
  /** What makes two sightings the same item, such as `stl_… payment.rejected`. */
  readonly key: string;
  /** Where it came in, as a queue's name, where its kind does not say it. */
  readonly source?: string;
  /** One sentence for people: what happened. Never card data, never a secret. */
  readonly summary: string;
  readonly amount?: { readonly minor: bigint; readonly currency: string };
  readonly merchant_id?: string | null;
  readonly settlement_id?: string | null;
  readonly authorization_id?: string | null;
  /** `<network>:<card token>`. */
  readonly card_key?: string | null;
  readonly provider?: string | null;
  /** All that was seen: JSON. Digits in free text that may be a card's are masked before it is kept (mask-evidence.ts). */
  readonly evidence: unknown;
  /**
   * True for a condition that can end and come back (a provider that is not configured): seen again after it was closed, it is
   * open again, and says what it says now. `unless_dismissed`: it stays closed where a person has said that it does not matter.
   * Without it a closed item stays closed: the same message delivered once more is nothing new.
   */
  readonly reopens?: boolean | 'unless_dismissed';
}

export async function raiseOpenItems(sql: Sql, items: readonly RaisedItem[]): Promise<void> {
  for (const item of items) {
    const { kind, key, summary, amount, evidence, reopens = false } = item;
    // `on conflict`: every message may come twice, and every loop may look twice.
    await sql.query(
      `insert into open_items (open_item_id, kind, item_key, summary, amount_minor, currency, merchant_id, settlement_id,
         authorization_id, card_key, provider, evidence, source)
       values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $14)
       on conflict (kind, item_key) do update set
         times = open_items.times + 1, last_seen_at = now(),
         -- Its age is how long it has waited this time.
         opened_at = case when $13 and open_items.status <> 'open' and not ($15 and open_items.status = 'dismissed') then now() else open_items.opened_at end,
         status = case when $13 and not ($15 and open_items.status = 'dismissed') then 'open' else open_items.status end,
         closed_at = case when $13 and not ($15 and open_items.status = 'dismissed') then null else open_items.closed_at end,
         resolution = case when $13 and not ($15 and open_items.status = 'dismissed') then null else open_items.resolution end,
         -- What closed it once says nothing of this time; one that is under way goes on.
         result = case when $13 and not ($15 and open_items.status = 'dismissed') then null else open_items.result end,
         action = case when $13 and not ($15 and open_items.status = 'dismissed') and open_items.status <> 'open' then null else open_items.action end,
         amount_minor = case when $13 then excluded.amount_minor else open_items.amount_minor end,
         currency = case when $13 then excluded.currency else open_items.currency end,
         summary = case when $13 then excluded.summary else open_items.summary end,
         evidence = case when $13 then excluded.evidence else open_items.evidence end`,
      [
        newId('oit'),
        kind,
        itemKey(key),
        maskedText('open_item', plainText(summary)),
        amount?.minor ?? null,
        amount?.currency ?? null,
        item.merchant_id ?? null,
        item.settlement_id ?? null,
        item.authorization_id ?? null,
        // A dead letter of an older edge may have a card number for a token.
        item.card_key == null ? null : maskedText('open_item', item.card_key),
        item.provider ?? null,
        // A dead letter's message is masked by whoever keeps it: as a whole it is one text.
        jsonText(kind === 'dead_letter' || kind === 'event_of_newer_release' ? evidence : maskEvidence(evidence)),
        reopens !== false,
        item.source ?? null,
        reopens === 'unless_dismissed',
      ],
    );
  }
}

/** Closes what is no longer so, of one key or of many; nothing where it is not open, or where a person's action on it has begun. */
export async function closeAsGone(sql: Sql, kind: OpenItemKind, keys: string | readonly string[]): Promise<void> {
  await sql.query(
    `update open_items set status = 'resolved', closed_at = now(), resolution = 'gone'
     where kind = $1 and item_key = any($2) and status = 'open' and action is null`,
    [kind, [keys].flat().map(itemKey)],
  );
}

/**
 * JSON that Postgres can also read into: it takes no NUL and no half of a surrogate pair in a text. Both become U+FFFD, the sign
 * for what could not be read. `\\u0000` with its backslash escaped is six plain characters, and stays.
 */
export function jsonText(evidence: unknown): string {
  const text = JSON.stringify(evidence, (_key, value: unknown) => (typeof value === 'bigint' ? `${value}` : value));
  return (text ?? 'null').replace(/(?<=(?:^|[^\\])(?:\\\\)*)\\u(?:0000|d[89a-f][0-9a-f]{2})/g, '\ufffd');
}

/** The same for a column of plain text. */
function plainText(text: string): string {
  return text.toWellFormed().replaceAll('\0', '\ufffd');
}

/** Keys are indexed: a long one (a file name, a whole message) counts by its digest. */
function itemKey(key: string): string {
  return key.length <= keyLengthMax ? plainText(key) : createHash('sha256').update(key).digest('hex');
}
