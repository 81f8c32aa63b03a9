// Money in another currency than the card's, told before the card had a profile, is booked in its own currency: debit suspense EUR,
// credit network clearing EUR, 1.00. Once a person has said what it is in the card's currency, that first booking is booked back:
// debit network clearing EUR, credit suspense EUR, 1.00. Suspense is then even, and what was accrued of it is taken back by accrual.
// It carries the event's own number: the ledger takes it once.

import * as z from 'zod';
import { cardMessageSchema } from '../../contracts/card-message.ts';
import type { Sql } from '../db/client.ts';
import { type CardName, lockStreams } from '../intake/streams.ts';
import { insertTransfers } from '../ledger/transfers.ts';

const money = z.object({ hold_minor: z.int(), posted_minor: z.int() });

/** Evidence of a `currency_mismatch`, as intake writes it (intake/event-items.ts). */
export const foreignEventSchema = z.object({
  event: z.object({
    event_id: z.string(),
    sequence: z.int(),
    authorization_id: z.string(),
    message: cardMessageSchema,
    effect: money,
  }),
});
export type ForeignEvent = z.infer<typeof foreignEventSchema>['event'];

/** True: it was told before the profile, and is booked beside what the card counts. False: it moved nothing. */
export function isBooked({ effect }: ForeignEvent): boolean {
  return effect.hold_minor !== 0 || effect.posted_minor !== 0;
}

interface BookedRow {
  readonly holder_no: string;
  readonly clearing_no: string;
  readonly currency: string;
  readonly stream_id: string;
  readonly posted_minor: string;
}

/**
 * What is posted of the event is booked back; a hold of it is left, and lapses by itself. Returns what was moved, for the item's
 * result; nothing where nothing is posted, or it was booked back before.
 */
export async function bookBack(sql: Sql, card: CardName, event: ForeignEvent): Promise<object> {
  const { event_id, sequence, authorization_id } = event;
  // Before anything is read: intake books the card's events under the same lock, and only its holder changes authorizations.
  await lockStreams(sql, [card]);
  const { rows } = await sql.query<BookedRow>(
    `select h.ledger_account_no as holder_no, c.ledger_account_no as clearing_no, t.currency, t.stream_id,
       sum(case when t.credit_account_no = c.ledger_account_no then t.amount_minor else -t.amount_minor end) as posted_minor
     from card_streams s
     join ledger_transfers t on t.stream_id = s.stream_id and t.sequence = $3 and t.event_id = $4 and t.kind in ('post', 'direct')
     join ledger_accounts c on c.kind = 'network_clearing' and c.ledger_account_no in (t.debit_account_no, t.credit_account_no)
     join ledger_accounts h on h.kind <> 'network_clearing' and h.ledger_account_no in (t.debit_account_no, t.credit_account_no)
     where s.network = $1 and s.card_token = $2
     group by 1, 2, 3, 4`,
    [card.network, card.card_token, sequence, event_id],
  );
  const [booked] = rows;
  const posted = BigInt(booked?.posted_minor ?? 0);
  if (booked === undefined || posted === 0n) return {};
  const { currency } = booked;
  await sql.query(
    `update authorizations set posted_minor = posted_minor - $2, updated_at_ms = $4,
       status = case when held_minor = 0 and posted_minor = $2 then 'released' else status end
     where authorization_id = $1 and currency = $3`,
    [authorization_id, posted, currency, Date.now()],
  );
  const [holder, clearing] = [Number(booked.holder_no), Number(booked.clearing_no)];
  const [transfer_id] = await insertTransfers(sql, [
    {
      debit_account_no: posted > 0n ? clearing : holder,
      credit_account_no: posted > 0n ? holder : clearing,
      ...{ amount_minor: posted > 0n ? posted : -posted, currency, kind: 'direct', event_at_ms: Date.now() },
      event: { event_id, sequence, authorization_id, stream_id: Number(booked.stream_id) },
    },
  ]);
  return { booked_back: { amount_minor: Number(posted), currency, transfer_id } };
}
