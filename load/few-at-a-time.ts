// Work on many things, a few of them at any moment. Ends with the first error; what is under way then goes on unwatched.

export async function fewAtATime<T>(items: Iterable<T>, work: (item: T) => Promise<void>, atATime = 8): Promise<void> {
  const waiting = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: atATime }, async () => {
      for (let next = waiting.next(); next.done !== true; next = waiting.next()) await work(next.value);
    }),
  );
}
