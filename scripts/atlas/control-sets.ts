// atlas control-set apply: a version of a control set, on one card first and then on all.

import { path } from '../../sdk/transport.ts';
import { type Command, type Found, idIn, UsedWrongly, wholeNumber, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { lines } from './shown.ts';

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
}

export const controlSetApply: Command = {
  help: `atlas control-set apply <control_set_id> --version N (--canary CARDS | --all)

  --version N       this version, an older one too: that is the way back
  --canary CARDS    so many cards at most: look at what they decide (card show, authorization explain), then --all
  --all             all cards that have another version

Needs controls:write. Found (1): cards that cannot have it, which stay where they are and are named.`,
  read(args) {
    const options = { version: { type: 'string' }, canary: { type: 'string' }, all: { type: 'boolean' } } as const;
    const { words, values } = wordsIn(args, { names: ['control_set_id'], options });
    const controlSetId = idIn(words.control_set_id, 'cset');
    const version = wholeNumber('version', values.version);
    const canary = wholeNumber('canary', values.canary);
    if (version === undefined) throw new UsedWrongly('say which version: --version N');
    if ((canary === undefined) === (values.all !== true))
      throw new UsedWrongly('say how many: --canary CARDS, or --all');
    return (connection) => apply(connection(), { controlSetId, version, canary });
  },
};

interface Which {
  readonly controlSetId: string;
  readonly version: number;
  readonly canary: number | undefined;
}

async function apply({ send }: Connection, { controlSetId, version, canary }: Which): Promise<Found> {
  const answer = await send<Applied>({
    method: 'POST',
    path: path`/control-sets/${controlSetId}/versions/${String(version)}/apply`,
    query: { cards_max: canary },
  });
  const { cards_moved, cards_refused, cards_left, moved, refused } = answer;
  const text = lines([
    `${controlSetId} version ${version}: ${cards_moved} cards moved, ${cards_refused} refused, ${cards_left} left on another version`,
    ...(canary === undefined ? [] : moved.map((cardId) => `  moved    ${cardId}`)),
    ...refused.map(({ card_id, details }) => {
      const why = details.map(({ field, problem }) => `${field} ${problem}`).join('; ');
      return `  refused  ${card_id}   ${why}`;
    }),
  ]);
  return { text, answer, isWell: cards_refused === 0 };
}
