// What a card's object is made of, read back from what is durable.

import { type Amounts, readAmounts } from '../../contracts/amount-max.ts';
import { newId } from '../../contracts/ids.ts';
import type { CardKey } from '../../contracts/network.ts';
import { Card } from '../../core/card/card.ts';
import { availableMinor, withheldMinor } from '../../core/card/funds.ts';
import type { LoggedEvent } from '../../core/card/logged-event.ts';
import { NewerRelease } from '../../core/card/stored-row.ts';
import type { Agenda } from '../log/agenda.ts';
import { Outbox } from '../log/outbox.ts';
import { type CardLog, cardLog } from './card-log.ts';
import { type CardOutbox, type CardOutboxParts, streamOf } from './card-outbox.ts';
import { CardSnapshot } from './card-snapshot.ts';
import { Upkeep } from './upkeep.ts';

export interface CardParts {
  readonly log: CardLog;
  readonly card: Card;
  readonly outbox: CardOutbox;
  readonly upkeep: Upkeep;
}

interface Surroundings extends Pick<CardOutboxParts, 'send' | 'untilDurable' | 'startAgain'> {
  readonly cardKey: () => CardKey;
  readonly storage: DurableObjectStorage;
  /** Those that its database has. */
  readonly tables: ReadonlySet<string>;
  readonly agenda: Agenda;
  readonly append: (event: LoggedEvent) => void;
  readonly unmatchedMax: Amounts;
}

export interface CardSettings {
  /** Right, where a card is called at all: the worker looks at its settings before. */
  readonly UNMATCHED_PER_CARD_MAX?: string;
}

export function unmatchedMaxOf({ UNMATCHED_PER_CARD_MAX = '' }: CardSettings): Amounts {
  const amounts = readAmounts(UNMATCHED_PER_CARD_MAX, '');
  return typeof amounts === 'string' ? new Map() : amounts;
}

/** An error where a newer release has written what is there, and this one cannot read it. */
export function loadCard(surroundings: Surroundings): CardParts | NewerRelease {
  try {
    return loaded(surroundings);
  } catch (error) {
    if (!(error instanceof NewerRelease)) throw error;
    console.error(JSON.stringify({ level: 'error', event: 'card_of_newer_release', error: error.message }));
    return error;
  }
}

export function readable(parts: CardParts | NewerRelease): CardParts {
  if (parts instanceof NewerRelease) throw parts;
  return parts;
}

function loaded({ storage, tables, agenda, append, unmatchedMax, cardKey, ...outside }: Surroundings): CardParts {
  const log = cardLog(storage.sql, tables);
  const snapshot = new CardSnapshot(storage.sql);
  const history = {
    append,
    at: (sequence: number) => log.at(sequence).body,
    freshIds: () => ({ event_id: newId('evt'), authorization_id: newId('auth') }),
  };
  const stored = snapshot.read(tables);
  log.keepFrom(stored?.rows_from ?? 0);
  const snapshotSequence = stored?.sequence ?? 0;
  const card = new Card(history, stored, log.after(snapshotSequence, Number.MAX_SAFE_INTEGER), unmatchedMax);
  const upkeep = new Upkeep({ storage, card, log, snapshot, snapshotSequence });
  const upkeepAtMs = () => (upkeep.isSnapshotDue ? null : upkeep.nextMs(Date.now()));
  const outbox = new Outbox({ agenda, log, upkeepAtMs, ...streamOf(cardKey), ...outside });
  return { log, card, outbox, upkeep };
}

/** The card as it stands. */
export function standing({ card: { state, sequence }, outbox }: CardParts) {
  let open_authorizations = 0;
  for (const { hold_minor } of state.authorizations.values()) if (hold_minor > 0) open_authorizations++;
  return {
    profile: state.profile,
    held_minor: state.held_minor,
    posted_minor: state.posted_minor,
    available_minor: availableMinor(state),
    withheld_minor: withheldMinor(state),
    open_authorizations,
    last_sequence: sequence,
    published_sequence: outbox.publishedSequence,
  };
}
