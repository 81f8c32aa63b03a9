// Structured lines for what a person must learn of. Takes names and figures only: no body, no token, no credential.

import type { Unread } from '../contracts/attributes.ts';
import { maskCardNumbers } from '../contracts/card-numbers/card-numbers.ts';
import type { Network } from '../contracts/network.ts';

type Fields = Readonly<Record<string, string | number | boolean | null>>;

export function logEvent(level: 'info' | 'warn' | 'error', event: string, fields: Fields): void {
  // The last look at every line: an error's text may quote what no field of ours would.
  const safe = Object.entries(fields).map(([name, value]) => [
    name,
    typeof value === 'string' ? maskCardNumbers(value) : value,
  ]);
  console[level](JSON.stringify({ level, event, ...Object.fromEntries(safe) }));
}

/** One line for a message of which decorations could not be read: how often a network sends what we take for unknown. */
export function logUnread(network: Network, unread: Unread): void {
  if (unread.size > 0) logEvent('warn', 'attributes_unread', { network, attributes: [...unread].sort().join(' ') });
}
