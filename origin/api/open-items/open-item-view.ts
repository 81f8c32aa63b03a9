// An open item as operators see it: in a list without its evidence, alone with all of it, what can be done about it, and what was.

import * as z from 'zod';
import { openItemSchema as contract, wholeOpenItemSchema as wholeContract } from '../../../contracts/open-item.ts';
import type { Sql } from '../../db/client.ts';
import { actionsOf } from '../../open-items/actions/all.ts';
import { type OpenItemKind, openItemKinds } from '../../open-items/kinds.ts';
import { maskEvidence } from '../../open-items/mask-evidence.ts';
import type { BegunAction, OpenItem } from '../../open-items/open-item.ts';

export const openItemKindSchema = z.enum(Object.keys(openItemKinds) as [OpenItemKind, ...OpenItemKind[]]);

/** The contract's fields; the document lists the kinds that there are. */
export const openItemSchema = z.strictObject({ ...contract.shape, kind: openItemKindSchema });
export const wholeOpenItemSchema = z.strictObject({ ...wholeContract.shape, kind: openItemKindSchema });

export function openItemView(item: OpenItem) {
  const { open_item_no: _, item_key: __, evidence: ___, action, ...shown } = item;
  return {
    ...shown,
    means: openItemKinds[item.kind],
    opened_at: item.opened_at.toISOString(),
    last_seen_at: item.last_seen_at.toISOString(),
    closed_at: item.closed_at?.toISOString() ?? null,
    under_way: item.status === 'open' && action !== null ? underWay(action) : null,
  };
}

function underWay({ name, input, actor, at }: BegunAction) {
  return { name, input, actor, at };
}

interface AuditRow {
  readonly at: Date;
  readonly actor: string;
  readonly action: string;
  readonly reason: string;
  readonly correlation_id: string;
}

export async function wholeOpenItemView(sql: Sql, item: OpenItem) {
  const { rows } = await sql.query<AuditRow>(
    'select at, actor, action, reason, correlation_id from audit_trail where subject = $1 order by audit_no, waiting_no, place',
    [item.open_item_id],
  );
  const actions = item.status === 'open' ? actionsOf(item.kind) : [];
  return {
    ...openItemView(item),
    evidence: maskEvidence(item.evidence),
    actions: actions.map(({ name, summary, input }) => ({ name, summary, input_schema: inputSchemaOf(input) })),
    history: rows.map(({ at, ...row }) => ({ at: at.toISOString(), ...row })),
  };
}

function inputSchemaOf(input: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return schema;
}
