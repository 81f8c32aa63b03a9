// Who takes the messages of each queue: for dead letters that a person hands in once more.

import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import type { Intake } from '../intake/intake.ts';
import { takeSettlementMessages } from '../settlement/settlement-queue.ts';
import type { ActionParts } from './action.ts';

export interface TakerParts {
  readonly database: Database;
  readonly intake: Pick<Intake, 'take'>;
  readonly log: Logger;
}

export function takersOf({ database, intake, log }: TakerParts): ActionParts['takers'] {
  return {
    card_events: (messages) => intake.take(messages),
    settlement_requests: (messages) => takeSettlementMessages(database, messages, log, { again: true }),
  };
}
