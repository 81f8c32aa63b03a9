// Every bound of the system in one file: its unit, its reason, its source. `assertLimits` states how they relate.

export const limits = {
  /** Bytes of an inbound HTTP body. A Marqeta batch of ten transactions is about 30 KB; 64 KiB leaves double. */
  bodyBytesMax: 64 * 1024,
  /**
   * Bytes of a batch of facts: 145 of the largest clearings seen (7.2 KB). Facts are never refused for coming together, so this is
   * far above what networks send, and far below the 128 MB of an isolate.
   */
  batchBytesMax: 1024 * 1024,
  /** Characters of a network's own id. Marqeta's tokens are at most 36, Stripe's 255 by contract; more is refused. */
  networkKeyLengthMax: 255,
  /** Characters of text that a network sends and we keep (merchant name). ISO 8583 field 43 has 40; Stripe sends more. */
  textLengthMax: 120,
  /** Minor units of one amount: ten billion dollars. No card pays more, and 9,000 of them still sum exactly in a double. */
  amountMinorMax: 1_000_000_000_000,
  /**
   * Elements of one batch that are told to their cards before the answer. Marqeta documents ten; each is a call to a card and
   * perhaps one to a queue, of which a worker may make 1,000 for one request. The others of a longer batch travel by the queues.
   */
  batchDirectMax: 100,
  /**
   * Elements of one batch that are read. The shortest message that says anything has 105 bytes, so a batch of `batchBytesMax` has no
   * more than this; what comes after them in one of many tiny elements is kept unread, for a person.
   */
  batchReadMax: 10_000,
  /** Messages, and bytes of their JSON, in one call to a queue. Cloudflare Queues: 100, and 256 KB with some 100 bytes for each. */
  queueCallMessagesMax: 100,
  queueCallBytesMax: 240_000,
  /** Elements that share one kept fact, and their characters, where a batch has more unreadable ones than people look at one by one. */
  factLotElementsMax: 200,
  factLotLengthMax: 20_000,
  /**
   * Characters of evidence kept with a fact that could not be booked. At three bytes each, or two where its quotes are escaped,
   * it fits in a queue message with its envelope.
   */
  evidenceLengthMax: 30_000,
  /** Controls of one profile: `decide` looks at each, and 200 still take well under a millisecond. */
  controlsMax: 200,
  controlIdLengthMax: 64,
  /** Bytes of a profile as JSON: it travels in one request and one queue message. */
  profileBytesMax: 60 * 1024,
  /** A rolling window: Lithic's shortest is 10 s, Adyen's longest 90 days. */
  rollingSecondsMin: 10,
  rollingSecondsMax: 90 * 24 * 3_600,
  /** Uses in a window. */
  countMax: 1_000_000,
  /** A network's risk score: Visa and Mastercard give 0 to 99, others up to 999. */
  riskScoreMax: 999,
  /** Added to a hold: a deposit of ten times the amount is beyond every scheme's rule. */
  holdPercentMax: 1_000,
  /** Any characters in one name pattern: each is searched for once. */
  patternStarsMax: 8,
  /** Days until a hold lapses: the schemes' usual 7; up to 30 or 31 for lodging and car rental. */
  holdDays: 7,
  holdDaysLongStay: 30,
  holdDaysMax: 31,
  /**
   * How far a network's stamps may be behind what they tell of: a date alone (00:00) of the westernmost time zone is 36 hours
   * behind at the end of its day. What has no stamp stands before whatever arrives later, unless that is dated earlier still.
   */
  stampBehindMsMax: 36 * 3_600_000,
  /** Names of an authorization beside those that an event gives, which requests that held nothing had given: more are left out. */
  alsoNamedMax: 16,
  /** How far ahead of our clock a stamp is believed; one further ahead would put what follows it behind it. */
  stampAheadMsMax: 5 * 60_000,
  /**
   * How far a machine's clock may be behind a card's newest event, and the card's clock stays at that: daylight mistakes, a clock
   * set by hand. Further behind, that event was written by a clock that had jumped ahead, and the card follows back.
   */
  clockStepBackMsMax: 2 * 24 * 3_600_000,
  /** How long a card keeps its rows: longer than any network sends again (Marqeta: just over 12 days; chargebacks are new messages). */
  retentionMs: 35 * 24 * 3_600_000,
  /**
   * Rows after which a snapshot is taken, whatever it holds: folding them takes a few milliseconds, and a snapshot of a young
   * card is one row.
   */
  snapshotRowsMin: 500,
  /**
   * Authorizations in the snapshot for each row that waits for the next one; four keys count as one. Writing it takes as long as it
   * is large, so a larger one is written less often: 20 µs a row and 2.5 KB. Example: after 100,000 declines, 5,000 rows.
   */
  snapshotEntriesPerRowMax: 10,
  /** Characters of one part of a snapshot: at three bytes each below 1 MB, where a value may have 2 MB. */
  snapshotPartLengthMax: 330_000,
  /**
   * How long the snapshot of the release before stays beside the first one of this release, and after how many rows it goes all the same:
   * folding 10,000 rows takes 0.1 s, once for a card where this release is rolled back.
   */
  snapshotBeforeKeptMs: 7 * 24 * 3_600_000,
  snapshotBeforeRowsMax: 10_000,
  /** How long rows past their retention wait for others: a card that rests is woken once a week for them, at most. */
  trimDelayMs: 7 * 24 * 3_600_000,
  /** Fields that one answer names as wrong: a person mends the first few and sends it again. */
  detailsMax: 20,
  /** Characters of a field's name in an answer: unknown fields are named as they came, and may be as long as the body. */
  fieldLengthMax: 200,
  /** Values in one any-of or none-of list of a control. */
  controlValuesMax: 1_000,

  /**
   * Events in one queue message, and its bytes. Cloudflare Queues: 128 KB (128,000 bytes) a message, some 100 of them its own; the rest is margin. A
   * purchase's event is 1,090 bytes, so a hundred of them are one message.
   */
  eventsPerMessageMax: 100,
  messageBytesMax: 120 * 1024,
  /** Wait before a quiet card publishes: the elements of one batch share the message. The object is in memory, and billed, for so long. */
  publishDelayMs: 50,
  /**
   * Wait before a card that has just published does so again: as long as a message takes to hold `eventsPerMessageMin`, between these two
   * bounds. A message costs 200 µs of the edge and three queue operations; this is how late a busy card's events are. A card with a purchase a
   * second sends every 10 s; one with a hundred a second fills a message in one, which goes at once.
   */
  publishIntervalMs: 5_000,
  publishIntervalMsMax: 30_000,
  eventsPerMessageMin: 10,
  /**
   * Alarm behind the timer of a card that has none pending, as after its first event: below the 10 s after which an idle object may
   * leave memory, so that it finds the cursor where the timer left it. An alarm costs a row, and on one machine two commits.
   */
  publishAlarmMs: 8_000,
  /**
   * The same for a busy card, at most; each card has a length of its own between half of it and this. How late a busy card's events may come
   * after a crash that no later call follows: as late as what the queue loses, which the origin's hourly sweep finds. An alarm of a card that
   * has left memory loads all of it again, 2 ms, so it is rare.
   */
  publishAlarmBusyMs: 3_600_000,
  /** The same for a busy card whose snapshot is due: how many rows a load may have to fold, 36,000 of a card with 300 purchases a second. */
  snapshotAlarmMs: 120_000,
  /**
   * How late an alarm may come and its machine's clock still be believed: alarms are minutes late, or hours where the platform is
   * away. Beyond it the clock has jumped, and what is due by it (holds, old rows) waits.
   */
  alarmLateMsMax: 24 * 3_600_000,
  /** Unsent rows kept in memory, of about 1 KB: with the queue away for longer, they are read back from the log. */
  unsentInMemoryMax: 1_000,
  /** Waits after a failed publish, doubled each time. The rows stay in the log, so waiting loses nothing. */
  publishRetryMsMin: 1_000,
  publishRetryMsMax: 60_000,
  /** Rows of one answer to `GET …/events?after=`. */
  eventsPageMax: 500,

  /**
   * Waits before a card that failed for a moment is asked again, doubled each time: an object that was moved is there after some
   * milliseconds, one whose machine died after a second or two. Within a deadline it is asked as often as that allows.
   */
  cardRetryMsMin: 10,
  cardRetryMsMax: 200,
  /** Calls without a deadline (messages, voids, profiles): after about half a second whoever called brings it again. */
  cardTriesMax: 6,
  /** The end of a deadline that is kept for a stand-in: its desk is asked and a queue takes it, some tens of milliseconds each. */
  standInMs: 250,
  /** How long the list of known cards may take, where nobody sets a deadline. */
  knownCardsMs: 1_000,
  /** The largest sum of a card and day that may be set, in purchases of that size. */
  standInSumPurchasesMax: 10,
  /** What an operator may allow one card and day: each is a row at its desk, kept for the retention. */
  standInsPerDayMax: 1_000,
  /** Waits of a stand-in for its card, doubled each time: its queue's 100 retries then last about four days, as its messages do. */
  standInRetrySecondsMax: 3_600,

  /** Age of a signature that is still accepted, both ways: Standard Webhooks' reference libraries use five minutes. */
  signatureToleranceMs: 300_000,
} as const;

/** Those of the origin alone: the edge's bundle does without them. */
export const originLimits = {
  /**
   * One backtest: cards, events read, its time, and the examples it names. It runs beside intake, in the same process, with a quarter
   * of its time (event-loop.ts): at 28,000 events a second of computing with 200 controls, 70,000 with 20 (measured), the most takes 30 s.
   * Below the minute after which listeners and proxies close a connection on which nothing comes.
   */
  backtestCardsMax: 1_000,
  backtestEventsMax: 200_000,
  backtestMsMax: 40_000,
  backtestExamplesMax: 100,

  /** Characters of a webhook endpoint's URL: what every client and server takes. */
  webhookUrlLengthMax: 2_048,

  /** Endpoints of one merchant: each multiplies every event of it. */
  webhookEndpointsMax: 20,
} as const;

/** What must hold between the bounds; called by the tests. */
export function assertLimits(): void {
  const claims: readonly (readonly [string, boolean])[] = [
    ['a full message fits in a queue message of 128 KB', limits.messageBytesMax < 128_000],
    ['one body cannot exceed one message', limits.bodyBytesMax < limits.messageBytesMax],
    ['evidence fits in one message', limits.evidenceLengthMax * 3 < limits.messageBytesMax],
    ['a lot of facts is shown whole', limits.factLotLengthMax * 1.4 < limits.evidenceLengthMax],
    ['a full message fits in one call to a queue', limits.messageBytesMax < limits.queueCallBytesMax],
    ['all that a batch can say is read', limits.batchReadMax * 105 >= limits.batchBytesMax],
    ['a batch may be larger than a body', limits.batchBytesMax > limits.bodyBytesMax],
    ['a profile fits in a body and in a message', limits.profileBytesMax < limits.bodyBytesMax],
    ['rows outlive every hold', limits.retentionMs > limits.holdDaysMax * 24 * 3_600_000],
    ['a part of a snapshot fits in a value of 2 MB', limits.snapshotPartLengthMax * 3 < 2_000_000],
    ['the alarm comes after the timer', limits.publishAlarmMs > limits.publishIntervalMs],
    ['a busy card waits no shorter when it waits longest', limits.publishIntervalMsMax >= limits.publishIntervalMs],
    ['a busy card sends before its alarm', limits.publishAlarmBusyMs > 2 * limits.publishIntervalMsMax],
    ['a snapshot that is due is written before the next alarm', limits.snapshotAlarmMs <= limits.publishAlarmBusyMs],
    ['a message that waits is never full', limits.eventsPerMessageMin <= limits.eventsPerMessageMax],
    ['a busy card sets its alarm less often', limits.publishAlarmBusyMs > limits.publishAlarmMs],
    ['a first retry waits longer than a normal publish', limits.publishRetryMsMin >= limits.publishDelayMs],
    [
      'a retry is an alarm that no clock needs to have set wrongly',
      limits.publishRetryMsMax <= limits.publishAlarmBusyMs,
    ],
    ['retries do not shrink', limits.publishRetryMsMin <= limits.publishRetryMsMax],
  ];
  for (const [claim, holds] of claims) if (!holds) throw new Error(`limits: ${claim}`);
}
