// An open transaction keeps a connection and its locks. While it waits for anything but the database (a name server, the edge, a
// payment provider), nobody else has that connection, and ten slow name servers stop the service. So every call that leaves
// the process asks here whether a transaction is open around it. In development and in tests such a call throws; in
// production it is made all the same, and counted, because a payment that works slowly is better than one that fails.

import { AsyncLocalStorage } from 'node:async_hooks';

interface Held {
  /** False once the transaction is over: what it started may go on after it. */
  open: boolean;
  readonly onWait: OnWait;
}

/** What becomes of a call that is made while a transaction is open. `what` says whom it waits for: `the edge`. */
export type OnWait = (what: string) => void;

const held = new AsyncLocalStorage<Held>();

export function throwOnWait(what: string): never {
  throw new Error(`a database transaction is open while ${what} is waited for: make the call before or after it`);
}

/** Runs `work`, and everything that it calls, under the mark of an open transaction. */
export async function whileHeld<T>(onWait: OnWait, work: () => Promise<T>): Promise<T> {
  const mark: Held = { open: true, onWait };
  try {
    return await held.run(mark, work);
  } finally {
    mark.open = false;
  }
}

/** To be called by whatever is about to wait for something outside of the process that is not the database. */
export function beforeWaitingFor(what: string): void {
  const mark = held.getStore();
  if (mark?.open === true) mark.onWait(what);
}
