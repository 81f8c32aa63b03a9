// Open items as text for a terminal.

import type { OpenItem, OpenItemCounts, WholeOpenItem } from '../../../sdk/index.ts';
import { length, money, table } from '../shown.ts';

export function shownList(items: readonly OpenItem[], { nowMs, isMore }: { nowMs: number; isMore: boolean }): string {
  if (items.length === 0) return 'Nothing: no such item waits for a person.\n';
  const rows = items.map((item) => [
    item.open_item_id,
    item.kind,
    ageOf(item.opened_at, nowMs),
    money(item.amount_minor, item.currency),
    belongsTo(item),
    `${item.summary}${item.times > 1 ? ` (seen ${item.times} times)` : ''}${item.under_way === null ? '' : ` [${item.under_way.name} under way]`}`,
  ]);
  const lines = table([['id', 'kind', 'age', 'amount', 'belongs to', 'summary'], ...rows]);
  return `${lines.join('\n')}\n${isMore ? 'There are more: --limit N\n' : ''}`;
}

export function shownCounts({ open, kinds }: OpenItemCounts): string {
  if (open === 0) return 'Nothing waits for a person.\n';
  const rows = kinds.map((count) => [count.kind, String(count.open), length(count.oldest_age_seconds * 1_000)]);
  return `${table([['kind', 'open', 'oldest'], ...rows, ['all', String(open), '']]).join('\n')}\n`;
}

export function shownItem(item: WholeOpenItem, nowMs: number): string {
  const facts: [string, string | null][] = [
    ['kind', `${item.kind}: ${item.means}`],
    ['status', item.resolution === null ? item.status : `${item.status} by ${item.resolution}`],
    ['age', ageOf(item.opened_at, nowMs)],
    ['seen', `${item.times === 1 ? 'once' : `${item.times} times`}, last at ${item.last_seen_at}`],
    ['amount', money(item.amount_minor, item.currency)],
    ['source', item.source],
    ['settlement', item.settlement_id],
    ['authorization', item.authorization_id],
    ['merchant', item.merchant_id],
    ['card', item.card_key],
    ['provider', item.provider],
    ['result', item.result === null ? null : JSON.stringify(item.result)],
    ['under way', item.under_way === null ? null : `${item.under_way.name} ${JSON.stringify(item.under_way.input)}`],
  ];
  return [
    `${item.open_item_id}   ${item.summary}`,
    ...facts.flatMap(([name, value]) => (value === null || value === '' ? [] : [`  ${name.padEnd(14)}${value}`])),
    '',
    '  evidence',
    ...indented(JSON.stringify(item.evidence, null, 2)),
    ...(item.actions.length === 0 ? [] : ['', '  actions']),
    ...item.actions.flatMap(({ name, summary, input_schema }) => [
      `    ${name}   ${summary}`,
      ...Object.entries((input_schema['properties'] ?? {}) as Record<string, object>).map(
        ([field, schema]) => `        --set ${field}=…   ${JSON.stringify(schema)}`,
      ),
    ]),
    ...(item.history.length === 0 ? [] : ['', '  history']),
    ...item.history.map(({ at, actor, action, reason }) => `    ${at}  ${actor}  ${action}  ${reason}`),
    '',
  ].join('\n');
}

function indented(text: string): string[] {
  return text.split('\n').map((line) => `    ${line}`);
}

function belongsTo(item: OpenItem): string {
  const { settlement_id, authorization_id, merchant_id, card_key, provider } = item;
  return settlement_id ?? authorization_id ?? merchant_id ?? card_key ?? provider ?? item.source ?? '';
}

function ageOf(openedAt: string, nowMs: number): string {
  return length(nowMs - Date.parse(openedAt));
}
