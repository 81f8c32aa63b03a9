// A card as the API shows it: never with its network's token.

import * as z from 'zod';
import { idSchema } from '../../../contracts/ids.ts';
import { type Network, networkSchema } from '../../../contracts/network.ts';
import { type Profile, profileSchema } from '../../../contracts/profile.ts';
import type { WrittenControl } from '../../controls/read-controls.ts';
import type { Sql } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { writtenControl } from '../controls/written-controls.ts';

export const setOfCardSchema = z.strictObject({ control_set_id: idSchema('cset'), version: z.int() });

export const cardSchema = z.strictObject({
  card_id: idSchema('card'),
  account_id: idSchema('acct'),
  /** Who has it; null: nobody of a company. */
  employee_id: z.nullable(idSchema('empl')),
  network: networkSchema,
  /** As the edge gets it: the control set's controls and then the card's own, with categories as codes. */
  profile: profileSchema,
  /** The card's own controls, as they were written. */
  controls: z.array(writtenControl),
  control_set: setOfCardSchema.nullable(),
  /** `pending`: the edge does not have the newest profile yet, and decides by `version`; 0: by none. */
  edge: z.strictObject({
    state: z.enum(['stored', 'pending']),
    version: z.int(),
    attempts: z.int(),
    last_error: z.string().nullable(),
  }),
  /**
   * Of what it was refunded without a purchase, what it may not spend yet: until the purchase clears, or a person releases it. As of its
   * newest event that is booked here; `GET /cards/{card_id}/comparison` asks the card itself.
   */
  withheld_minor: z.bigint(),
  created_at_ms: z.int(),
});

interface CardRow {
  readonly card_id: string;
  readonly account_id: string;
  readonly network: string;
  readonly profile: Profile;
  readonly profile_version: number;
  readonly edge_version: number;
  readonly controls: WrittenControl[];
  readonly control_set_id: string | null;
  readonly control_set_version: number | null;
  readonly created_at: Date;
  readonly attempts: number | null;
  readonly last_error: string | null;
  readonly withheld_minor: string;
  readonly employee_id: string | null;
}

const cardsWithOutbox = `
  select c.card_id, c.account_id, c.network, c.profile, c.profile_version, c.edge_version, c.controls, c.control_set_id,
    c.control_set_version, c.created_at, o.attempts, o.last_error, coalesce(s.withheld_minor, 0) as withheld_minor,
    a.employee_id
  from cards c left join edge_outbox o on o.card_id = c.card_id left join card_streams s using (network, card_token)
    left join card_assignments a on a.card_id = c.card_id`;

export async function readCardView(sql: Sql, cardId: string) {
  const { rows } = await sql.query<CardRow>(`${cardsWithOutbox} where c.card_id = $1`, [cardId]);
  const [row] = rows;
  if (row === undefined) throw refusal('card_not_found');
  return cardView(row);
}

export interface CardPage {
  readonly account_id: string | undefined;
  readonly company_id?: string | undefined;
  readonly employee_id?: string | undefined;
  /** The one card that each of these networks may have under this token. */
  readonly tokens: { readonly card_token: string; readonly networks: readonly Network[] } | undefined;
  readonly after: string | undefined;
  readonly limit: number;
}

/**
 * Cards of one query: of twenty controls each they are 100 KB, which the driver makes objects of in one stretch. A page of a hundred
 * in one query was 3 ms in which nobody else was answered.
 */
const cardsAtOnce = 25;

/** In the order of their ids, which says nothing about them. */
export async function readCardViews(sql: Sql, { account_id, tokens, after = '', limit, ...of }: CardPage) {
  const views: ReturnType<typeof cardView>[] = [];
  for (let last = after; views.length < limit; last = views.at(-1)?.card_id ?? last) {
    const wanted = Math.min(cardsAtOnce, limit - views.length);
    const { rows } = await sql.query<CardRow>(
      `${cardsWithOutbox} where ($1::text is null or c.account_id = $1) and c.card_id > $2
         and ($4::text is null or (c.card_token = $4 and c.network = any($5::text[])))
         and ($6::text is null or a.company_id = $6) and ($7::text is null or a.employee_id = $7) order by c.card_id limit $3`,
      [
        ...[account_id ?? null, last, wanted, tokens?.card_token ?? null, tokens?.networks ?? null],
        ...[of.company_id ?? null, of.employee_id ?? null],
      ],
    );
    views.push(...rows.map(cardView));
    if (rows.length < wanted) break;
  }
  return views;
}

export const waitingFor = ['events', 'profile'] as const;
export type WaitingFor = (typeof waitingFor)[number];

/** SQL: those that have waited longest, first. A card that nobody has made here is not among them: it has no id. */
const waiting: Readonly<Record<WaitingFor, string>> = {
  events: `
    select c.card_id from card_streams s join cards c using (network, card_token)
    cross join lateral (
      select min(received_at) as since from card_events e where e.stream_id = s.stream_id and e.sequence > s.applied_sequence
    ) as held_back
    where s.has_gap order by held_back.since, c.card_id limit $1`,
  profile: 'select card_id from edge_outbox order by created_at, card_id limit $1',
};

/** Cards with events that wait for one before them, or whose newest profile the edge lacks: the first is the one that waits longest. */
export async function readWaitingCards(sql: Sql, what: WaitingFor, limit: number) {
  const { rows: found } = await sql.query<{ card_id: string }>(waiting[what], [limit]);
  const ids = found.map(({ card_id }) => card_id);
  const { rows } = await sql.query<CardRow>(
    `${cardsWithOutbox} where c.card_id = any($1) order by array_position($1, c.card_id)`,
    [ids],
  );
  return rows.map(cardView);
}

function cardView({ control_set_id, control_set_version, created_at, ...row }: CardRow) {
  const { card_id, account_id, employee_id, network, profile, controls, edge_version } = row;
  return {
    ...{ card_id, account_id, employee_id, network, profile, controls },
    control_set: control_set_id === null ? null : { control_set_id, version: control_set_version },
    edge: {
      state: edge_version === row.profile_version ? 'stored' : 'pending',
      version: edge_version,
      attempts: row.attempts ?? 0,
      last_error: row.last_error,
    },
    withheld_minor: BigInt(row.withheld_minor),
    created_at_ms: created_at.getTime(),
  };
}
