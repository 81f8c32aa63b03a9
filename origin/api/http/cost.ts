// What one call of a route costs at most. Each route says it, and one that does not say it does not compile. From it follow how many
// calls of one tenant are in hand at once (the others of that tenant wait, and no other tenant waits for them), and as how many calls of its
// quota a call counts: by no route does a key get more than a quarter of one core. That is by route and by key: a tenant with two keys has twice as
// much, and keys are the operator's to give. Postgres is not in it: its work is bounded by connections, and is usually on another machine.

export interface Cost {
  /** Calls to something outside of the process and its database: the edge, a name server. Each may take seconds. */
  readonly outside: number;
  /** Rows that it reads and writes. */
  readonly rows: number;
  /**
   * ms of the origin's processor for a call as large as it may be (a full page, a body that is taken), on the machine of load/README.md, where
   * the benchmark of neighbours measures what a key gets. `grows`: with what it is asked to do. Such calls are one at a time of a tenant, and
   * those that compute for long rest between steps (event-loop.ts), so that theirs is a quarter of a core too.
   */
  readonly cpuMs: number | 'grows';
}

/** Costs that many routes have. */
export const costs = {
  /** One thing by its id, and what belongs to it. */
  one: { outside: 0, rows: 100, cpuMs: 2 },
  /** A page of at most a hundred. */
  page: { outside: 0, rows: 500, cpuMs: 2.5 },
  /** A page of a hundred things that are large each: 200 KB of text. */
  fullPage: { outside: 0, rows: 500, cpuMs: 3 },
  /** A change of one thing, with its audit event. */
  change: { outside: 0, rows: 100, cpuMs: 2.5 },
  /** The same, and one call to the edge or to a name server. */
  changeOutside: { outside: 1, rows: 100, cpuMs: 2.5 },
  /** One thing that only the edge knows. */
  askOutside: { outside: 1, rows: 10, cpuMs: 2 },
  /** All that is known of one authorization. */
  history: { outside: 0, rows: 5_000, cpuMs: 2.5 },
  /** Thousands of rows in one call, in steps. */
  many: { outside: 0, rows: 10_000, cpuMs: 'grows' },
} as const satisfies Record<string, Cost>;

/** `page`: reads so many rows that making objects and text of them computes for milliseconds. */
export type CostClass = 'usual' | 'page' | 'outside' | 'long';

export function classOf({ outside, rows, cpuMs }: Cost): CostClass {
  if (cpuMs === 'grows') return 'long';
  if (outside > 0) return 'outside';
  return rows >= 500 ? 'page' : 'usual';
}

/**
 * What turns are taken for. `together`: routes whose calls share transactions, so that none has a connection of its own. `body`: looking
 * through a long body, in a turn within the call's own, since that is what computes for longest.
 */
export type TurnClass = CostClass | 'together' | 'body';

export interface TurnBound {
  /** Calls of one tenant in hand at once. */
  readonly atOnce: number;
  /** Calls of one tenant that wait for a turn, before their bodies are read; one more is refused. */
  readonly waiting: number;
}

/**
 * Of the ten connections that the API has, one tenant's usual calls leave half to the others. Five at once are more than its quota needs:
 * a hundred calls in a second, of 50 ms each. Each more would make a neighbour's statement wait for one more of its own.
 */
export const turnBounds: Readonly<Record<TurnClass, TurnBound>> = {
  usual: { atOnce: 5, waiting: 500 },
  // One at a time is more than a quota of a hundred a second needs: a page takes some 5 ms. With five at once a neighbour's answer, which
  // takes some six rounds of the event loop, waited in each round for what five pages computed: p50 34 ms instead of 3 (measured).
  page: { atOnce: 1, waiting: 500 },
  outside: { atOnce: 4, waiting: 100 },
  long: { atOnce: 1, waiting: 4 },
  together: { atOnce: 200, waiting: 500 },
  // As many may wait as are in hand of all the others.
  body: { atOnce: 1, waiting: 250 },
};

/** Characters of a body from which on it is looked through in a turn and in steps: a tenth of a millisecond's work. */
export const longBodyLength = 4_096;

/** ms of the processor that one call of the quota pays for. A hundred, the burst of a key in a second, are a quarter of one core. */
export const quotaCallMs = 2.5;

/** As how many calls of the quota each call of a route counts, whatever its body. */
export function callsOf({ cpuMs }: Cost): number {
  return cpuMs === 'grows' ? 1 : Math.max(1, Math.ceil(cpuMs / quotaCallMs));
}

/** As how many a call counts: its route's, or its body's where those are more. */
export function quotaOf(cost: Cost, contentLength: string | undefined, hasBody: boolean): number {
  return Math.max(callsOf(cost), callsOfBody(contentLength, hasBody));
}

/** One for each 16 KiB that are begun: searching and checking them takes 2 ms at worst. An unknown length counts as the largest. */
export function callsOfBody(contentLength: string | undefined, hasBody: boolean): number {
  if (!hasBody) return 1;
  const bytes = contentLength === undefined ? 64 * 1024 : Number(contentLength);
  return Number.isFinite(bytes) ? Math.min(4, Math.max(1, Math.ceil(bytes / (16 * 1024)))) : 4;
}
