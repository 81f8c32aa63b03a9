// Who takes the messages of each queue: for dead letters that a person hands in once more.

import type { Logger } from 'pino';
import type { Database } from '../db/client.ts';
import type { Intake } from '../intake/intake.ts';
import { takeSettlementMessages } from '../payouts/settlement-queue.ts';
import type { QueueConfig } from '../queue-config.ts';
import type { Message, Outcome } from '../queues/message.ts';
import { acceptedSchema, callQueue } from '../queues/queue-call.ts';
import type { ActionParts } from './action.ts';

export interface TakerParts {
  readonly database: Database;
  readonly intake: Pick<Intake, 'take'>;
  /** Null: not set, and what cards must still be told cannot be handed in again here. */
  readonly standInsQueue: QueueConfig | null;
  readonly log: Logger;
}

export function takersOf({ database, intake, standInsQueue, log }: TakerParts): ActionParts['takers'] {
  return {
    card_events: (messages) => intake.take(messages),
    settlement_requests: (messages) => takeSettlementMessages(database, messages, log, { again: true }),
    card_notices: (messages) => Promise.all(messages.map((message) => tellAgain(standInsQueue, message, log))),
  };
}

/** Back into the queue that the edge takes from: its card hears it as often as it comes, and counts it once. */
async function tellAgain(queue: QueueConfig | null, { id, body }: Message, log: Logger): Promise<Taken> {
  if (queue === null) return { id, outcome: 'retry' };
  try {
    await callQueue(queue, { path: '', body: { body, content_type: 'json' }, schema: acceptedSchema });
    return { id, outcome: 'done' };
  } catch (error) {
    log.error({ err: error }, 'what a card must still be told was not put back into its queue');
    return { id, outcome: 'retry' };
  }
}

type Taken = { readonly id: string; readonly outcome: Outcome };
