// What Atlas itself was measured to use. docs/sizing.md is worked out from these figures, the vendors' prices (`prices.ts`) and the
// assumptions (`assumed.ts`), and from nothing else.

/**
 * Of one card in workerd (`worker/billed.test.ts` counts it anew and fails where this is no longer true): a purchase a day, in
 * Marqeta's words, each cleared two days later, the object out of memory between two events.
 */
export const measuredCard = {
  /** So many, and from which day of the card's life on: before, no row is old enough to go. */
  purchases: 28,
  from_day: 56,
  /** Log rows, each written over an old one and once more when it was sent; snapshots, a few alarms. */
  rows_written: 122,
  rows_read: 988,
  alarms: 7,
  messages: 56,
  /** JSON of all messages. */
  message_bytes: 47_892,
  /** The object's database with its profile alone, and after the last purchase. */
  bytes_fresh: 12_288,
  bytes_stored: 90_112,
} as const;

/**
 * Of the origin: `npm run bench -- --only footprint --json`, 2026-11-27, on two vCPUs that others used too. 60,000 events, each a message
 * of its own, indexes and the write-ahead log of a plain Postgres 18 in it.
 */
export const measuredOrigin = {
  bytes_an_event: 1_548,
  wal_bytes_an_event: 2_198,
  intake_cpu_ms_a_thousand: 66.1,
  postgres_cpu_ms_a_thousand: 66.4,
  /** Made by the API, one version of its profile; of the first 500, so that the first page of each index is in it. */
  bytes_a_card: 5_636,
} as const;

/**
 * Of the edge: processor time of the whole of workerd for each of 1,000 authorizations, sockets and kernel too, at 856 a second
 * (docs/comparison.md). Cloudflare bills less of it: that of the worker's own code.
 */
export const measuredEdge = { cpu_ms: 0.75 } as const;
