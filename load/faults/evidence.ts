// What the system has after a fault, read by ways of their own: each card's log through the edge's side door, the transfers
// and streams by plain SQL. Nothing here works anything out; load/faults/judge.ts does.

import * as z from 'zod';
import { type CardEvent, cardEventSchema } from '../../contracts/card-event.ts';
import { newId } from '../../contracts/ids.ts';
import { cardEventsAnswerSchema } from '../../contracts/internal-answers.ts';
import { signCall } from '../../contracts/sign-call.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import type { Sql } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';
import { edgeVars } from '../edge-cards.ts';
import { fewAtATime } from '../few-at-a-time.ts';

export interface CardEvidence {
  readonly events: readonly CardEvent[];
  readonly heldMinor: number;
  readonly postedMinor: number;
  readonly lastSequence: number;
  readonly transfers: readonly TransferEvidence[];
  /** How far the origin has booked this card; 0 where it knows nothing of it. */
  readonly appliedSequence: number;
  /** Events that the origin has stored. */
  readonly storedEvents: number;
}

export interface TransferEvidence {
  readonly authorization_id: string;
  readonly kind: 'pending' | 'post' | 'void' | 'direct';
  readonly amount_minor: number;
}

export interface Evidence {
  readonly cards: ReadonlyMap<string, CardEvidence>;
  /** What the ledger's own proof found (balances against transfers, debits against credits), and that of both chains. */
  readonly ledgerDifferences: readonly string[];
  /** Transfers of a card's event that were booked before those of an earlier one. */
  readonly outOfOrder: number;
  /** Kinds of open items that say of cards' events that something is not as it should be, with how many are open. */
  readonly openItems: ReadonlyMap<string, number>;
}

interface StreamRow {
  readonly card_token: string;
  readonly applied_sequence: string;
  readonly stored_events: string;
  readonly transfers: readonly TransferEvidence[];
}

export async function gatherEvidence(
  { edgeUrl, databaseUrl }: { readonly edgeUrl: string; readonly databaseUrl: string },
  cardTokens: readonly string[],
): Promise<Evidence> {
  const sql = await connectOwner(databaseUrl);
  try {
    const { rows } = await sql.query<StreamRow>(
      `select s.card_token, s.applied_sequence,
         (select count(*) from card_events e where e.stream_id = s.stream_id) as stored_events,
         (select coalesce(json_agg(json_build_object(
             'authorization_id', t.authorization_id, 'kind', t.kind, 'amount_minor', t.amount_minor
           )), '[]') from ledger_transfers t where t.stream_id = s.stream_id) as transfers
       from card_streams s`,
    );
    const streams = new Map(rows.map((row) => [row.card_token, row]));
    const cards = new Map<string, CardEvidence>();
    await fewAtATime(cardTokens, async (cardToken) => {
      const { held_minor, posted_minor, last_sequence } = await readCard(edgeUrl, cardToken);
      const stream = streams.get(cardToken);
      cards.set(cardToken, {
        events: await readLog(edgeUrl, cardToken),
        heldMinor: held_minor,
        postedMinor: posted_minor,
        lastSequence: last_sequence,
        transfers: stream?.transfers ?? [],
        appliedSequence: Number(stream?.applied_sequence ?? 0),
        storedEvents: Number(stream?.stored_events ?? 0),
      });
    });
    const { differences } = await verifyLedger(sql);
    const { faults } = await verifyAudit(sql);
    const items = await sql.query<{ kind: string; count: string }>(
      `select kind, count(*) from open_items where status = 'open' and kind in
         ('dead_letter', 'card_behind_ledger', 'card_events_lost', 'key_reused', 'money_told_again') group by kind`,
    );
    const openItems = new Map(items.rows.map(({ kind, count }) => [kind, Number(count)]));
    return {
      cards,
      ledgerDifferences: [...differences, ...faults.map(({ says }) => says)],
      outOfOrder: await bookedOutOfOrder(sql),
      openItems,
    };
  } finally {
    await sql.end();
  }
}

async function bookedOutOfOrder(sql: Sql): Promise<number> {
  const { rows } = await sql.query<{ count: string }>(
    `select count(*) from (
       select sequence, max(sequence) over (partition by stream_id order by transfer_no) as newest
       from ledger_transfers where sequence is not null
     ) as booked where sequence < newest`,
  );
  return Number(rows[0]?.count);
}

const cardSchema = z.object({
  held_minor: z.int(),
  posted_minor: z.int(),
  last_sequence: z.int(),
  published_sequence: z.int(),
});

export async function readCard(edgeUrl: string, cardToken: string) {
  return cardSchema.parse(await get(edgeUrl, `/internal/cards/marqeta/${cardToken}`));
}

/** Null: it has none. */
export async function readProfile(edgeUrl: string, cardToken: string) {
  const card = await get(edgeUrl, `/internal/cards/marqeta/${cardToken}`);
  return cardProfileSchema.parse(card).profile;
}

const cardProfileSchema = z.object({ profile: z.nullable(z.object({ version: z.int(), status: z.string() })) });

/** Page after page, as the origin would read it. */
export async function readLog(edgeUrl: string, cardToken: string): Promise<CardEvent[]> {
  const log: CardEvent[] = [];
  for (;;) {
    const after = log.at(-1)?.sequence ?? 0;
    const page = await get(edgeUrl, `/internal/cards/marqeta/${cardToken}/events?after=${after}`);
    const { events, last_sequence } = cardEventsAnswerSchema.parse(page);
    log.push(...events.map((event) => cardEventSchema.parse(event)));
    if (events.length === 0 || (log.at(-1)?.sequence ?? 0) >= last_sequence) return log;
  }
}

async function get(edgeUrl: string, pathAndQuery: string): Promise<unknown> {
  const call = { method: 'GET', pathAndQuery, body: '' };
  const headers = signCall(edgeVars.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  const answer = await fetch(edgeUrl + pathAndQuery, { headers, signal: AbortSignal.timeout(10_000) });
  if (!answer.ok) throw new Error(`GET ${pathAndQuery} answered ${answer.status}`);
  return await answer.json();
}
