// How many are taken in one commit. Where the database refuses a batch for what is in it, half of it is tried at once, until the
// one at fault is alone and can be set aside: what is wrong with one must not keep the others waiting.

export class BatchSize {
  readonly #max: number;
  #current: number;

  constructor(max: number) {
    this.#max = max;
    this.#current = max;
  }

  get current(): number {
    return this.#current;
  }

  /** After a batch that was stored. */
  grow(): void {
    this.#current = Math.min(this.#max, this.#current * 2);
  }

  /** After one of `size` that was refused. False: it was one alone. */
  shrink(size: number): boolean {
    this.#current = Math.max(1, Math.floor(size / 2));
    return size > 1;
  }
}
