// What is under test, as the simulator sees it: core's own card and the object's own outbox, or ones that are broken on purpose.

import type { Amounts } from '../../contracts/amount-max.ts';
import { Card, type CardHistory } from '../../core/card/card.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import type { Snapshot } from '../../core/card/snapshot.ts';
import type { CardOutbox, CardOutboxParts } from '../../durable-objects/card/card-outbox.ts';
import { Outbox } from '../../durable-objects/log/outbox.ts';

export type MakeCard = (
  history: CardHistory,
  snapshot: Snapshot | null,
  rows: Iterable<LoggedEvent>,
  unmatchedMax?: Amounts,
) => Card;
export type MakeOutbox = (parts: CardOutboxParts) => CardOutbox;

export const realCard: MakeCard = (...args) => new Card(...args);
export const realOutbox: MakeOutbox = (parts) => new Outbox(parts);
