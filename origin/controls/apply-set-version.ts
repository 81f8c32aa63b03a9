// A version of a control set given to the cards that have another one: each gets a next profile, in transactions of a few
// cards, so that no card waits long. Stopped halfway, the rest is moved by applying it again.

import type { Control } from '../../contracts/control.ts';
import { type FieldProblem, Refusal } from '../../contracts/problem.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import type { SetVersion } from './control-sets.ts';
import { assembleProfile, ownControls, type ProfileChange, type StoredCard, writeProfiles } from './write-profiles.ts';

export const cardsPerTransaction = 200;

/** A card that cannot have it: it uses a name of the set for a control of its own, or its profile would be too large. */
export interface RefusingCard {
  readonly card_id: Profile['card_id'];
  readonly details: readonly FieldProblem[];
}

export interface Applied {
  readonly moved: readonly string[];
  readonly refused: readonly RefusingCard[];
}

export type ResolvedVersion = SetVersion & { readonly resolved: readonly Control[] };

/** A few cards now, those with the lowest ids: to look at what they decide, before the version goes to more. */
export async function applyToSome(
  database: Database,
  version: ResolvedVersion,
  { doer, cardsMax }: { readonly doer: Doer; readonly cardsMax: number },
): Promise<Applied> {
  const moved: string[] = [];
  const refused: RefusingCard[] = [];
  for (let after = ''; ; ) {
    // Cards that refuse it do not count: the next page looks for others.
    const cards = Math.min(cardsPerTransaction, cardsMax - moved.length);
    const page = await database.transaction((sql) =>
      movePage(sql, { version, after, doer, cards, percent: 100, onlyVersion: null }),
    );
    moved.push(...page.moved);
    refused.push(...page.refused);
    if (page.last === null || moved.length >= cardsMax) return { moved, refused };
    after = page.last;
  }
}

export interface Page {
  readonly version: ResolvedVersion;
  /** Cards above this one. */
  readonly after: string;
  readonly doer: Doer;
  readonly cards: number;
  /** Of the cards of the set, by `chosen`. */
  readonly percent: number;
  /** Cards that have this version alone; null: all that have another than `version`. */
  readonly onlyVersion: number | null;
}

/**
 * SQL, of a row of `cards` and a percentage: whether the card is among those chosen. By a hash of both names, so that a larger percentage has
 * the same cards and more, and each set other ones. Example: at 5 the cards whose hash ends, of a hundred ends, in one of the first five.
 */
const chosen = (percent: string) =>
  `('x' || substr(md5(card_id || control_set_id), 1, 7))::bit(28)::int % 100 < ${percent}::numeric`;

/** SQL: the cards of the set $1 that its version $2 is still to be given to, of $3 percent, and of those at $4 alone where it is no null. */
const toMove = `control_set_id = $1 and control_set_version <> $2 and ${chosen('$3')} and ($4::int is null or control_set_version = $4)`;

/** How many cards of the set have another version. */
export async function cardsElsewhere(sql: Sql, { control_set_id, version }: SetVersion): Promise<number> {
  const { rows } = await sql.query<{ cards: string }>(
    'select count(*) as cards from cards where control_set_id = $1 and control_set_version <> $2',
    [control_set_id, version],
  );
  return Number(rows[0]?.cards ?? 0);
}

/** How many cards are to be moved, and the version that most of them have; null: there are none. */
export async function cardsToMove(
  sql: Sql,
  { control_set_id, version, percent, onlyVersion }: SetVersion & Pick<Page, 'percent' | 'onlyVersion'>,
): Promise<{ cards: number; mostly: number | null }> {
  const { rows } = await sql.query<{ version: number; cards: string }>(
    `select control_set_version as version, count(*) as cards from cards where ${toMove} group by 1 order by 2 desc`,
    [control_set_id, version, percent, onlyVersion],
  );
  return { cards: rows.reduce((sum, { cards }) => sum + Number(cards), 0), mostly: rows[0]?.version ?? null };
}

/** `last`: the card after which the next page begins; null: there are no more. */
export async function movePage(
  sql: Sql,
  { version, after, doer, cards, percent, onlyVersion }: Page,
): Promise<Applied & { readonly last: string | null }> {
  const which = [version.control_set_id, version.version, percent, onlyVersion];
  // First without locks: a page whose cards all moved meanwhile comes back empty below, and is not the end for that.
  const page = await sql.query<{ card_id: string }>(
    `select card_id from cards where ${toMove} and card_id > $5 order by card_id limit $6`,
    [...which, after, cards],
  );
  // `for update`, in one order: a card that is being changed now is moved after that, and two of these never block in a circle.
  const { rows } = await sql.query<StoredCard>(
    `select * from cards where ${toMove} and card_id = any($5) order by card_id for update`,
    [...which, page.rows.map(({ card_id }) => card_id)],
  );
  const next: ProfileChange[] = [];
  const refused: RefusingCard[] = [];
  for (const card of rows) {
    const outcome = nextOf(card, version);
    if ('profile' in outcome) next.push(outcome);
    else refused.push(outcome);
  }
  await writeProfiles(sql, next, { pushAfterSeconds: 0, isBulk: true, doer });
  return { moved: next.map(({ profile }) => profile.card_id), refused, last: page.rows.at(-1)?.card_id ?? null };
}

function nextOf(
  card: StoredCard,
  { control_set_id, version, resolved }: ResolvedVersion,
): ProfileChange | RefusingCard {
  try {
    const fields = { ...card.profile, version: card.profile_version + 1 };
    const profile = assembleProfile(fields, { shared: resolved, own: ownControls(card) });
    const reason = `profile ${profile.version}: ${control_set_id} version ${version}`;
    return {
      ...{ profile, controls: card.controls, control_set: { control_set_id, version } },
      ...{ from: card.profile.status, reason },
    };
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    return { card_id: card.profile.card_id, details: error.details };
  }
}
