// The same program for each run of the intake benchmark: an empty migrated database with its accounts and cards, and what
// the cards say, as the JSON that a queue delivers.

import { newId } from '../contracts/ids.ts';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { migrate } from '../origin/db/migrate.ts';
import { connectOwner } from '../origin/db/which-postgres.ts';
import { seededRandom } from '../scripts/seeded-random.ts';
import { withDatabase } from '../scripts/temporary-postgres.ts';
import { type MadeUpCard, madeUpCard, messagesOf } from './made-up-events.ts';

export const shape = { accounts: 100, cards: 1_000, events_per_card: 60, events_per_message: 5 };

export function madeUpProgram(): MadeUpCard[] {
  const random = seededRandom(1);
  return Array.from({ length: shape.cards }, (_, index) =>
    madeUpCard(`bench-card-${index}`, shape.events_per_card, random),
  );
}

/** Message after message of each card in turn, as cards that are used at the same time publish. */
export function deliveryOf(cards: readonly MadeUpCard[], size = shape.events_per_message): string[] {
  const queues = cards.map((card) => messagesOf(card, size).map((message) => JSON.stringify(message)));
  const longest = Math.max(...queues.map(({ length }) => length));
  return Array.from({ length: longest }, (_, turn) => queues.flatMap((queue) => queue[turn] ?? [])).flat();
}

/** A fresh database, so that each run begins with the same, empty tables. */
export async function freshDatabase(serverUrl: string, name: string, cards: readonly MadeUpCard[]) {
  const admin = await connectOwner(serverUrl);
  await admin.query(`create database ${name}`).finally(() => admin.end());
  const url = withDatabase(serverUrl, name);
  await migrate(url);
  const database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  await createCards(database, cards);
  return { url, database };
}

export async function createCards({ sql }: Database, cards: readonly MadeUpCard[]): Promise<void> {
  const accountIds = Array.from({ length: shape.accounts }, () => newId('acct'));
  await sql.query(`insert into accounts (account_id, name, currency) select unnest($1::text[]), 'bench', 'USD'`, [
    accountIds,
  ]);
  await sql.query(
    `insert into ledger_accounts (ledger_account_id, kind, currency, account_id)
     select unnest($1::text[]), 'cardholder', 'USD', unnest($2::text[])`,
    [accountIds.map(() => newId('lac')), accountIds],
  );
  await sql.query(
    `insert into cards (card_id, account_id, network, card_token, profile, profile_version)
     select unnest($1::text[]), unnest($2::text[]), 'native', unnest($3::text[]), '{}', 1`,
    [
      cards.map(() => newId('card')),
      cards.map((_, index) => accountIds[index % accountIds.length]),
      cards.map(({ card_token }) => card_token),
    ],
  );
}
