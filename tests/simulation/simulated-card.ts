// The card under test, as the simulator sees it: core's own class, or one that is broken on purpose.

import type { LoggedEvent } from '../../core/apply.ts';
import { Card, type CardHistory } from '../../core/card.ts';
import type { Snapshot } from '../../core/snapshot.ts';

export type MakeCard = (history: CardHistory, snapshot: Snapshot | null, rows: Iterable<LoggedEvent>) => Card;

export const realCard: MakeCard = (history, snapshot, rows) => new Card(history, snapshot, rows);
