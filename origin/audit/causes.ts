// What moved without anybody having said so: rows that the audit trail should have an event of, and has none. The hash chains prove
// that nothing was changed; this looks for what was added by somebody who writes as the service, past its code.

import type { Sql } from '../db/client.ts';

/** Of each kind at most so many are named. */
const namedMax = 20;

const questions = [
  {
    says: (id: string) => `transfer ${id} funds an account, and no audit event says so`,
    text: `
      select t.transfer_id as id
      from ledger_transfers t
      join ledger_accounts d on d.ledger_account_no = t.debit_account_no and d.kind = 'funding_source'
      join ledger_accounts c on c.ledger_account_no = t.credit_account_no
      left join audit_events e on e.action = 'account.funded' and e.subject = c.account_id
        and e.reason = t.amount_minor || ' ' || t.currency || ': ' || t.transfer_id
      where t.kind = 'direct' and t.event_id is null and t.settlement_id is null and e.audit_no is null
      order by t.transfer_no limit $1`,
  },
  {
    says: (id: string) => `the audit trail has a funding by transfer ${id}, and the ledger has none`,
    text: `
      select split_part(e.reason, ': ', 2) as id
      from audit_events e
      where e.action = 'account.funded'
        and not exists (
          select from ledger_accounts c join ledger_transfers t on t.credit_account_no = c.ledger_account_no
          where c.account_id = e.subject and e.reason = t.amount_minor || ' ' || t.currency || ': ' || t.transfer_id)
      order by e.audit_no limit $1`,
  },
  {
    says: (id: string) => `API key ${id} can do what no audit event gave it`,
    text: `
      select k.api_key_id as id
      from api_keys k
      left join audit_events e on e.action = 'api_key.created' and e.subject = k.api_key_id
        and e.reason = array_to_string(k.scopes, ' ')
      where e.audit_no is null
      order by k.created_at limit $1`,
  },
  {
    says: (id: string) => `merchant ${id} was made, and no audit event says so`,
    text: `
      select m.merchant_id as id
      from merchants m
      left join audit_events e on e.action = 'merchant.created' and e.subject = m.merchant_id
      where e.audit_no is null
      order by m.created_at limit $1`,
  },
] as const;

/** In words, one for each. Empty: everything has its cause. Reads whole tables: for a command, not for a request. */
export async function withoutCause(sql: Sql): Promise<readonly string[]> {
  const found: string[] = [];
  for (const { says, text } of questions) {
    const { rows } = await sql.query<{ id: string }>(text, [namedMax]);
    found.push(...rows.map(({ id }) => says(id)));
  }
  return found;
}
