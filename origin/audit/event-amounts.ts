// Whether what the ledger has of each card's event is what the event says: its effect is in the books as it came from the card. Recomputed from
// the events, some thousand cards at a time, so that neither side's memory has to hold them. What was never booked has no transfer and is not looked for
// here: events of older keys, and what is among the dead letters. 200,000 transfers of 20,000 cards take 5 s (2026-11-27, two busy cores).

import type { Sql } from '../db/client.ts';

/** Cards (their streams) in one statement. */
const streamsMax = 5_000;
const namedMax = 20;

/**
 * Of each event and currency. `posted`: what its transfers moved to the networks' clearing accounts. `held`: what they reserved there. `elsewhere`: what they
 * moved to or from accounts other than its own, or reserved with none.
 * A hold may end smaller than the event says, where less was held (intake/book-event.ts); never larger, and none is freed that it does not free.
 * Money in another currency than its authorization's may have been booked back by a person, to nothing (open-items/book-back.ts).
 */
const differing = `
  with house as materialized (
    select coalesce(array_agg(ledger_account_no), '{}') as nos from ledger_accounts where kind = 'network_clearing'
  ), named as materialized (
    select t.stream_id, t.sequence, t.event_id, t.currency, t.kind, t.amount_minor, t.debit_account_no, t.credit_account_no, t.transfer_id,
      a.ledger_account_no as own_no, a.currency as own_currency,
      t.debit_account_no = any (h.nos) as from_house, t.credit_account_no = any (h.nos) as to_house
    from ledger_transfers t cross join house h
    left join authorizations a on a.authorization_id = t.authorization_id
    where t.stream_id > $1 and t.stream_id <= $2
  ), sums as (
    select stream_id, sequence, event_id, currency, min(transfer_id) as transfer_id,
      sum(case when kind not in ('post', 'direct') then 0 when to_house then amount_minor when from_house then -amount_minor else 0 end) as posted,
      sum(case when not to_house then 0 when kind = 'pending' then amount_minor when kind in ('post', 'void') then -amount_minor else 0 end) as held,
      bool_or(kind = 'pending') as reserves, bool_or(kind <> 'direct' and not to_house) as is_elsewhere
    from named group by 1, 2, 3, 4
  ), holders as (
    select stream_id, sequence, event_id, currency, account_no, bool_and(own_currency <> currency or own_no = account_no) as is_own, sum(minor) as minor
    from (
      select named.*, debit_account_no as account_no, amount_minor as minor from named where kind in ('post', 'direct') and not from_house
      union all
      select named.*, credit_account_no, -amount_minor from named where kind in ('post', 'direct') and not to_house
    ) as side
    group by 1, 2, 3, 4, 5 having sum(minor) <> 0
  ), parts as (
    select stream_id, sequence, event_id, currency, transfer_id, posted, held, reserves, is_elsewhere, 0 as moved, true as is_own from sums
    union all
    select stream_id, sequence, event_id, currency, null, 0, 0, false, false, abs(minor), is_own from holders
  ), booked as (
    -- Put together by adding up: a join of the two was planned as a loop in a loop.
    select stream_id, sequence, event_id, currency, min(transfer_id) as transfer_id, sum(posted) as posted, sum(held) as held,
      bool_or(reserves) as reserves, bool_or(is_elsewhere) as is_elsewhere, sum(moved) as moved, bool_and(coalesce(is_own, true)) as is_own
    from parts group by 1, 2, 3, 4
  )
  select s.transfer_id as id, s.event_id
  from booked s
  join card_events e using (stream_id, sequence, event_id)
  cross join lateral (
    -- Read once, whatever is asked of it below: a body is kilobytes of text.
    select coalesce((body.effect ->> 'hold_minor')::numeric, 0) as hold, coalesce((body.effect ->> 'posted_minor')::numeric, 0) as posted,
      coalesce((body.joined ->> 'released_minor')::numeric, 0) as released
    from json_to_record(e.body) as body (effect json, joined json) offset 0
  ) as said
  where (
      s.is_elsewhere or s.moved <> abs(s.posted) or not s.is_own
      or s.posted <> said.posted
      or (s.reserves and said.hold <= 0) or s.held > greatest(said.hold, 0) or s.held < said.hold - said.released
    )
    and not (
      s.posted = 0 and s.moved = 0 and not s.is_elsewhere and s.held <= greatest(said.hold, 0) and s.held >= said.hold - said.released
      and exists (
        select from open_items o where o.kind = 'currency_mismatch' and o.evidence -> 'event' ->> 'event_id' = s.event_id and o.status <> 'open'))
  order by s.stream_id, s.sequence limit $3`;

/** In words, one for each of the first that differ. */
export async function differingAmounts(sql: Sql): Promise<string[]> {
  const { rows: ends } = await sql.query<{ last: string }>(
    'select coalesce(max(stream_id), 0) as last from card_streams',
  );
  const { rows: strays } = await sql.query<{ last: string }>(
    'select coalesce(max(stream_id), 0) as last from ledger_transfers',
  );
  const last = Math.max(Number(ends[0]?.last ?? 0), Number(strays[0]?.last ?? 0));
  const found: string[] = [];
  for (let from = 0; from < last && found.length < namedMax; from += streamsMax) {
    const { rows } = await sql.query<{ id: string; event_id: string }>(differing, [
      ...[from, from + streamsMax],
      namedMax - found.length,
    ]);
    found.push(
      ...rows.map(({ id, event_id }) => `transfer ${id} and others of event ${event_id} are not what the event says`),
    );
  }
  return found;
}
