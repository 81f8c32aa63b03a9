// A card's log: its rows are its events.

import type { CardEventBody } from '../../contracts/card-event.ts';
import { readRow } from '../../core/card/stored-row.ts';
import { EventLog, type LogTable } from '../log/event-log.ts';

export type CardLog = EventLog<CardEventBody>;

export function cardLog(sql: SqlStorage, tables?: ReadonlySet<string>, table?: LogTable): CardLog {
  return new EventLog(sql, readRow, tables, table);
}
