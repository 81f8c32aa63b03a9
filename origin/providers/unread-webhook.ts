// A webhook that its provider has signed and that tells us nothing we can take: it is kept for a person, because whoever signs may
// have told of money in it.

import { createHash } from 'node:crypto';
import { evidenceOf } from '../../contracts/evidence.ts';
import { lostOf, withNothingLost } from '../../contracts/lost-by-json.ts';
import { cut, plain } from '../../contracts/text.ts';

export interface UnreadWebhook {
  readonly outcome: 'unread';
  /** What makes two of them the same to a person: the type of the event, or the text itself where that is no JSON. */
  readonly about: string;
  /** Reads on from the name of the provider's message: `is not JSON`. */
  readonly problem: string;
  /** What came, cut and masked. */
  readonly evidence: unknown;
}

/** Ids of providers, in which digits are no card's. */
const identifiers: ReadonlySet<string> = new Set(['id', 'settlement_id', 'provider_reference', 'return_reference']);

/** `type`: the provider's name of what it tells, which is one item however often it comes; null where it has none. */
export function unreadWebhook(body: unknown, type: string | null, problem: string): UnreadWebhook {
  const shown = evidenceOf(body, identifiers);
  const about = type === null ? createHash('sha256').update(shown).digest('hex') : cut(plain(type));
  return { outcome: 'unread', about, problem, evidence: JSON.parse(shown) };
}

/** The body as JSON, or what is to be kept of it. */
export function jsonOf(body: string): { readonly outcome: 'json'; readonly value: unknown } | UnreadWebhook {
  try {
    const value: unknown = JSON.parse(body);
    const lost = lostOf(body, value);
    const [first] = lost;
    if (first === undefined) return { outcome: 'json', value };
    return unreadWebhook(
      JSON.parse(withNothingLost(body, lost)),
      null,
      `is not clear: ${first.field} ${first.problem}`,
    );
  } catch {
    return unreadWebhook(body, null, 'is not JSON');
  }
}
