// An open item as operators see it: in a list without its evidence, alone with all of it, what can be done about it, and what was.

import * as z from 'zod';
import { idSchema } from '../../contracts/ids.ts';
import type { Sql } from '../db/client.ts';
import { actionsOf } from '../open-items/actions/all.ts';
import { type OpenItemKind, openItemKinds } from '../open-items/kinds.ts';
import { maskCardNumbers } from '../open-items/mask-evidence.ts';
import type { OpenItem } from '../open-items/open-item.ts';

export const openItemKindSchema = z.enum(Object.keys(openItemKinds) as [OpenItemKind, ...OpenItemKind[]]);
export const openItemStatuses = ['open', 'resolved', 'dismissed'] as const;

export const openItemSchema = z.strictObject({
  open_item_id: idSchema('oit'),
  kind: openItemKindSchema,
  /** What such an item means, in a sentence. */
  means: z.string(),
  /** Where it came in, as a queue's name; null where its kind says enough. */
  source: z.string().nullable(),
  status: z.enum(openItemStatuses),
  /** What happened, in a sentence. */
  summary: z.string(),
  /** Null where no money is concerned; below zero where money is missing. */
  amount_minor: z.bigint().nullable(),
  currency: z.string().nullable(),
  merchant_id: z.string().nullable(),
  settlement_id: z.string().nullable(),
  authorization_id: z.string().nullable(),
  /** `<network>:<card token>`. */
  card_key: z.string().nullable(),
  provider: z.string().nullable(),
  /** How often it was seen. */
  times: z.int(),
  opened_at: z.iso.datetime(),
  last_seen_at: z.iso.datetime(),
  closed_at: z.iso.datetime().nullable(),
  /** The action that closed it; `gone` where what it said was no longer so. */
  resolution: z.string().nullable(),
  /** What that action came to. */
  result: z.record(z.string(), z.unknown()).nullable(),
  /** An action that was begun and has not come to its end: the same one must be asked for again. */
  under_way: z
    .strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()), actor: z.string(), at: z.string() })
    .nullable(),
});

export function openItemView(item: OpenItem): z.output<typeof openItemSchema> {
  const { open_item_no: _, item_key: __, evidence: ___, action, result, ...shown } = item;
  return {
    ...shown,
    means: openItemKinds[item.kind],
    opened_at: item.opened_at.toISOString(),
    last_seen_at: item.last_seen_at.toISOString(),
    closed_at: item.closed_at?.toISOString() ?? null,
    result: result as Record<string, unknown> | null,
    under_way: item.status === 'open' ? (action as z.output<typeof openItemSchema>['under_way']) : null,
  };
}

export const wholeOpenItemSchema = z.strictObject({
  ...openItemSchema.shape,
  /** All that was seen, with digits that may be a card's masked. */
  evidence: z.unknown(),
  /** What can be done about it; none once it is closed. */
  actions: z.array(
    z.strictObject({
      name: z.string(),
      summary: z.string(),
      /** JSON Schema of its `input`. */
      input_schema: z.record(z.string(), z.unknown()),
    }),
  ),
  /** Who did what about it, the first first. */
  history: z.array(
    z.strictObject({
      at: z.iso.datetime(),
      actor: z.string(),
      action: z.string(),
      reason: z.string(),
      correlation_id: z.string(),
    }),
  ),
});

export async function wholeOpenItemView(sql: Sql, item: OpenItem): Promise<z.output<typeof wholeOpenItemSchema>> {
  const { rows } = await sql.query<{ at: Date; actor: string; action: string; reason: string; correlation_id: string }>(
    'select at, actor, action, reason, correlation_id from audit_events where subject = $1 order by audit_no',
    [item.open_item_id],
  );
  const actions = item.status === 'open' ? actionsOf(item.kind) : [];
  return {
    ...openItemView(item),
    evidence: maskCardNumbers(item.evidence),
    actions: actions.map(({ name, summary, input }) => ({ name, summary, input_schema: inputSchemaOf(input) })),
    history: rows.map(({ at, ...row }) => ({ at: at.toISOString(), ...row })),
  };
}

function inputSchemaOf(input: z.ZodObject): Record<string, unknown> {
  const { $schema: _, ...schema } = z.toJSONSchema(input, { io: 'input', unrepresentable: 'any' });
  return schema;
}
