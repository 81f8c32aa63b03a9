// What applying a version of a control set would change, before it is applied: for the cards at each other version, which controls are added,
// removed and changed, and from what to what. Of the set's controls alone: a card's own stay as they are.

import { path } from '../../sdk/transport.ts';
import type { Connection } from './connection.ts';

type Control = { readonly control_id: string } & Readonly<Record<string, unknown>>;

interface SetVersion {
  readonly version: number;
  readonly name: string;
  readonly controls: readonly Control[];
  readonly cards_by_version: readonly { readonly version: number; readonly cards: number }[];
}

interface ChangedControl {
  readonly control_id: string;
  readonly change: 'added' | 'removed' | 'changed' | 'moved';
  /** Of one that is changed: by its path in the control, as `window.per`. */
  readonly fields: readonly { readonly field: string; readonly from: unknown; readonly to: unknown }[];
}

export interface VersionChange {
  readonly from_version: number;
  readonly cards: number;
  readonly controls: readonly ChangedControl[];
}

export async function changesOf(
  { send }: Pick<Connection, 'send'>,
  controlSetId: string,
  version: number,
): Promise<{ name: string; changes: VersionChange[] }> {
  const read = (which: number) =>
    send<SetVersion>({ method: 'GET', path: path`/control-sets/${controlSetId}`, query: { version: which } });
  const wanted = await read(version);
  const changes: VersionChange[] = [];
  for (const { version: from, cards } of wanted.cards_by_version) {
    if (from === version || cards === 0) continue;
    changes.push({ from_version: from, cards, controls: difference((await read(from)).controls, wanted.controls) });
  }
  return { name: wanted.name, changes };
}

/** Controls are told by their ids; their order counts too, since the first that declines names the reason. */
export function difference(before: readonly Control[], after: readonly Control[]): ChangedControl[] {
  const idsOf = (controls: readonly Control[]) => controls.map(({ control_id }) => control_id);
  const kept = { before: idsOf(before).filter((id) => idsOf(after).includes(id)), after: idsOf(after) };
  kept.after = kept.after.filter((id) => kept.before.includes(id));
  const found = after.flatMap((control): ChangedControl[] => {
    const { control_id } = control;
    const was = before.find((one) => one.control_id === control_id);
    if (was === undefined) return [{ control_id, change: 'added', fields: fieldsOf({}, control) }];
    const fields = fieldsOf(was, control);
    if (fields.length > 0) return [{ control_id, change: 'changed', fields }];
    const isMoved = kept.before.indexOf(control_id) !== kept.after.indexOf(control_id);
    return isMoved ? [{ control_id, change: 'moved', fields: [] }] : [];
  });
  const removed = before.filter(({ control_id }) => !idsOf(after).includes(control_id));
  return [
    ...found,
    ...removed.map(
      (control): ChangedControl => ({
        ...{ control_id: control.control_id, change: 'removed', fields: fieldsOf(control, {}) },
      }),
    ),
  ];
}

/** Every value that differs, at its path; null: it is not there. Lists are values as a whole. */
function fieldsOf(before: unknown, after: unknown, at = ''): ChangedControl['fields'][number][] {
  if (isFields(before) && isFields(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter((name) => name !== 'control_id');
    return names.flatMap((name) => fieldsOf(before[name], after[name], at === '' ? name : `${at}.${name}`));
  }
  // What is there on one side alone is told by its parts too.
  if (isFields(before) && after === undefined) return fieldsOf(before, {}, at);
  if (isFields(after) && before === undefined) return fieldsOf({}, after, at);
  if (JSON.stringify(before) === JSON.stringify(after)) return [];
  return [{ field: at, from: before ?? null, to: after ?? null }];
}

function isFields(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Canary {
  /** So many cards at most. */
  readonly cardsMax?: number | undefined;
  readonly percent?: number | undefined;
}

export function changesInWords(
  changes: readonly VersionChange[],
  version: number,
  { cardsMax, percent }: Canary = {},
): string[] {
  if (changes.length === 0) return ['No card has another version: nothing would change.'];
  const part = cardsMax === undefined ? (percent === undefined ? null : `${percent} percent`) : `${cardsMax} at most`;
  const upTo = part === null ? '' : `, of which ${part} are moved now`;
  const all = changes.reduce((sum, { cards }) => sum + cards, 0);
  return [
    ...changes.flatMap(({ from_version, cards, controls }) => [
      `version ${from_version} → ${version} on ${cards} cards:`,
      ...(controls.length === 0 ? ['  no control is another'] : controls.flatMap(controlInWords)),
    ]),
    `${all} cards in all${upTo}`,
  ];
}

function controlInWords({ control_id, change, fields }: ChangedControl): string[] {
  const said = fields.map(({ field, from, to }) => {
    if (change === 'added') return `${field} ${JSON.stringify(to)}`;
    if (change === 'removed') return `${field} ${JSON.stringify(from)}`;
    return `${field}: ${JSON.stringify(from)} → ${JSON.stringify(to)}`;
  });
  const at = change === 'moved' ? ' (its place among the others)' : '';
  return [`  ${change.padEnd(8)} ${control_id}${at}`, ...said.map((text) => `             ${text}`)];
}
