// Object storage in memory for tests, which can die: after so many calls every further one fails, and what was written stays.
// Not used by the service.

import type { ObjectStore } from '../object-store/object-store.ts';

export interface MemoryStore extends ObjectStore {
  readonly objects: Map<string, string>;
  /** Calls that still succeed. */
  callsLeft: number;
  calls: number;
  /** The same objects for another process, which lives. */
  another(): MemoryStore;
}

export function createMemoryStore(objects = new Map<string, string>()): MemoryStore {
  async function live(): Promise<void> {
    // Every call lets others in between, as a call over a network does.
    await new Promise((resolve) => setImmediate(resolve));
    store.calls += 1;
    store.callsLeft -= 1;
    if (store.callsLeft < 0) throw new Error('the store is gone');
  }
  /** Bytes that are no UTF-8, by what is shown of them. */
  const raw = new Map<string, Uint8Array>();
  const store: MemoryStore = {
    objects,
    callsLeft: Number.POSITIVE_INFINITY,
    calls: 0,
    another: () => createMemoryStore(objects),
    async putIfAbsent(key, content) {
      await live();
      if (objects.has(key)) return false;
      const text = Buffer.from(content).toString();
      objects.set(key, text);
      if (!Buffer.from(text).equals(Buffer.from(content))) raw.set(text, Buffer.from(content));
      return true;
    },
    async read(key) {
      await live();
      const content = objects.get(key);
      return content === undefined ? null : (raw.get(content) ?? Buffer.from(content));
    },
    async list(folder) {
      await live();
      return [...objects.keys()]
        .filter((key) => (folder === '' ? !key.includes('/') : key.startsWith(`${folder}/`)))
        .sort();
    },
    async remove(key) {
      await live();
      objects.delete(key);
    },
  };
  return store;
}
