// What Postgres holds of sample cards, beside what it must hold. For tests; not used by the service.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import type { Amounts } from '../../contracts/amount-max.ts';
import type { CardEvent } from '../../contracts/card-event.ts';
import { newId } from '../../contracts/ids.ts';
import { type Posting, postings } from '../../core/ledger/postings.ts';
import type { Database } from '../db/client.ts';
import { Intake, type IntakeOptions } from '../intake/intake.ts';
import { createIntakeMetrics } from '../intake/intake-metrics.ts';
import type { Message } from '../queues/message.ts';
import { SampleCard } from './sample-card.ts';

export class SampleBooks {
  readonly database: Database;
  /** Of the intake made last. */
  registry = new Registry();
  #cards = 0;

  constructor(database: Database) {
    this.database = database;
  }

  intake(options: Partial<IntakeOptions> = {}): Intake {
    this.registry = new Registry();
    const metrics = createIntakeMetrics(this.registry);
    return new Intake({ database: this.database, log: pino({ level: 'silent' }), metrics, ...options });
  }

  /** A card that the origin knows, on an account of its own, so that the account's balances are the card's alone. */
  async knownCard(unmatchedMax?: Amounts): Promise<SampleCard> {
    this.#cards += 1;
    const card = new SampleCard(`intake-${this.#cards}`, {}, unmatchedMax);
    await this.makeKnown(card);
    return card;
  }

  /** The origin makes the card, on an account of its own. */
  async makeKnown(card: SampleCard): Promise<void> {
    const { sql } = this.database;
    const account_id = newId('acct');
    await sql.query(`insert into accounts (account_id, name, currency) values ($1, 'test', 'USD')`, [account_id]);
    await sql.query(
      `insert into ledger_accounts (ledger_account_id, kind, currency, account_id) values ($1, 'cardholder', 'USD', $2)`,
      [newId('lac'), account_id],
    );
    await sql.query(
      `insert into cards (card_id, account_id, network, card_token, profile, profile_version) values ($1, $2, $3, $4, '{}', 1)`,
      [newId('card'), account_id, card.network, card.card_token],
    );
  }

  /** Its stream, its events, its ledger account. */
  async stored({ network, card_token }: SampleCard): Promise<object | undefined> {
    const { rows } = await this.database.sql.query(
      `select s.applied_sequence::int as applied, s.seen_sequence::int as seen,
         (select count(*)::int from card_events e where e.stream_id = s.stream_id) as events,
         (select count(*)::int from ledger_transfers t where t.stream_id = s.stream_id) as transfers,
         b.debits_pending::int as held, (b.debits_posted - b.credits_posted)::int as posted
       from card_streams s
       left join cards c using (network, card_token)
       left join ledger_accounts a on a.account_id = c.account_id
       left join ledger_balances b on b.ledger_account_no = a.ledger_account_no
       where s.network = $1 and s.card_token = $2`,
      [network, card_token],
    );
    return rows[0];
  }
}

/** What must be stored when every event of the card is booked, by the card's own state. */
export function whole({ events, state }: SampleCard) {
  const transfers = events.flatMap((event) =>
    'effect' in event ? [...postings(event.effect), ...givenBack(event)] : [],
  );
  return {
    applied: events.length,
    seen: events.length,
    events: events.length,
    transfers: transfers.length,
    held: state.held_minor,
    posted: state.posted_minor,
  };
}

/** What an authorization held that turned out to be the event's own. */
function givenBack(event: CardEvent): Posting[] {
  const released = ('joined' in event ? event.joined?.released_minor : 0) ?? 0;
  return postings({ hold_minor: -released, posted_minor: 0 });
}

export function asMessages(...bodies: readonly unknown[]): Message[] {
  return bodies.map((body, index) => ({ id: `${index}`, body }));
}
