-- Refunds withheld at shops that no merchant has are open items too, one an hour (origin/settlement/withheld-hours.ts).
drop index withheld_refunds_to_raise;
create index withheld_refunds_to_raise on withheld_refunds (last_at) where left_minor is distinct from coalesce(raised_minor, 0);
create index unmatched_refunds_of_hour on unmatched_refunds (clearing_no, booked_at) where state = 'withheld' and left_minor > 0;
