// An employee leaves: gets no card any more, and all that it has are closed as any card is closed, in transactions of a few cards. Stopped
// halfway, or at a bound, asking again goes on with what is left. The edge hears of each card by the outbox.

import type { Doer } from '../audit/audit-event.ts';
import { type StoredCard, writeProfiles } from '../controls/write-profiles.ts';
import type { Database, Sql } from '../db/client.ts';
import { audit } from './companies.ts';
import { lockEmployee } from './employees.ts';

const cardsPerTransaction = 100;

export interface Offboarding {
  readonly doer: Doer;
  /** So many cards at most are closed by this call. */
  readonly cardsMax: number;
}

/** Returns the cards that it closed. The employee is `offboarded` once none is left. */
export async function offboard(database: Database, employeeId: string, asked: Offboarding): Promise<readonly string[]> {
  await database.transaction((sql) => begin(sql, employeeId, asked.doer));
  const closed: string[] = [];
  while (closed.length < asked.cardsMax) {
    const cards = Math.min(cardsPerTransaction, asked.cardsMax - closed.length);
    const page = await database.transaction((sql) => closePage(sql, employeeId, { cards, doer: asked.doer }));
    closed.push(...page.closed);
    if (page.isLast) break;
  }
  await database.transaction((sql) => finish(sql, employeeId, asked.doer));
  return closed;
}

async function begin(sql: Sql, employeeId: string, doer: Doer): Promise<void> {
  // The lock waits for whoever gives it a card right now; whoever comes after finds it offboarding.
  const { status } = await lockEmployee(sql, employeeId);
  if (status === 'active') await move(sql, employeeId, { from: 'active', to: 'offboarding', doer });
}

async function closePage(sql: Sql, employeeId: string, { cards, doer }: { cards: number; doer: Doer }) {
  const { rows: page } = await sql.query<{ card_id: string }>(`${openCards} order by a.card_id limit $2`, [
    employeeId,
    cards,
  ]);
  // `for update`, in one order: a card that is being changed now is closed after that, and two of these never block in a circle.
  const { rows } = await sql.query<StoredCard>(
    `select c.* from cards c where card_id = any($1) and profile ->> 'status' <> 'closed' order by card_id for update`,
    [page.map(({ card_id }) => card_id)],
  );
  await writeProfiles(
    sql,
    rows.map((card) => ({
      profile: { ...card.profile, version: card.profile_version + 1, status: 'closed' as const },
      ...{ controls: card.controls, control_set: setOf(card), from: card.profile.status },
      reason: `profile ${card.profile_version + 1}: status; ${employeeId} is offboarded`,
    })),
    { pushAfterSeconds: 0, doer },
  );
  return { closed: rows.map(({ card_id }) => card_id), isLast: page.length < cards };
}

function setOf({ control_set_id, control_set_version: version }: StoredCard) {
  return control_set_id === null || version === null ? null : { control_set_id, version };
}

async function finish(sql: Sql, employeeId: string, doer: Doer): Promise<void> {
  const { status } = await lockEmployee(sql, employeeId);
  const { rows } = await sql.query(`${openCards} limit 1`, [employeeId]);
  if (status === 'offboarding' && rows.length === 0)
    await move(sql, employeeId, { from: 'offboarding', to: 'offboarded', doer });
}

async function move(sql: Sql, employeeId: string, { from, to, doer }: { from: string; to: string; doer: Doer }) {
  await sql.query('update employees set status = $2 where employee_id = $1', [employeeId, to]);
  await audit(sql, doer, {
    ...{ action: `employee.${to}`, subject: employeeId, from_state: from, to_state: to },
    reason: '',
  });
}

/** SQL: its cards that are not closed. */
const openCards = `
  select a.card_id from card_assignments a join cards c using (card_id)
  where a.employee_id = $1 and c.profile ->> 'status' <> 'closed'`;

export interface CardsOfEmployee {
  readonly total: number;
  readonly closed: number;
  /** Whose newest profile, closed or not, the edge does not have yet. */
  readonly waiting_for_edge: number;
}

export async function cardsOfEmployee(sql: Sql, employeeId: string): Promise<CardsOfEmployee> {
  const { rows } = await sql.query<CardsOfEmployee>(
    `select count(*)::int as total, (count(*) filter (where c.profile ->> 'status' = 'closed'))::int as closed,
       (count(*) filter (where c.edge_version < c.profile_version))::int as waiting_for_edge
     from card_assignments a join cards c using (card_id) where a.employee_id = $1`,
    [employeeId],
  );
  return rows[0] ?? { total: 0, closed: 0, waiting_for_edge: 0 };
}
