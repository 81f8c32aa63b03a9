// Many calls of object storage, a few at a time, their results in order. The first failure ends it.

const atOnce = 16;

export async function inLots<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(call))));
  return results;
}

/**
 * The same for calls that must keep their order where they share something: those of one lot have no key in common. Null: it shares
 * with whatever, and goes alone.
 */
export async function inLotsApart<T, R>(
  items: readonly T[],
  keysOf: (item: T) => readonly string[] | null,
  call: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let lot: T[] = [];
  let taken = new Set<string>();
  const flush = async () => {
    results.push(...(await inLots(lot, call)));
    lot = [];
    taken = new Set();
  };
  for (const item of items) {
    const keys = keysOf(item);
    if (keys === null || lot.length >= atOnce || keys.some((key) => taken.has(key))) await flush();
    lot.push(item);
    for (const key of keys ?? []) taken.add(key);
    if (keys === null) await flush();
  }
  await flush();
  return results;
}
