-- Queue messages that were not taken are open items of one kind: each letter with its message, who saw to it and when.

insert into open_items (open_item_id, kind, item_key, source, status, summary, card_key, evidence, times, opened_at, last_seen_at,
  closed_at, resolution)
select
  -- As contracts/ids.ts draws them: 26 letters of 32, each from five random bits. It names the row, so that it is drawn for each.
  'oit_' || (
    select string_agg(substr('0123456789abcdefghjkmnpqrstvwxyz', (get_byte(uuid_send(gen_random_uuid()), 0) & 31) + 1, 1), '')
    from generate_series(1, 26) as letter where d.dead_letter_no > 0
  ),
  'dead_letter',
  d.source || ' ' || encode(d.digest, 'hex'),
  d.source,
  case d.resolution when 'replayed' then 'resolved' when 'discarded' then 'dismissed' else 'open' end,
  'A message of the queue of ' || case d.source when 'card_events' then 'card events' else 'requests for settlements' end
    || ' was not taken: ' || d.reason,
  s.network || ':' || s.card_token,
  json_build_object('reason', d.reason, 'message', d.message, 'place',
    case when d.sequence is not null
      then json_build_object('card_key', s.network || ':' || s.card_token, 'sequence', d.sequence) end),
  d.times, d.received_at, d.last_received_at, d.resolved_at,
  case d.resolution when 'replayed' then 'try_again' when 'discarded' then 'dismiss' end
from dead_letters d left join card_streams s using (stream_id)
order by d.dead_letter_no;

-- Not left beside it: what an older release would still write there, nobody would look for. It has its message brought again instead.
drop table dead_letters;
