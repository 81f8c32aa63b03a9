// What nobody has measured, or what is different for every program. Each can be given on the command line where it has a name there.

export const assumed = {
  /** Authorizations of a card and day. */
  authorizations_a_card_and_day: 1,
  /** Clearings, reversals and refunds for each authorization: fewer where requests are declined. */
  facts_an_authorization: 1,
  /** The busiest hour's rate ÷ the day's mean. */
  peak_factor: 3,
  /** Processes of the origin: each pulls, and one of them sweeps all cards. */
  origins: 2,
  /** How far back the database can be restored. */
  restore_days: 7,
  /** Calls to the partners' API, none of which is on an authorization's way. */
  api_calls_a_day: 0,
  /** From the end of the outbox's timer to the queue's answer: the object may not hibernate until then. Not measured on the platform. */
  queue_send_ms: 100,
  /** An alarm or a sweep: the object is loaded, and asked. The longest load that was measured is 24 ms (docs/storage.md). */
  short_call_ms: 24,
  /** One call of the sweep, of a hundred cards, from the origin's region to the cards' and back. */
  sweep_call_ms: 50,
  /** One call to the queue: a round of the pull makes two, and books in between. */
  queue_call_ms: 100,
  /** How busy a core of the database, or of the origin, may be at the peak. */
  core_use: 0.5,
} as const;

export type Assumed = { readonly [name in keyof typeof assumed]: number };
