// Survivors in durable-objects that were looked at and stay, each with its reason.

import { type Accepted, type Line, shorterWay, stays } from './stays.ts';

export const acceptedInObjects: readonly Accepted[] = [
  ...stays('durable-objects/card/outbox.ts', 'it is restored before anything else is done', [
    ...(['#sequence', '#restoredSequence', '#publishedSequence'].map((name) => [`${name} = 0;`, '0 → 1']) as Line[]),
  ]),
  ...stays('durable-objects/card/outbox.ts', 'no message was sent in 1970', [['#publishedAtMs = 0;', '0 → 1']]),
  ...stays('durable-objects/card/outbox.ts', 'the sending that begins here forgets the timer as well', [
    ['this.#stopTimer = null;', 'without this.#stopTimer = null;'],
  ]),
  ...stays('durable-objects/card/upkeep.ts', 'what is unsent stays, so that no more than all can go', [
    ['const firstKept = this.#log.firstSince(beforeMs) ?? this.#card.sequence + 1;', '1 → 2'],
  ]),
  ...stays('durable-objects/card/unrecorded.ts', shorterWay, [
    [
      'if (state.profile !== null && this.#answers.size === 0) return null;',
      'state.profile !== null && this.#answers.size === 0 → false',
    ],
  ]),
  ...stays(
    'durable-objects/card/pack-messages.ts',
    'other sizes of messages fit as well: each is halved until it does',
    [['const half = Math.ceil(events.length / 2);', '2 → 3', 'ceil → floor']],
  ),
];
