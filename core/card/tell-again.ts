// A card that was set back has decided on a past that it did not know. Once its past is back, what it decided meanwhile is told to it again,
// each row under its own key, so that nothing counts twice: what the card had heard before is a repeat.
//
// An approval was told to the network, so it holds, against the rules if need be: it is told as an answer in the card's place, which says
// by itself what the rules would have said. Example: a limit of 100 with 80 spent, set back to 0 spent; 50 more were approved. Afterwards 130
// are held and `against` says exceeds_amount_in_window.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Card } from './card.ts';
import type { Body, LoggedEvent } from './logged-event.ts';

/** A message whose key the card's true past has for another content, in this field: for a person. */
export interface Contradiction {
  readonly message: CardMessage;
  readonly field: string;
}

export function tellAgain(card: Card, { at_ms, body }: LoggedEvent): Contradiction | null {
  switch (body.kind) {
    case 'authorization':
      return tellAnswer(card, body, at_ms);
    case 'message': {
      const { message, authorization_id, releases } = body;
      if (releases === undefined) return tell(card, message, at_ms);
      const { message_key, currency } = message;
      card.releaseRefund({ ...releases, message_key, authorization_id, currency }, at_ms);
      return null;
    }
    case 'void':
      card.void(body.request_key, at_ms, body.by_network);
      return null;
    case 'profile':
      // An older one than the card has changes nothing.
      card.putProfile(body.profile, at_ms);
      return null;
    case 'expiry':
      // The card drops its holds by itself, also those that it has now.
      return null;
  }
}

function tellAnswer(
  card: Card,
  { event_id, request, decision }: Body<'authorization'>,
  atMs: number,
): Contradiction | null {
  const { request_key, authorization_key, alias_key, currency, merchant, occurred_at_ms, order } = request;
  if (decision.outcome === 'approved')
    return tell(
      card,
      {
        kind: 'advice',
        // Two rows of the same request are two answers; the same row twice is one.
        message_key: event_id,
        ...(occurred_at_ms === undefined ? {} : { occurred_at_ms }),
        ...(order === undefined ? {} : { order }),
        ...(alias_key === undefined ? {} : { alias_key }),
        ...{ currency, authorization_key, hold_minor: decision.approved_minor, decided_by: 'edge', request_key },
        ...{ merchant, answered_at_ms: atMs },
      },
      atMs,
    );
  // Told no, it stays no; but what the card's true past has approved keeps its hold.
  const { byCard, inPlace } = card.state.answers;
  if (!byCard.has(request_key) && !inPlace.has(request_key)) card.void(request_key, atMs);
  return null;
}

function tell(card: Card, message: CardMessage, atMs: number): Contradiction | null {
  const answer = card.receive(message, atMs);
  return answer.outcome === 'conflict' ? { message, field: answer.field } : null;
}
