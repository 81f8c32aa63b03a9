// A plausible program's events for load and tests: accounts, cards, and for each card a stream of authorizations, clearings
// and reversals without gaps. The same seed gives the same events; only ids are fresh.

import type { CardEvent, CardEventsMessage } from '../contracts/card-event.ts';
import { newId } from '../contracts/ids.ts';
import { cardKey } from '../contracts/network.ts';

export interface MadeUpCard {
  readonly network: 'native';
  readonly card_token: string;
  readonly events: CardEvent[];
}

/** `count` events: of each ten about six are authorizations (one of them declined), three clearings, one reversal. */
export function madeUpCard(card_token: string, count: number, random: () => number): MadeUpCard {
  const events: CardEvent[] = [];
  const open: { authorization_id: `auth_${string}`; authorization_key: string; held: number }[] = [];
  const startMs = Date.UTC(2026, 0, 1);
  for (let sequence = 1; sequence <= count; sequence += 1) {
    const common = { sequence, at_ms: startMs + sequence * 1_000, event_id: newId('evt') };
    const dice = random();
    const life = dice < 0.6 ? undefined : open.shift();
    if (life === undefined) {
      const authorization_id = newId('auth');
      const authorization_key = `${card_token}-a${sequence}`;
      const amount = 100 + Math.floor(random() * 20_000);
      const approved = random() < 0.85;
      if (approved) open.push({ authorization_id, authorization_key, held: amount });
      events.push({ ...common, ...authorization({ authorization_id, authorization_key, amount, approved }) });
      continue;
    }
    const { authorization_id, authorization_key, held } = life;
    const message = {
      message_key: `${card_token}-m${sequence}`,
      authorization_key,
      currency: 'USD',
      amount_minor: held,
    };
    events.push(
      dice < 0.9
        ? {
            ...common,
            kind: 'message',
            authorization_id,
            message: { kind: 'clearing', ...message, final: true, merchant: null },
            effect: { hold_minor: -held, posted_minor: held },
          }
        : {
            ...common,
            kind: 'message',
            authorization_id,
            message: { kind: 'reversal', ...message },
            effect: { hold_minor: -held, posted_minor: 0 },
          },
    );
  }
  return { network: 'native', card_token, events };
}

interface MadeUpAuthorization {
  readonly authorization_id: `auth_${string}`;
  readonly authorization_key: string;
  readonly amount: number;
  readonly approved: boolean;
}

function authorization({ authorization_id, authorization_key, amount, approved }: MadeUpAuthorization) {
  return {
    kind: 'authorization' as const,
    authorization_id,
    request: {
      request_key: authorization_key,
      authorization_key,
      kind: 'authorization' as const,
      amount_minor: amount,
      currency: 'USD',
      merchant: { id: 'mer-20519', name: 'Corner Grocery', category: '5411', country: 'US' },
      channel: 'pos' as const,
      entry_mode: 'chip' as const,
      card_present: true,
      partial_approval_capable: false,
    },
    decision: {
      outcome: approved ? ('approved' as const) : ('declined' as const),
      approved_minor: approved ? amount : 0,
      hold_minor: approved ? amount : 0,
      profile_version: 1,
      reason: approved ? null : ('insufficient_funds' as const),
      control_id: null,
      available_minor: 1_000_000,
      trace: [{ control_id: 'daily', verdict: 'pass' as const, remaining_minor: 500_000 }],
    },
    effect: { hold_minor: approved ? amount : 0, posted_minor: 0 },
  };
}

/** The card's events as queue messages of at most `size`. */
export function messagesOf({ network, card_token, events }: MadeUpCard, size: number): CardEventsMessage[] {
  const messages: CardEventsMessage[] = [];
  for (let start = 0; start < events.length; start += size)
    messages.push({ version: 1, card_key: cardKey(network, card_token), events: events.slice(start, start + size) });
  return messages;
}
