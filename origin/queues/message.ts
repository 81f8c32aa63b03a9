// A message of a queue, and what became of it: the same for all queues, pulled or pushed.

import type { DeliverAnswer } from '../../contracts/internal-api.ts';

export type Outcome = DeliverAnswer['results'][number]['outcome'];

export interface Message {
  readonly id: string;
  readonly body: unknown;
}
