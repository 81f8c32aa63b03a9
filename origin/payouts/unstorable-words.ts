// Words of providers that the database refused to take up, left alone for a minute. Lost with the process, which costs one more try.

const leftAloneMs = 60_000;

export class UnstorableWords {
  /** Until when, by name. */
  readonly #until = new Map<string, number>();

  add(word: string): void {
    this.#until.set(word, performance.now() + leftAloneMs);
  }

  now(): string[] {
    for (const [word, untilMs] of this.#until) if (untilMs <= performance.now()) this.#until.delete(word);
    return [...this.#until.keys()];
  }
}
