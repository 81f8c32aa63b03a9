// Many calls of object storage, a few at a time, their results in order. The first failure ends it.

const atOnce = 16;

export async function inLots<T, R>(items: readonly T[], call: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let from = 0; from < items.length; from += atOnce)
    results.push(...(await Promise.all(items.slice(from, from + atOnce).map(call))));
  return results;
}
