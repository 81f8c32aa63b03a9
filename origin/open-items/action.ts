// What an action on open items is. Each has a file in `actions/`, and `actions/all.ts` lists them.

import type * as z from 'zod';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { DeadLetter } from '../intake/dead-letters.ts';
import type { Message, Outcome } from '../intake/intake.ts';
import type { ReadAgain } from '../providers/iso20022/inbox.ts';
import type { OpenItemKind } from './kinds.ts';
import type { OpenItem } from './open-item.ts';

type Take = (messages: readonly Message[]) => Promise<readonly { readonly outcome: Outcome }[]>;

/** What actions work with. */
export interface ActionParts {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'sendMessage' | 'sendFact'>;
  /** Who takes the messages of each queue. */
  readonly takers: Readonly<Record<DeadLetter['source'], Take>>;
  /** Reads a bank file that was set aside once more; null where no bank files are set up. */
  readonly readBankFileAgain: ((kept: string) => Promise<ReadAgain>) | null;
}

/**
 * `done` closes the item; `result` names what came of it (ids, outcomes), and is kept. The other two leave it open: `refused` where
 * the same again would be refused again, `not_now` where it may work later.
 */
export type ActionOutcome =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'refused'; readonly problem: string; readonly field?: string }
  | { readonly outcome: 'not_now'; readonly problem: string };

export interface OpenItemAction {
  /** As in the path: `post_at_rate`. */
  readonly name: string;
  /** What it does, in one sentence for the person who chooses. */
  readonly summary: string;
  readonly kinds: readonly OpenItemKind[];
  /** What it needs beside a reason: a strict object. */
  readonly input: z.ZodObject;
  /**
   * Where its effect is. `transaction`: all of it is written with `sql`, and commits with the closing. `outside`: somewhere else
   * too, keyed by the item's id, so that performed twice it is one effect.
   */
  readonly effect: 'transaction' | 'outside';
  /** True: the item is closed because there is nothing to be done about it. */
  readonly dismisses?: true;
  readonly perform: (
    parts: ActionParts & { readonly sql: Sql },
    item: OpenItem,
    input: never,
    doer: Doer & { readonly reason: string },
  ) => Promise<ActionOutcome>;
}

/** Ties what `perform` takes to the schema; changes nothing. */
export function openItemAction<S extends z.ZodObject>(
  definition: Omit<OpenItemAction, 'input' | 'perform'> & {
    readonly input: S;
    readonly perform: (
      parts: ActionParts & { readonly sql: Sql },
      item: OpenItem,
      input: z.output<S>,
      doer: Doer & { readonly reason: string },
    ) => Promise<ActionOutcome>;
  },
): OpenItemAction {
  return definition as unknown as OpenItemAction;
}
