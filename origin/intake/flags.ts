// Why a person, or an alert, may want to look at a booked event.

import type { CardEvent } from '../../contracts/card-event.ts';

/**
 * `against_rules`: the network approved what the card's rules would have declined. `overdrawn`: more is spent than was given.
 * `stood_in`: the edge approved it in the card's place.
 */
export const eventFlags = ['currency_mismatch', 'against_rules', 'overdrawn'] as const;
export type EventFlag = (typeof eventFlags)[number] | 'stood_in';

export function flagsOf(event: CardEvent): EventFlag[] {
  if (event.kind !== 'message') return [];
  return [
    ...(event.anomaly === undefined ? [] : [event.anomaly]),
    ...(event.against === undefined ? [] : ['against_rules' as const]),
    ...(event.message.kind === 'advice' && event.message.decided_by === 'edge' ? ['stood_in' as const] : []),
    ...(event.overdrawn === undefined ? [] : ['overdrawn' as const]),
  ];
}
