// What can happen that is larger than one alert: what Atlas does today, how one sees it, and where to read on.
// docs/failure-modes.md has each failure with the test that shows it.

export interface Incident {
  readonly name: string;
  readonly today: string;
  /** Where it shows first. */
  readonly metric: string;
  /** Empty: nobody is woken by it yet, and `today` says how it is noticed. */
  readonly alerts: readonly string[];
  /** One of the runbook's, which tests/runbooks.test.ts runs. */
  readonly command: string;
  readonly runbook: string;
}

export const incidents: readonly Incident[] = [
  {
    name: 'a region of the platform is down',
    today:
      'Its cards are answered by the failure policy: declined, or stood in for within bounds. Objects do not move; what they had not sent comes afterwards',
    ...{ metric: 'card_requests_without_card_total', alerts: ['CardsNotAnswering'], runbook: 'region-down' },
    command: 'npm run stand-in -- show --network native',
  },
  {
    name: 'the queue is away or full',
    today:
      'Rows wait in the cards, which send again ever later, at most a minute apart; the gap is read from their logs. Afterwards all come at once',
    ...{ metric: 'intake_lag_seconds', alerts: ['QueuePullsFail', 'IntakeLagHigh'], runbook: 'queue-backlog' },
    command: 'npx atlas queue status',
  },
  {
    name: 'tens of millions of messages wait',
    today:
      'Kept 14 days in the queue, 35 in the cards. Each process of the origin pulls 100 at a time, four pulls of a queue at once, eight in all: more processes drain it faster. Not rehearsed at that size',
    ...{ metric: 'queue_backlog_messages', alerts: ['QueueBacklogHigh'], runbook: 'queue-backlog' },
    command: 'npx atlas queue status',
  },
  {
    name: 'the database is away for minutes or hours',
    today:
      'Nothing is lost. Cards are decided on, the API answers 503, messages are tried 100 times, then pulled from the dead queue and booked all the same',
    ...{ metric: 'db_errors_total', alerts: ['DBErrors', 'DeadQueueUsed'], runbook: 'db-errors' },
    command: 'npx atlas doctor',
  },
  {
    name: 'the database was set back to an hour ago',
    today:
      'Card events come back by themselves; profiles that the edge has newer wait for a person. No payout is begun (`database_set_back`) until a person says that what was paid since is known; revoked keys are open again. Rehearsed as a whole by `npm run faults -- restore-database`',
    ...{
      metric: 'loop_failures_total',
      alerts: ['LoopStandsStill', 'AuditNotWitnessed'],
      runbook: 'database-restored',
    },
    command: 'npx atlas reconcile',
  },
  {
    name: 'a card’s object was set back, or is lost',
    today:
      'Noticed by the first event that it numbers anew, or within an hour. It decides nothing then, and is rebuilt from the books by itself, within seconds; what it approved in ignorance is held. An event that the books lack, or that the card cannot read back, keeps it fenced until a person gives it up',
    ...{ metric: 'cards_fenced', alerts: ['CardBehindLedger', 'CardsFenced'], runbook: 'card-behind-ledger' },
    command: 'npx atlas card compare CARD_ID',
  },
  {
    name: 'a card’s events are missing',
    today:
      'Those after them wait, of this card alone; they are read from the card’s own log within a minute, and `/health` is degraded by `intake` where that takes longer. What the log has no longer (35 days) is an open item `card_events_lost`',
    ...{ metric: 'origin_waiting', alerts: ['OpenItemsOld'], runbook: 'card-events-missing' },
    command: 'npx atlas queue status',
  },
  {
    name: 'an event of a newer release than the origin’s',
    today:
      'Its card waits from there, unbooked and counted, the others go on; the release that can read it reads it from the card’s own log and goes on by itself. `npm run compatible` looks for it beforehand',
    ...{ metric: 'open_items', alerts: ['CardsWaitForRelease'], runbook: 'cards-wait-for-release' },
    command: 'npm run open-items -- --kind event_of_newer_release',
  },
  {
    name: 'a message that nobody can read',
    today: 'An open item, whole and with its reason; its card goes on, and everybody else’s',
    ...{ metric: 'open_items', alerts: ['OpenItemsOld'], runbook: 'queue-backlog' },
    command: 'npx atlas queue dead',
  },
  {
    name: 'a token or secret has ended',
    today:
      'What it was for waits, and goes on with a new one. Each of ours may be two at once, so that changing it refuses no call; days left are watched for API keys and the queue’s token',
    metric: 'api_keys_ending_soon',
    alerts: ['TokenEndsSoon', 'QueuePullsFail', 'LoopStandsStill'],
    runbook: 'credential-ended-or-leaked',
    command: 'npx atlas doctor',
  },
  {
    name: 'a token or secret is known to others',
    today:
      'An API key is revoked at once; another secret is changed as above, with the old one out first. What was done with a key is in the audit trail and the access records',
    ...{ metric: 'access_refused_total', alerts: ['AccessRefusedHigh'], runbook: 'credential-ended-or-leaked' },
    command: 'npm run audit -- access',
  },
  {
    name: 'a clock is off',
    today:
      'Above 30 s it is told, from 5 minutes on signed calls between the halves are refused with 401. A platform’s clock that jumps drops no hold',
    ...{ metric: 'clock_skew_seconds', alerts: ['ClockSkewed'], runbook: 'clock-skew' },
    command: 'npx atlas doctor',
  },
  {
    name: 'a wrong control set on many cards',
    today:
      'One card or some percent first, then all; paused within seconds; an undo gives back the controls of before. An alert when the declines of one reason jump; what is wrongly approved, only partners tell',
    ...{ metric: 'card_decisions_total', alerts: ['DeclinesJump'], runbook: 'bad-control-set' },
    command: 'npx atlas control-set undo CONTROL_SET_ID',
  },
  {
    name: 'the wrong environment is deployed',
    today:
      'Cannot overwrite another by its name; variables of one beside secrets of another serve nothing and say so. `/health` is degraded by `edge`',
    ...{ metric: 'edge_serves', alerts: ['EdgeNotServing', 'CardsNotAsked'], runbook: 'wrong-deployment' },
    command: 'npx atlas doctor',
  },
  {
    name: 'the edge is misconfigured',
    today:
      '503 with `Retry-After` to everybody, a decline to Marqeta’s gateway; `/readyz` of the edge, `/health` and the deployment’s smoke check name the setting',
    ...{ metric: 'edge_serves', alerts: ['EdgeNotServing', 'CardsNotAsked'], runbook: 'wrong-deployment' },
    command: 'curl -s "$ATLAS_EDGE_URL/readyz"',
  },
  {
    name: 'a provider is down',
    today: 'Its breaker opens, the next one is used; what it may have paid is asked about, never sent elsewhere',
    ...{
      metric: 'circuit_breaker_state',
      alerts: ['PSPCircuitBreakerOpen', 'PSPNotAnswering'],
      runbook: 'provider-outage',
    },
    command: 'npx atlas settlements stuck',
  },
  {
    name: 'a payout comes back',
    today:
      'Booked beside the final settlement, owed again, told by `settlement.returned`; what does not add up is an open item',
    ...{ metric: 'open_items', alerts: ['OpenItemsOld'], runbook: 'open-items' },
    command: 'npm run open-items -- counts',
  },
  {
    name: 'a provider is removed with payments under way',
    today: 'Nobody asks about them: an open item, `/health` and the log say so; its messages are still read',
    metric: 'settlement_payments_of_unconfigured_providers',
    ...{ alerts: ['OpenItemsOld'], runbook: 'provider-outage' },
    command: 'npm run open-items -- --kind provider_not_configured',
  },
  {
    name: 'a release is rolled back after a migration',
    today:
      'The older origin starts and serves where the migration names it (`compatible-from`). Past another it does not start, and says which migration it lacks; `npm run deploy -- --rollback` says so before it does anything, and takes back the edge alone. Cards written in a newer form decide nothing under an older edge',
    ...{ metric: 'up', alerts: ['OriginDown'], runbook: 'release-taken-back' },
    command: 'npx atlas doctor',
  },
];
