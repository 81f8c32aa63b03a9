// Waiting with an end.

/** What it comes to by that instant; `late` where it takes longer. It goes on by itself then, and its failure is nobody's. */
export function inTime<T>(underway: Promise<T>, untilMs: number): Promise<T | 'late'> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => resolve('late'), Math.max(0, untilMs - Date.now()));
    // A timer left behind would keep the whole request in memory until it goes off, past the young garbage collections.
    underway.then(
      (value) => {
        clearTimeout(timer);
        resolve(value);
      },
      (error: unknown) => {
        clearTimeout(timer);
        reject(error);
      },
    );
  });
}

export function wait(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
