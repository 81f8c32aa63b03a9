// The floor of the intake benchmark: the same rows as intake leaves, written by the barest SQL there is. Nothing is parsed,
// ordered, checked or locked; every figure is worked out before the clock starts; the tables have the same columns and indexes,
// and no triggers. In batches of a thousand through `unnest`, on as many connections as intake uses.

import { newId } from '../contracts/ids.ts';
import type { Sql } from '../origin/db/client.ts';
import { jsonColumn, numberColumn, wordColumn } from '../origin/db/columns.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { type AuthorizationRow, bookEvent } from '../origin/intake/book-event.ts';
import type { Transfer } from '../origin/ledger/transfers.ts';
import { shape } from './intake-program.ts';
import type { MadeUpCard } from './made-up-events.ts';

const connections = 2;
const eventsPerBatch = 1_000;
const tables = ['card_events', 'authorizations', 'ledger_transfers', 'ledger_balances', 'card_streams'];

/** Statements with their columns laid out, of one batch. */
type Batch = readonly { readonly text: string; readonly values: readonly unknown[] }[];

export async function measureFloor(url: string, cards: readonly MadeUpCard[]): Promise<number> {
  const admin = await connectOwner(url);
  await admin.query('create schema floor');
  // `like … including all`: columns, defaults, checks, identity and indexes; triggers and foreign keys are not copied.
  for (const table of tables) await admin.query(`create table floor.${table} (like public.${table} including all)`);
  await admin.query(
    `insert into floor.card_streams (network, card_token) select 'native', 'floor-' || n from generate_series(1, $1::int) n`,
    [cards.length],
  );
  await admin.query(
    `insert into floor.ledger_balances (ledger_account_no, currency) select n, 'USD' from generate_series(1, $1::int) n`,
    [shape.accounts + 1],
  );
  await admin.end();

  const batches = layOut(cards);
  const workers = await Promise.all(Array.from({ length: connections }, () => connectOwner(url)));
  const startMs = performance.now();
  const queue = batches.values();
  await Promise.all(
    workers.map(async (sql) => {
      for (const batch of queue) await write(sql, batch);
    }),
  );
  const seconds = (performance.now() - startMs) / 1_000;
  await Promise.all(workers.map((sql) => sql.end()));
  return cards.reduce((sum, { events }) => sum + events.length, 0) / seconds;
}

async function write(sql: Sql, batch: Batch): Promise<void> {
  await sql.query('begin');
  for (const [index, { text, values }] of batch.entries())
    await sql.query({ name: `floor_${index}`, text, values: [...values] });
  await sql.query('commit');
}

function layOut(cards: readonly MadeUpCard[]): Batch[] {
  const perCard = Math.floor(eventsPerBatch / cards.length) || 1;
  const batches: Batch[] = [];
  const rows = new Map<string, AuthorizationRow>();
  const clearing = shape.accounts + 1;
  // As cards that are used at the same time: a batch holds one event of each of a thousand cards.
  for (let turn = 0; turn * perCard < shape.events_per_card; turn += 1) {
    const events = cards.flatMap(({ events: all }, index) =>
      all.slice(turn * perCard, (turn + 1) * perCard).map((event) => ({ event, stream_id: index + 1 })),
    );
    const transfers: Transfer[] = [];
    const touched = new Map<string, AuthorizationRow>();
    for (const { event, stream_id } of events) {
      if (event.kind === 'profile' || event.authorization_id === null) continue;
      const holder = 1 + (stream_id % shape.accounts);
      const booking = bookEvent(event, stream_id, rows, { holder: () => holder, clearing: () => clearing });
      for (const row of booking.authorizations) {
        rows.set(row.authorization_id, row);
        touched.set(row.authorization_id, row);
      }
      transfers.push(...booking.transfers);
    }
    batches.push([
      eventRows(events),
      authorizationRows([...touched.values()]),
      streamRows(cards.length, (turn + 1) * perCard),
      transferRows(transfers),
      balanceRows(transfers),
    ]);
  }
  return batches;
}

type PlacedEvent = { event: MadeUpCard['events'][number]; stream_id: number };

function eventRows(events: readonly PlacedEvent[]) {
  return {
    text: `insert into floor.card_events (stream_id, sequence, kind, event_id, at_ms, authorization_id, body)
           select * from unnest($1::bigint[], $2::bigint[], $3::text[], $4::text[], $5::bigint[], $6::text[],
             string_to_array($7, E'\\n', '')::json[])`,
    values: [
      numberColumn(events.map(({ stream_id }) => stream_id)),
      numberColumn(events.map(({ event }) => event.sequence)),
      wordColumn(events.map(({ event }) => event.kind)),
      wordColumn(events.map(({ event }) => event.event_id)),
      numberColumn(events.map(({ event }) => event.at_ms)),
      wordColumn(events.map(({ event }) => ('authorization_id' in event ? event.authorization_id : null))),
      jsonColumn(events.map(({ event }) => JSON.stringify(event))),
    ],
  };
}

function authorizationRows(rows: readonly AuthorizationRow[]) {
  return {
    text: `insert into floor.authorizations (authorization_id, stream_id, ledger_account_no, currency, merchant, status, reason,
             requested_minor, held_minor, posted_minor, opened_at_ms, updated_at_ms)
           select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::text[], string_to_array($5, E'\\n', '')::json[],
             $6::text[], $7::text[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
           on conflict (authorization_id) do update set
             status = excluded.status, held_minor = excluded.held_minor, posted_minor = excluded.posted_minor`,
    values: [
      wordColumn(rows.map(({ authorization_id }) => authorization_id)),
      numberColumn(rows.map(({ stream_id }) => stream_id)),
      numberColumn(rows.map(({ ledger_account_no }) => ledger_account_no)),
      wordColumn(rows.map(({ currency }) => currency)),
      jsonColumn(rows.map(({ merchant }) => JSON.stringify(merchant))),
      wordColumn(rows.map(({ status }) => status)),
      wordColumn(rows.map(({ reason }) => reason)),
      numberColumn(rows.map(({ requested_minor }) => requested_minor)),
      numberColumn(rows.map(({ held_minor }) => held_minor)),
      numberColumn(rows.map(({ posted_minor }) => posted_minor)),
      numberColumn(rows.map(({ opened_at_ms }) => opened_at_ms)),
      numberColumn(rows.map(({ updated_at_ms }) => updated_at_ms)),
    ],
  };
}

function streamRows(streams: number, sequence: number) {
  return {
    text: 'update floor.card_streams set applied_sequence = $2, seen_sequence = $2 where stream_id = any($1::bigint[])',
    values: [numberColumn(Array.from({ length: streams }, (_, index) => index + 1)), sequence],
  };
}

function transferRows(transfers: readonly Transfer[]) {
  return {
    text: `insert into floor.ledger_transfers (transfer_id, debit_account_no, credit_account_no, amount_minor, currency, kind,
             event_at_ms, event_id, stream_id, sequence, authorization_id)
           select * from unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[], $6::text[],
             $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[])`,
    values: [
      wordColumn(transfers.map(() => newId('trf'))),
      numberColumn(transfers.map(({ debit_account_no }) => debit_account_no)),
      numberColumn(transfers.map(({ credit_account_no }) => credit_account_no)),
      numberColumn(transfers.map(({ amount_minor }) => amount_minor)),
      wordColumn(transfers.map(({ currency }) => currency)),
      wordColumn(transfers.map(({ kind }) => kind)),
      numberColumn(transfers.map(({ event_at_ms }) => event_at_ms)),
      wordColumn(transfers.map(({ event }) => event?.event_id ?? null)),
      numberColumn(transfers.map(({ event }) => event?.stream_id ?? null)),
      numberColumn(transfers.map(({ event }) => event?.sequence ?? null)),
      wordColumn(transfers.map(({ event }) => event?.authorization_id ?? null)),
    ],
  };
}

/** One update a batch, of posted sums only: fewer columns than the ledger keeps, so no slower than it. */
function balanceRows(transfers: readonly Transfer[]) {
  const sums = new Map<number, { debits: bigint; credits: bigint }>();
  const add = (account: number, debits: bigint, credits: bigint) => {
    const sum = sums.get(account) ?? { debits: 0n, credits: 0n };
    sums.set(account, { debits: sum.debits + debits, credits: sum.credits + credits });
  };
  for (const { debit_account_no, credit_account_no, amount_minor } of transfers) {
    add(debit_account_no, amount_minor, 0n);
    add(credit_account_no, 0n, amount_minor);
  }
  const accounts = [...sums.keys()].toSorted((one, other) => one - other);
  return {
    text: `update floor.ledger_balances b set debits_posted = b.debits_posted + s.debits, credits_posted = b.credits_posted + s.credits
           from unnest($1::bigint[], $2::bigint[], $3::bigint[]) as s(ledger_account_no, debits, credits)
           where b.ledger_account_no = s.ledger_account_no`,
    values: [
      numberColumn(accounts),
      numberColumn(accounts.map((account) => sums.get(account)?.debits ?? 0n)),
      numberColumn(accounts.map((account) => sums.get(account)?.credits ?? 0n)),
    ],
  };
}
