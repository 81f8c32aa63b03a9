// The text of a webhook's body, byte for byte: partners sign what they have received, and some keep it. A settlement's end has the form
// that Postgres once gave it, `{"data": {"state": "completed", …}, "type": …}`: shorter keys first, a space after each colon and comma.

import type { SettlementWebhook } from './settlement.ts';

type Value = string | number | null | { readonly [key: string]: Value };

export function webhookText(event: SettlementWebhook): string {
  // As they are written by JSON.stringify, in the order of the schema.
  if (event.type === 'settlement.returned') return JSON.stringify(event);
  return spaced(event);
}

function spaced(value: Value): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value).sort(([one], [other]) => one.length - other.length || (one < other ? -1 : 1));
  return `{${entries.map(([key, inner]) => `${JSON.stringify(key)}: ${spaced(inner)}`).join(', ')}}`;
}
