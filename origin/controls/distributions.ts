// A version of a control set on its way to the set's cards: begun with some percent of them or all, paused, gone on with, undone. The rows here
// say what is wanted and how far it has come; the work is done page by page (distribute.ts). The newest of a set is the one that counts.

import { type Doer, recordAuditEvents } from '../audit/audit-event.ts';
import type { Sql } from '../db/client.ts';
import { refusal } from '../errors.ts';
import { cardsToMove, type RefusingCard } from './apply-set-version.ts';
import { insertSetVersion, loadSetVersion, nextVersionOf, type SetVersion } from './control-sets.ts';

export type DistributionState = 'running' | 'paused' | 'done' | 'undone' | 'replaced';

export interface Distribution extends SetVersion, Doer {
  readonly control_set_id: `cset_${string}`;
  readonly distribution_no: number;
  /** The version that most of its cards had when it began; null: all had this one. */
  readonly version_before: number | null;
  /** Of an undo: it moves cards at this version alone. */
  readonly only_version: number | null;
  readonly percent: number;
  readonly state: DistributionState;
  readonly after_card_id: string;
  readonly cards_to_move: number;
  readonly cards_moved: number;
  readonly cards_refused: number;
  /** The first hundred. */
  readonly refused: readonly RefusingCard[];
  readonly created_at: Date;
  readonly changed_at: Date;
}

/** As the driver reads them: its bigints and numerics are texts. */
const columns = `control_set_id, distribution_no, version, version_before, only_version, percent::float8 as percent, state, after_card_id,
  cards_to_move::float8 as cards_to_move, cards_moved::float8 as cards_moved, cards_refused::float8 as cards_refused, refused, actor,
  correlation_id, created_at, changed_at`;

export async function newestDistribution(sql: Sql, controlSetId: string): Promise<Distribution | null> {
  const { rows } = await sql.query<Distribution>(
    `select ${columns} from control_set_distributions where control_set_id = $1 order by distribution_no desc limit 1`,
    [controlSetId],
  );
  return rows[0] ?? null;
}

/** One that is running, of this set or of any, in the hands of the caller until his transaction ends; null: there is none to be had. */
export async function takeRunning(sql: Sql, controlSetId: string | null): Promise<Distribution | null> {
  // The one that has waited longest, so that several go on in turns. `skip locked`: another process does its next page.
  const { rows } = await sql.query<Distribution>(
    controlSetId === null
      ? `select ${columns} from control_set_distributions where state = 'running' order by changed_at limit 1 for update skip locked`
      : `select ${columns} from control_set_distributions where state = 'running' and control_set_id = $1 limit 1 for update`,
    controlSetId === null ? [] : [controlSetId],
  );
  return rows[0] ?? null;
}

interface Wanted {
  readonly percent: number;
  readonly doer: Doer;
}

/**
 * The version goes to so many percent of the set's cards; one that is on its way already goes on, to more of them where it is more. One of another
 * version that is not over is replaced: cards stay where they are until this one moves them.
 */
export async function beginDistribution(
  sql: Sql,
  version: SetVersion,
  { percent, doer }: Wanted,
): Promise<Distribution> {
  await lockSet(sql, version.control_set_id);
  const newest = await newestDistribution(sql, version.control_set_id);
  const isSame = newest?.version === version.version && newest.only_version === null;
  if (newest === null || !isSame || newest.state === 'undone')
    return await insert(sql, version, { percent, doer, onlyVersion: null });
  const more = Math.max(percent, newest.percent);
  const { cards } = await cardsToMove(sql, { ...version, percent: more, onlyVersion: null });
  if (cards === 0 && newest.state === 'done' && more === newest.percent) return newest;
  await audit(sql, version, { doer, action: 'gone_on', said: `${more} percent` });
  // Again from the first card: those that a smaller percentage had left out lie between the others.
  return await change(
    sql,
    newest,
    `state = 'running', percent = $3, after_card_id = '', cards_refused = 0, refused = '[]', cards_to_move = cards_moved + $4,
     actor = $5, correlation_id = $6`,
    [more, cards, doer.actor, doer.correlation_id],
  );
}

/** Cards that have moved stay; the rest is left where it is, until it goes on. Twice is once. */
export async function pauseDistribution(sql: Sql, controlSetId: string, doer: Doer): Promise<Distribution> {
  const newest = await newestFor(sql, controlSetId);
  if (newest.state === 'paused') return newest;
  if (newest.state !== 'running') throw refusal('distribution_over');
  await audit(sql, newest, { doer, action: 'paused', said: `${newest.cards_moved} cards moved` });
  return await change(sql, newest, `state = 'paused'`);
}

/**
 * The controls of the version before, as a new version, go to all cards that have the undone one: so no card that is made later gets that one as the
 * newest. Twice is once: what has undone it is the newest then.
 */
export async function undoDistribution(sql: Sql, controlSetId: string, doer: Doer): Promise<Distribution> {
  const newest = await newestFor(sql, controlSetId);
  if (newest.only_version !== null) return newest;
  const { version_before, version } = newest;
  if (version_before === null) throw refusal('distribution_not_undoable');
  const before = await loadSetVersion(sql, { control_set_id: controlSetId, version: version_before });
  await change(sql, newest, `state = 'undone'`);
  const back = { control_set_id: controlSetId, version: await nextVersionOf(sql, controlSetId) };
  await insertSetVersion(sql, { ...back, written: before.controls, resolved: before.resolved }, doer);
  return await insert(sql, back, { percent: 100, doer, onlyVersion: version });
}

export interface Progress {
  readonly after_card_id: string;
  readonly moved: number;
  readonly refused: readonly RefusingCard[];
  readonly isOver: boolean;
}

/** What a page has done. In its transaction, which has taken the row. */
export async function noteProgress(sql: Sql, one: Distribution, { after_card_id, moved, refused, isOver }: Progress) {
  const shown = [...one.refused, ...refused].slice(0, refusedShownMax);
  return await change(
    sql,
    one,
    `after_card_id = $3, cards_moved = cards_moved + $4, cards_refused = cards_refused + $5, refused = $6, state = $7`,
    [after_card_id, moved, refused.length, JSON.stringify(shown), isOver ? 'done' : 'running'],
  );
}
const refusedShownMax = 100;

/** Everything that begins or ends a distribution of a set waits here for the others. */
async function lockSet(sql: Sql, controlSetId: string): Promise<void> {
  await sql.query('select from control_sets where control_set_id = $1 for update', [controlSetId]);
}

async function newestFor(sql: Sql, controlSetId: string): Promise<Distribution> {
  await lockSet(sql, controlSetId);
  // Its row too: a page that is being moved is over then, and counted.
  await sql.query('select from control_set_distributions where control_set_id = $1 for update', [controlSetId]);
  const newest = await newestDistribution(sql, controlSetId);
  if (newest === null) throw refusal('distribution_not_found');
  return newest;
}

interface Beginning extends Wanted {
  readonly onlyVersion: number | null;
}

async function insert(sql: Sql, version: SetVersion, { percent, doer, onlyVersion }: Beginning): Promise<Distribution> {
  const { control_set_id } = version;
  await sql.query(
    `update control_set_distributions set state = 'replaced', changed_at = now()
     where control_set_id = $1 and state in ('running', 'paused')`,
    [control_set_id],
  );
  const { cards } = await cardsToMove(sql, { ...version, percent, onlyVersion });
  // Of all its cards: 5 percent of three may be none of them, and the rest follows in the same distribution.
  const { mostly } = await cardsToMove(sql, { ...version, percent: 100, onlyVersion });
  const { rows } = await sql.query<Distribution>(
    `insert into control_set_distributions
       (control_set_id, distribution_no, version, version_before, only_version, percent, state, cards_to_move, actor, correlation_id)
     select $1, coalesce(max(distribution_no), 0) + 1, $2, $3, $4, $5, 'running', $6, $7, $8
     from control_set_distributions where control_set_id = $1
     returning ${columns}`,
    [control_set_id, version.version, mostly, onlyVersion, percent, cards, doer.actor, doer.correlation_id],
  );
  const [made] = rows;
  if (made === undefined) throw new Error('a distribution was not written');
  const said = `${percent} percent of its cards${onlyVersion === null ? '' : `, in the place of version ${onlyVersion}`}`;
  await audit(sql, version, { doer, action: onlyVersion === null ? 'begun' : 'undone', said });
  return made;
}

async function change(
  sql: Sql,
  one: Distribution,
  set: string,
  values: readonly unknown[] = [],
): Promise<Distribution> {
  const { rows } = await sql.query<Distribution>(
    `update control_set_distributions set ${set}, changed_at = clock_timestamp()
     where control_set_id = $1 and distribution_no = $2 returning ${columns}`,
    [one.control_set_id, one.distribution_no, ...values],
  );
  return rows[0] ?? one;
}

interface Audited {
  readonly doer: Doer;
  readonly action: 'begun' | 'gone_on' | 'paused' | 'undone';
  readonly said: string;
}

async function audit(
  sql: Sql,
  { control_set_id, version }: SetVersion,
  { doer, action, said }: Audited,
): Promise<void> {
  const event = { action: `control_set.distribution_${action}`, subject: control_set_id, merchant_id: null };
  await recordAuditEvents(sql, [{ ...doer, ...event, reason: `version ${version}: ${said}` }]);
}
