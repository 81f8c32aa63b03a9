// The HTTP status that a provider's client got, whichever client it is: our own fetch and undici say on Node's diagnostics channel what they send
// and hear. Null: nothing was heard, or the exchange is no HTTP. Only to watch by: no decision depends on it.

import { AsyncLocalStorage } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';

export interface Heard {
  /** Of the newest answer. */
  status: number | null;
}

const underWay = new AsyncLocalStorage<Heard>();
/** A request is sent in its caller's course, and answered in its connection's. */
const sent = new WeakMap<object, Heard>();

subscribe('undici:request:create', (message) => {
  const heard = underWay.getStore();
  const { request } = message as { request: object };
  if (heard !== undefined) sent.set(request, heard);
});

subscribe('undici:request:headers', (message) => {
  const { request, response } = message as { request: object; response: { statusCode: number } };
  const heard = sent.get(request);
  if (heard !== undefined) heard.status = response.statusCode;
});

/** What is heard by `work`, and by all that it calls, goes into `heard`. */
export function hearing<T>(heard: Heard, work: () => Promise<T>): Promise<T> {
  return underWay.run(heard, work);
}
