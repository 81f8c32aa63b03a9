// atlas control-set apply: a version of a control set, on a few cards or some percent first and then on all. What it changes is said before
// it is done.

import { createInterface } from 'node:readline/promises';
import { path } from '../../sdk/transport.ts';
import { type Command, type Found, idIn, UsedWrongly, wholeNumber, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { changesInWords, changesOf, type VersionChange } from './control-set-changes.ts';
import { type Distribution, inWords } from './distribution.ts';
import { forTerminal, lines } from './shown.ts';

interface Applied {
  readonly control_set_id: string;
  readonly version: number;
  readonly cards_moved: number;
  readonly cards_refused: number;
  readonly cards_left: number;
  readonly moved: readonly string[];
  readonly refused: readonly {
    readonly card_id: string;
    readonly details: readonly { readonly field: string; readonly problem: string }[];
  }[];
  /** Null: of a few cards, which have moved by now. */
  readonly distribution: Distribution | null;
}

const switches = { yes: { type: 'boolean' }, 'dry-run': { type: 'boolean' } } as const;

export const controlSetApply: Command = {
  help: `atlas control-set apply <control_set_id> --version N (--canary CARDS | --percent P | --all | --dry-run)

  --version N       this version, an older one too: that is the way back
  --canary CARDS    so many cards at most: look at what they decide (card show, authorization explain), then --all
  --percent P       of the cards so many, chosen by a hash; again with more, or --all, it goes on
  --all             all cards that have another version; at a terminal it asks before
  --yes             does not ask
  --dry-run         says what would change, and changes nothing; alone: on all cards

Says first which controls are added, removed and changed, from what to what, and on how many cards. Needs controls:read, controls:write. Found (1): cards that cannot have it, which stay where they are and are named.`,
  read(args) {
    const options = {
      version: { type: 'string' },
      canary: { type: 'string' },
      percent: { type: 'string' },
      all: { type: 'boolean' },
      ...switches,
    } as const;
    const { words, values } = wordsIn(args, { names: ['control_set_id'], options });
    const controlSetId = idIn(words.control_set_id, 'cset');
    const version = wholeNumber('version', values.version);
    const canary = wholeNumber('canary', values.canary);
    const percent = wholeNumber('percent', values.percent);
    if (version === undefined) throw new UsedWrongly('say which version: --version N');
    if (percent !== undefined && percent > 100)
      throw new UsedWrongly(`--percent ${percent} is more than all: 100 at most`);
    const { 'dry-run': isDry = false, yes: isSure = false, all = false, json } = values;
    const said = [canary !== undefined, percent !== undefined, all].filter(Boolean).length;
    if (said > 1) throw new UsedWrongly('say how many: one of --canary CARDS, --percent P and --all');
    if (said === 0 && !isDry)
      throw new UsedWrongly(
        'say how many: --canary CARDS, --percent P, or --all; --dry-run alone says what would change',
      );
    const which = { controlSetId, version, canary, percent, isDry, isSure, isSilent: json };
    return (connection) => change(connection(), which);
  },
};

interface Which {
  readonly controlSetId: string;
  readonly version: number;
  readonly canary: number | undefined;
  readonly percent: number | undefined;
  readonly isDry: boolean;
  readonly isSure: boolean;
  /** Says nothing beside its answer. */
  readonly isSilent: boolean;
}

async function change(connection: Connection, which: Which): Promise<Found> {
  const { controlSetId, version, canary, percent, isDry, isSure, isSilent } = which;
  const { name, changes } = await changesOf(connection, controlSetId, version);
  const said = lines([`${controlSetId} ${name}`, ...changesInWords(changes, version, { cardsMax: canary, percent })]);
  if (isDry) return { text: said, answer: { control_set_id: controlSetId, version, changes }, isWell: true };
  if (!isSilent) process.stdout.write(forTerminal(said));
  if (
    canary === undefined &&
    percent === undefined &&
    changes.length > 0 &&
    !isSure &&
    !isSilent &&
    !(await isAgreed())
  )
    return {
      text: 'Nothing was changed.\n',
      answer: { control_set_id: controlSetId, version, changes },
      isWell: false,
    };
  return await apply(connection, which, changes);
}

/** Where nobody sits at a terminal there is nobody to ask: whoever wrote the script has agreed. */
async function isAgreed(): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stdout.isTTY) return true;
  const asking = createInterface({ input: process.stdin, output: process.stdout });
  const said = await asking.question('Apply it to all of them? (yes) ');
  asking.close();
  return said.trim().toLowerCase() === 'yes';
}

async function apply(
  { send }: Connection,
  { controlSetId, version, canary, percent }: Which,
  changes: readonly VersionChange[],
): Promise<Found> {
  const answer = await send<Applied>({
    method: 'POST',
    path: path`/control-sets/${controlSetId}/versions/${String(version)}/apply`,
    query: { cards_max: canary, percent },
  });
  const { cards_moved, cards_refused, cards_left, moved, refused, distribution } = answer;
  const text = lines([
    `${controlSetId} version ${version}: ${cards_moved} cards moved, ${cards_refused} refused, ${cards_left} left on another version`,
    ...(canary === undefined ? [] : moved.map((cardId) => `  moved    ${cardId}`)),
    ...refused.map(({ card_id, details }) => {
      const why = details.map(({ field, problem }) => `${field} ${problem}`).join('; ');
      return `  refused  ${card_id}   ${why}`;
    }),
    ...(distribution?.state === 'running' ? inWords(distribution) : []),
  ]);
  return { text, answer: { ...answer, changes }, isWell: cards_refused === 0 };
}
