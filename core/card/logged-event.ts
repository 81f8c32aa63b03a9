// An event of a card, as it lies in the card's log: one row.

import type { CardEventBody } from '../../contracts/card-event.ts';

export interface LoggedEvent {
  readonly sequence: number;
  readonly at_ms: number;
  readonly body: CardEventBody;
}

export type Body<K extends CardEventBody['kind']> = Extract<CardEventBody, { kind: K }>;
