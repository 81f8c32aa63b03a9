// atlas control-set status, pause and undo: a version of a control set on its way to the cards.

import { path } from '../../sdk/transport.ts';
import { type Command, type Found, idIn, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { lines } from './shown.ts';

export interface Distribution {
  readonly control_set_id: string;
  readonly version: number;
  readonly version_before: number | null;
  readonly only_version: number | null;
  readonly percent: number;
  readonly state: 'running' | 'paused' | 'done' | 'undone' | 'replaced';
  readonly cards_to_move: number;
  readonly cards_moved: number;
  readonly cards_refused: number;
  readonly cards_waiting: number;
}

/** What can be done from each state, in a line. */
const next = {
  running: 'on its way: atlas control-set status says how far; atlas control-set pause stops it here',
  paused: 'paused: atlas control-set apply goes on; atlas control-set undo takes it back',
  done: 'done; more of the cards by atlas control-set apply; atlas control-set undo takes it back',
  undone: 'undone',
  replaced: 'another version was applied meanwhile',
} as const;

export function inWords(distribution: Distribution): string[] {
  const { control_set_id, version, version_before, only_version, percent, state } = distribution;
  const { cards_to_move, cards_moved, cards_refused, cards_waiting } = distribution;
  const of = only_version === null ? `${percent} percent of the cards` : `the cards that had version ${only_version}`;
  const refused = cards_refused === 0 ? '' : `, ${cards_refused} refused`;
  return [
    `${control_set_id} version ${version} for ${of}: ${cards_moved} of ${cards_to_move} cards moved${refused}`,
    `  ${cards_waiting} profiles on their way to the edge`,
    ...(version_before === null ? [] : [`  most of them had version ${version_before} before`]),
    `  ${next[state]}`,
  ];
}

function commandFor({
  name,
  method,
  does,
}: {
  name: 'status' | 'pause' | 'undo';
  method: 'GET' | 'POST';
  does: string;
}) {
  return {
    help: `atlas control-set ${name} <control_set_id>

${does}`,
    read(args: readonly string[]) {
      const { words } = wordsIn(args, { names: ['control_set_id'], options: {} });
      const controlSetId = idIn(words.control_set_id, 'cset');
      return (connection: () => Connection) => ask(connection(), controlSetId);
    },
  } satisfies Command;

  async function ask({ send }: Connection, controlSetId: string): Promise<Found> {
    const at = path`/control-sets/${controlSetId}/distribution`;
    const answer = await send<Distribution>({ method, path: name === 'status' ? at : `${at}/${name}` });
    return { text: lines(inWords(answer)), answer, isWell: answer.cards_refused === 0 };
  }
}

export const controlSetStatus = commandFor({
  ...{ name: 'status', method: 'GET' },
  does: 'How far the newest version that was applied has come: cards moved, refused, and on their way to the edge. Needs controls:read. Found (1): cards that cannot have it.',
});
export const controlSetPause = commandFor({
  ...{ name: 'pause', method: 'POST' },
  does: 'Moves no more cards; those that have moved stay so. Applying the same version goes on. Needs controls:write.',
});
export const controlSetUndo = commandFor({
  ...{ name: 'undo', method: 'POST' },
  does: 'The controls of the version before become a new version, which goes to every card that has the undone one. Needs controls:write.',
});
