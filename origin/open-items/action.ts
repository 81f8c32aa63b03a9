// What an action on open items is. Each has a file in `actions/`, and `actions/all.ts` lists them.

import type * as z from 'zod';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { FindPayments } from '../payouts/lost-payments.ts';
import type { ReadAgain } from '../providers/iso20022/inbox.ts';
import type { DeadLetter } from '../queues/dead-letters.ts';
import type { Message, Outcome } from '../queues/message.ts';
import type { OpenItemKind } from './kinds.ts';
import type { OpenItem } from './open-item.ts';

export type Take = (messages: readonly Message[]) => Promise<readonly { readonly outcome: Outcome }[]>;

/** What actions work with. */
export interface ActionParts {
  readonly database: Database;
  readonly edge: Pick<EdgeClient, 'sendMessage' | 'sendFact' | 'eventsAfter' | 'readCard'>;
  /** Who takes the messages of each queue. */
  readonly takers: Readonly<Record<DeadLetter['source'], Take>>;
  /** Reads a bank file that was set aside once more; null where no bank files are set up. */
  readonly readBankFileAgain: ((kept: string) => Promise<ReadAgain>) | null;
  /** Reads providers' lists, and notes what was sent. */
  readonly findPayments: FindPayments;
}

/**
 * `done` closes the item; `result` names what came of it (ids, outcomes), and is kept. The other two leave it open: `refused` where
 * the same again would be refused again, `not_now` where it may work later.
 */
export type ActionOutcome =
  | { readonly outcome: 'done'; readonly result: object }
  | { readonly outcome: 'refused'; readonly problem: string; readonly field?: string }
  | { readonly outcome: 'not_now'; readonly problem: string };

/** Of a call outside. `record`: what is to be written in the commit that closes the item; what it returns is added to `result`. */
export type CallOutcome =
  | Exclude<ActionOutcome, { outcome: 'done' }>
  | { readonly outcome: 'done'; readonly result: object; readonly record?: (sql: Sql) => Promise<object> };

interface ActionBase {
  /** As in the path: `post_at_rate`. */
  readonly name: string;
  /** What it does, in one sentence for the person who chooses. */
  readonly summary: string;
  readonly kinds: readonly OpenItemKind[];
  /** What it needs beside a reason: a strict object. */
  readonly input: z.ZodObject;
  /** True: the item is closed because there is nothing to be done about it. */
  readonly dismisses?: true;
}

type DoerWithReason = Doer & { readonly reason: string };

/** All of its effect is in the database: written with `sql`, in the commit that closes the item. */
export interface TransactionAction extends ActionBase {
  readonly effect: 'transaction';
  readonly perform: (
    parts: { readonly sql: Sql },
    item: OpenItem,
    input: never,
    doer: DoerWithReason,
  ) => Promise<ActionOutcome>;
}

/**
 * Its effect is somewhere else too: at the edge, in the object store, in another commit. `call` runs while no transaction is open.
 * It may be called again after a crash, or when its answer was lost: so its effect is keyed by the item's id, and twice is once.
 */
export interface OutsideAction extends ActionBase {
  readonly effect: 'outside';
  readonly call: (parts: ActionParts, item: OpenItem, input: never) => Promise<CallOutcome>;
}

export type OpenItemAction = TransactionAction | OutsideAction;

/** Ties what `perform` takes to the schema; changes nothing. */
export function transactionAction<S extends z.ZodObject>(
  definition: Omit<TransactionAction, 'input' | 'perform' | 'effect'> & {
    readonly input: S;
    readonly perform: (
      parts: { readonly sql: Sql },
      item: OpenItem,
      input: z.output<S>,
      doer: DoerWithReason,
    ) => Promise<ActionOutcome>;
  },
): TransactionAction {
  return { ...definition, effect: 'transaction' } as unknown as TransactionAction;
}

/** The same for `call`. */
export function outsideAction<S extends z.ZodObject>(
  definition: Omit<OutsideAction, 'input' | 'call' | 'effect'> & {
    readonly input: S;
    readonly call: (parts: ActionParts, item: OpenItem, input: z.output<S>) => Promise<CallOutcome>;
  },
): OutsideAction {
  return { ...definition, effect: 'outside' } as unknown as OutsideAction;
}
