// Survivors in durable-objects that were looked at and stay, each with its reason.

import { type Accepted, type Line, shorterWay, stays } from './stays.ts';

export const acceptedInObjects: readonly Accepted[] = [
  ...stays('durable-objects/log/outbox.ts', 'it is restored before anything else is done', [
    ...(['#sequence', '#restoredSequence', '#publishedSequence'].map((name) => [`${name} = 0;`, '0 → 1']) as Line[]),
  ]),
  ...stays('durable-objects/log/outbox.ts', 'no message was sent in 1970', [['#publishedAtMs = 0;', '0 → 1']]),
  ...stays('durable-objects/log/outbox.ts', 'the sending that begins here forgets the timer as well', [
    ['this.#stopTimer = null;', 'without this.#stopTimer = null;'],
  ]),
  ...stays('durable-objects/log/agenda.ts', 'a clock is doubted by the instant of an alarm, so that there is one', [
    ['const atMs = (this.#firedAtMs ?? 0) + hourMs;', '0 → 1'],
  ]),
  ...stays('durable-objects/log/pack-messages.ts', shorterWay, [
    [
      'if (text.length * 3 <= limits.messageBytesMax) return true;',
      ...['text.length * 3 <= limits.messageBytesMax → false', '3 → 4', '<= → <'],
    ],
  ]),
  ...stays(
    'durable-objects/log/snapshot-parts.ts',
    'the text is well formed, so that it ends with no first half of a character',
    [['if (to < text.length && isHighSurrogate(text.charCodeAt(to - 1))) to--;', '< → <=']],
  ),
  ...stays('durable-objects/card/card-object.ts', 'a card with a profile has an event, that of the profile', [
    ['return this.#card.sequence > 0 && this.#log.oldest()?.sequence !== 1;', '> → >=', '0 → 1'],
  ]),
  ...stays('durable-objects/card/card-object.ts', 'to go on after nothing is to begin', [
    ['if (this.#card.sequence === 0 && after > 0) {', '> → >='],
  ]),
  ...stays('durable-objects/card/card-object.ts', 'no deadline, be it null or undefined, has passed', [
    [
      'const answer = this.#changing((nowMs) => this.#card.authorize(request, nowMs, deadlineAtMs ?? null));',
      'without its ?? default',
    ],
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
    'durable-objects/log/pack-messages.ts',
    'other sizes of messages fit as well: each is halved until it does',
    [['const half = Math.ceil(events.length / 2);', '2 → 3', 'ceil → floor']],
  ),
  ...stays('durable-objects/card/card-object.ts', 'a new outbox stands where an empty log leaves it', [
    ['this.#outbox.restore(this.#card.sequence);', 'without this.#outbox.restore(this.#card.sequence);'],
  ]),
  ...stays('durable-objects/card/card-snapshot.ts', 'parts are numbered from 0 on: any number below is none of them', [
    ['const keptPart = -1;', '1 → 2'],
  ]),
  ...stays(
    'durable-objects/card/card-snapshot.ts',
    'it is asked for only of a snapshot of an older release, which was read',
    [
      ['#sequence = 0;', '0 → 1'],
      ['this.#sequence = snapshot.sequence;', 'without this.#sequence = snapshot.sequence;'],
    ],
  ),
];
