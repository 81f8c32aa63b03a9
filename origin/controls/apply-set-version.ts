// A version of a control set given to the cards that have another one: each gets a next profile, in transactions of a few
// cards, so that no card waits long. Stopped halfway, the rest is moved by applying it again.

import type { Control } from '../../contracts/control.ts';
import { type FieldProblem, Refusal } from '../../contracts/problem.ts';
import type { Doer } from '../audit/audit-event.ts';
import type { Database, Sql } from '../db/client.ts';
import type { SetVersion } from './control-sets.ts';
import { assembleProfile, ownControls, type ProfileChange, type StoredCard, writeProfiles } from './write-profiles.ts';

const cardsPerTransaction = 200;

/** A card that cannot have it: it uses a name of the set for a control of its own, or its profile would be too large. */
export interface RefusingCard {
  readonly card_id: string;
  readonly details: readonly FieldProblem[];
}

export interface Applying {
  readonly doer: Doer;
  /** So many cards at most are moved, those with the lowest ids: a canary. The rest is moved by applying it again. */
  readonly cardsMax?: number | undefined;
}

export interface Applied {
  readonly moved: readonly string[];
  readonly refused: readonly RefusingCard[];
}

type Version = SetVersion & { readonly resolved: readonly Control[] };

export async function applySetVersion(
  database: Database,
  version: Version,
  { doer, cardsMax = Number.POSITIVE_INFINITY }: Applying,
): Promise<Applied> {
  const moved: string[] = [];
  const refused: RefusingCard[] = [];
  for (let after = ''; ; ) {
    // Cards that refuse it do not count: the next page looks for others.
    const cards = Math.min(cardsPerTransaction, cardsMax - moved.length);
    const page = await database.transaction((sql) => movePage(sql, { version, after, doer, cards }));
    moved.push(...page.moved);
    refused.push(...page.refused);
    if (page.last === null || moved.length >= cardsMax) return { moved, refused };
    after = page.last;
  }
}

interface Page {
  readonly version: Version;
  readonly after: string;
  readonly doer: Doer;
  readonly cards: number;
}

/** How many cards of the set have another version. */
export async function cardsElsewhere(sql: Sql, { control_set_id, version }: SetVersion): Promise<number> {
  const { rows } = await sql.query<{ cards: string }>(
    'select count(*) as cards from cards where control_set_id = $1 and control_set_version <> $2',
    [control_set_id, version],
  );
  return Number(rows[0]?.cards ?? 0);
}

async function movePage(sql: Sql, { version, after, doer, cards }: Page): Promise<Applied & { last: string | null }> {
  // First without locks: a page whose cards all moved meanwhile comes back empty below, and is not the end for that.
  const page = await sql.query<{ card_id: string }>(
    `select card_id from cards where control_set_id = $1 and control_set_version <> $2 and card_id > $3
     order by card_id limit $4`,
    [version.control_set_id, version.version, after, cards],
  );
  // `for update`, in one order: a card that is being changed now is moved after that, and two of these never block in a circle.
  const { rows } = await sql.query<StoredCard>(
    `select * from cards where card_id = any($3) and control_set_id = $1 and control_set_version <> $2
     order by card_id for update`,
    [version.control_set_id, version.version, page.rows.map(({ card_id }) => card_id)],
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

function nextOf(card: StoredCard, { control_set_id, version, resolved }: Version): ProfileChange | RefusingCard {
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
    return { card_id: card.card_id, details: error.details };
  }
}
