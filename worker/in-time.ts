// Waiting with an end.

/** What it comes to by that instant; `late` where it takes longer. It goes on by itself then, and its failure is nobody's. */
export async function inTime<T>(underway: Promise<T>, untilMs: number): Promise<T | 'late'> {
  let timer: ReturnType<typeof setTimeout> | null = null;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), Math.max(0, untilMs - Date.now()));
  });
  try {
    const first = await Promise.race([underway, late]);
    if (first === 'late') underway.catch(() => undefined);
    return first;
  } finally {
    // A timer left behind would keep the whole request in memory until it goes off, past the young garbage collections.
    if (timer !== null) clearTimeout(timer);
  }
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
