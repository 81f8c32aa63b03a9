// Waiting in tests, and what goes on meanwhile: asks again and again until it is so, or a deadline has passed. Never a sleep that hopes.

/** Returns what `look` returned when `isSo` held of it. Throws with what was seen last. */
export async function until<T>(look: () => Promise<T> | T, isSo: (seen: T) => boolean, withinMs = 10_000): Promise<T> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    const seen = await look();
    if (isSo(seen)) return seen;
    if (performance.now() > deadlineMs)
      throw new Error(`not so within ${withinMs} ms; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

/** Counts the rounds of the event loop from now on; what it returns ends that, and says how many there were. */
export function countRounds(): () => number {
  let rounds = 0;
  let isOver = false;
  const count = (): void => {
    rounds += 1;
    if (!isOver) setImmediate(count);
  };
  setImmediate(count);
  return () => {
    isOver = true;
    return rounds;
  };
}
