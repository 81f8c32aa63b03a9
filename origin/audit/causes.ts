// What moved without anybody having said so: rows that the audit trail should have an event of, and has none. The hash chains prove
// that nothing was changed; this looks for what was added by somebody who writes as the service, past its code.

import type { Sql } from '../db/client.ts';
import { differingAmounts } from './event-amounts.ts';

/** Of each kind at most so many are named. */
const namedMax = 20;

const questions = [
  {
    says: (id: string) => `transfer ${id} funds an account, or takes money out of it, and no audit event says so`,
    text: `
      select t.transfer_id as id
      from ledger_transfers t
      join ledger_accounts d on d.ledger_account_no = t.debit_account_no
      join ledger_accounts c on c.ledger_account_no = t.credit_account_no
      left join audit_trail e on e.subject = coalesce(d.account_id, c.account_id)
        and e.action = case when d.kind = 'funding_source' then 'account.funded' else 'account.withdrawn' end
        and e.reason = t.amount_minor || ' ' || t.currency || ': ' || t.transfer_id
      where 'funding_source' in (d.kind, c.kind) and t.kind = 'direct' and t.event_id is null and t.settlement_id is null
        and e.action is null
      order by t.transfer_no limit $1`,
  },
  {
    // The app can write events too, so this finds what was added carelessly, and the chains what was changed.
    says: (id: string) => `transfer ${id} names an event or an authorization that its card does not have`,
    text: `
      select t.transfer_id as id
      from ledger_transfers t
      left join card_events e on e.stream_id = t.stream_id and e.sequence = t.sequence and e.event_id = t.event_id
      left join authorizations a on a.authorization_id = t.authorization_id and a.stream_id = t.stream_id
      where (t.stream_id is not null or t.authorization_id is not null)
        and (e.stream_id is null or a.authorization_id is null)
      order by t.transfer_no limit $1`,
  },
  {
    // From before the database refused it (migration 27), or past it.
    says: (id: string) => `transfer ${id} names a settlement that there is not`,
    text: `
      select t.transfer_id as id
      from ledger_transfers t
      left join settlements s on s.settlement_id = t.settlement_id
      where t.settlement_id is not null and s.settlement_id is null
      order by t.transfer_no limit $1`,
  },
  {
    says: (id: string) => `the audit trail has a funding or a withdrawal by transfer ${id}, and the ledger has none`,
    text: `
      select split_part(e.reason, ': ', 2) as id
      from audit_trail e
      where e.action in ('account.funded', 'account.withdrawn')
        and not exists (
          select from ledger_accounts c
          join ledger_transfers t on c.ledger_account_no = case e.action when 'account.funded' then t.credit_account_no else t.debit_account_no end
          where c.account_id = e.subject and e.reason = t.amount_minor || ' ' || t.currency || ': ' || t.transfer_id)
      order by e.audit_no, e.waiting_no limit $1`,
  },
  {
    says: (id: string) => `API key ${id} can do what no audit event gave it`,
    text: `
      select k.api_key_id as id
      from api_keys k
      left join audit_trail e on e.action = 'api_key.created' and e.subject = k.api_key_id
        and e.reason = array_to_string(k.scopes, ' ') and e.merchant_id is not distinct from k.merchant_id
      where e.action is null
      order by k.created_at limit $1`,
  },
  {
    says: (id: string) => `merchant ${id} was made, and no audit event says so`,
    text: `
      select m.merchant_id as id
      from merchants m
      left join audit_trail e on e.action = 'merchant.created' and e.subject = m.merchant_id
      where e.action is null
      order by m.created_at limit $1`,
  },
  {
    says: (id: string) => `API key ${id} was taken back, or not, and the audit trail says otherwise`,
    text: `
      select k.api_key_id as id
      from api_keys k
      where (k.revoked_at is not null) <> exists (
        select from audit_trail e where e.subject = k.api_key_id and e.action = 'api_key.revoked')
      order by k.created_at limit $1`,
  },
  {
    says: (id: string) => `merchant ${id} is paid to destinations that are not those of its last audited change`,
    text: `
      select m.merchant_id as id
      from merchants m
      left join lateral (
        select e.reason from audit_trail e
        where e.subject = m.merchant_id and e.action = 'merchant.destination_changed'
        order by e.audit_no desc, e.waiting_no desc, e.place desc limit 1
      ) as last on true
      where case when last.reason is null then m.destinations <> '{}'
        else right(last.reason, 64) <> destinations_digest(m.merchant_id, m.destinations) end
      order by m.created_at limit $1`,
  },
  {
    says: (id: string) => `settlement ${id} goes to destinations that its merchant never had by the audit trail`,
    // One settlement of each merchant and its destinations: those are few, and settlements are many.
    text: `
      select s.id
      from (
        select merchant_id, destinations, min(settlement_id) as id
        from settlements
        where destinations <> '{}' and created_at >= (select applied_at from schema_migrations where version = 25)
        group by merchant_id, destinations
      ) as s
      where not exists (
        select from audit_trail e
        where e.subject = s.merchant_id and e.action = 'merchant.destination_changed'
          and right(e.reason, 64) = destinations_digest(s.merchant_id, s.destinations))
      order by s.id limit $1`,
  },
  {
    says: (id: string) => `settlement ${id} is in another state than its last transition in the audit trail`,
    // One look into the index for each settlement: 200,000 of them take 5 s on the machine of load/README.md.
    text: `
      with waiting as materialized (
        select distinct on (subject) subject, to_state from audit_trail where audit_no is null and to_state is not null
        order by subject, waiting_no desc, place desc
      )
      select s.settlement_id as id
      from settlements s
      left join waiting w on w.subject = s.settlement_id
      left join lateral (
        select e.to_state from audit_events e
        where e.subject = s.settlement_id and e.to_state is not null
        order by e.audit_no desc limit 1
      ) as last on true
      where coalesce(w.to_state, last.to_state) is distinct from s.state
      order by s.settlement_no limit $1`,
  },
] as const;

/** In words, one for each. Empty: everything has its cause. Reads whole tables: for a command, not for a request. */
export async function withoutCause(sql: Sql): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { says, text } of questions) {
    const { rows } = await sql.query<{ id: string }>(text, [namedMax]);
    found.push(...rows.map(({ id }) => says(id)));
  }
  return [...found, ...(await differingAmounts(sql))];
}
