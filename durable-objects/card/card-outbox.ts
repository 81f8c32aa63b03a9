// A card's outbox: its messages are of the card's events, and carry the card's key.

import type { CardEventsMessage } from '../../contracts/card-event.ts';
import type { CardKey } from '../../contracts/network.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { Outbox, OutboxParts } from '../log/outbox.ts';
import { packMessages } from '../log/pack-messages.ts';

export type CardOutbox = Outbox<LoggedEvent, CardEventsMessage>;
export type CardOutboxParts = OutboxParts<LoggedEvent, CardEventsMessage>;

export function streamOf(cardKey: () => CardKey): Pick<CardOutboxParts, 'stream' | 'pack'> {
  return { stream: cardKey, pack: (rows, beside) => packMessages({ version: 1, card_key: cardKey() }, rows, beside) };
}
