-- Who may do what. `npm run migrate` applies this file, whole and in one transaction, after the migrations, each time; it says what the
-- role has, and what it does not say the role does not have. A test compares it with what the database really grants (origin/db/grants.test.ts).
--
--   the owner     who runs migrations: owns everything here. Needs no superuser: to create roles is enough, as Neon's owner may.
--   atlas_app     what the service works as (made by 0001). No login, no password, owns nothing.
--   a login       the service's own: a member of atlas_app and of nothing else, made by `npm run migrate` from DATABASE_URL. It takes the
--                 role atlas_app when it connects; what it may do without that is the same.
--
-- What an older release needs stays here until nobody would go back to it (docs/releasing.md). Logins that only read, or that write down a
-- proof, have their own grants (docs/operating.md, "A proof a week"); nothing here takes them away.

revoke all on all tables in schema public from atlas_app;
revoke all on all sequences in schema public from atlas_app;
revoke all on all functions in schema public from atlas_app;
-- To create in it is the owner's alone. Postgres 15 and later do not give it to everybody; a database that came from 14 does.
revoke create on schema public from public, atlas_app;
grant usage on schema public to atlas_app;

-- A temporary table of the same name would be found before ours by whatever does not name the schema.
do $$
begin
  execute format('revoke temporary, create on database %I from public, atlas_app', current_database());
  -- Large objects: anybody may make them, and only a superuser can take that away. Where the owner is none, they fill the disk and reach nothing.
  if (select rolsuper from pg_roles where rolname = current_user) then
    revoke execute on function lo_creat(int), lo_create(oid), lo_from_bytea(oid, bytea), lo_open(oid, int), lo_put(oid, bigint, bytea),
      lowrite(int, bytea), lo_truncate(int, int), lo_truncate64(int, bigint), lo_unlink(oid) from public;
  end if;
end
$$;

-- What every service reads to know whether it fits.
grant select on schema_migrations to atlas_app;

-- Added and read, never changed: the owner's triggers refuse it to the owner too.
grant select, insert on
  accounts, card_events, card_profiles, control_set_versions, events_given_up, ledger_accounts, ledger_transfers, provider_exchanges,
  settlement_returns, withheld_amounts
  to atlas_app;

-- Written by the database itself: by triggers and functions that work as the owner.
grant select on
  audit_events, audit_head, audit_trail, destination_cooling, last_proofs, ledger_balances, ledger_journal, ledger_seal_head, ledger_seals,
  waiting_for_seal
  to atlas_app;

-- Added, read, and changed in these columns alone.
grant select, insert on api_keys, authorizations, card_streams, cards, control_sets, events_kept_together, facts_kept_together, open_items
  to atlas_app;
grant update (revoked_at, last_used_at) on api_keys to atlas_app;
grant update (
  ledger_account_no, currency, merchant, status, reason, requested_minor, held_minor, posted_minor, updated_at_ms, joined_into,
  network_merchant_id, approved_minor, joined_posted_minor
) on authorizations to atlas_app;
grant update (applied_sequence, seen_sequence, set_back_since, withheld_minor) on card_streams to atlas_app;
grant update (profile, profile_version, edge_version, controls, control_set_id, control_set_version) on cards to atlas_app;
grant update (newest_version) on control_sets to atlas_app;
grant update (done_at, result) on events_kept_together to atlas_app;
grant update (taken_at) on facts_kept_together to atlas_app;
grant update (
  status, summary, amount_minor, currency, evidence, times, opened_at, last_seen_at, closed_at, resolution, result, action, claimed_by,
  claimed_until
) on open_items to atlas_app;

-- Who has the sweep, and how far it and each distribution of a control set have come.
grant select on sweep to atlas_app;
grant update (held_by, held_until, after_network, after_card_token, began_at, is_whole, next_pass_at) on sweep to atlas_app;
grant select, insert on control_set_distributions to atlas_app;
grant update (percent, state, after_card_id, cards_to_move, cards_moved, cards_refused, refused, actor, correlation_id, changed_at)
  on control_set_distributions to atlas_app;
grant update (name, parent_account_id, credit_limit_minor, budget_minor, budget_window, children_may_exceed) on accounts to atlas_app;
-- Whose they are never changes; a card's assignment goes when it is taken from its employee.
grant select, insert on companies, departments, employees to atlas_app;
grant update (name, reference, status) on companies to atlas_app;
grant update (parent_department_id, name, reference) on departments to atlas_app;
grant update (department_id, display_name, reference, status) on employees to atlas_app;
grant select, insert, delete on card_assignments to atlas_app;
grant update (company_id, employee_id, assigned_at) on card_assignments to atlas_app;

-- Where it is paid to is no column of these: change_destinations alone writes it.
grant select on merchants to atlas_app;
grant insert (merchant_id, name, currency, network_merchant_ids, schedule_time, schedule_zone) on merchants to atlas_app;
grant update (network_merchant_ids, schedule_time, schedule_zone, ids_taken_up) on merchants to atlas_app;

-- Changed as their triggers allow it.
grant select, update on accrual_head to atlas_app;
grant select, insert, update on
  events_together_sums, facts_together_sums, merchant_accruals, provider_webhooks, settlement_runs, settlements
  to atlas_app;

-- Removed too: queues, caches, sums of days that are over, what has an end (docs/retention.md).
grant select, insert, delete on access_counts, address_salts, idempotency_keys, streams_in_suspense, webhook_attempts to atlas_app;
grant update (calls, last_at, last_request_id) on access_counts to atlas_app;
grant update (salt) on address_salts to atlas_app;
grant select, insert, update, delete on
  edge_outbox, unapproved_clearings, unapproved_sums, unassigned_clearings, unmatched_refunds, unmatched_shop_sums, unmatched_sums,
  webhook_endpoints, webhook_messages, withheld_clearings, withheld_refunds
  to atlas_app;

-- Functions that work as the owner. Those of triggers cannot be called; the others are for whom they are granted to. chain_audit_events is
-- called by nothing any more: the grants of the release before migration 44 name it.
revoke execute on function
  append_audit_events(audit_entry[]), chain_audit_events(audit_entry[]), change_destinations(text, jsonb, text, text),
  note_cards_compared(timestamptz), note_failed_proof(text, timestamptz), note_proof(text, timestamptz), seal_waiting(int, boolean)
  from public;
grant execute on function
  append_audit_events(audit_entry[]), change_destinations(text, jsonb, text, text), note_cards_compared(timestamptz),
  seal_waiting(int, boolean)
  to atlas_app;
