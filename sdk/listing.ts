// A listing: loop over it for every item, over its pages, or take one page. Nothing is asked for until then.

export interface Page<T> {
  readonly items: readonly T[];
  /** Where the next page begins; null on the last. Opaque. */
  readonly next_cursor: string | null;
}

export class Listing<T> implements AsyncIterable<T> {
  readonly #read: (cursor: string | undefined) => Promise<Page<T>>;
  readonly #from: string | undefined;

  constructor(read: (cursor: string | undefined) => Promise<Page<T>>, from?: string) {
    this.#read = read;
    this.#from = from;
  }

  /** The first page, or the one at the cursor that was given. */
  page(): Promise<Page<T>> {
    return this.#read(this.#from);
  }

  async *pages(): AsyncGenerator<Page<T>, void, undefined> {
    let cursor = this.#from;
    for (;;) {
      const page = await this.#read(cursor);
      yield page;
      if (page.next_cursor === null) return;
      cursor = page.next_cursor;
    }
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    for await (const { items } of this.pages()) yield* items;
  }
}

/** From an answer such as `{settlements: […], next_cursor}`. */
export function pageOf<T>(answer: Readonly<Record<string, unknown>>, name: string): Page<T> {
  return { items: (answer[name] ?? []) as T[], next_cursor: (answer['next_cursor'] ?? null) as string | null };
}
