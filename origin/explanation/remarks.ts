// What else happened to an authorization that needs a word: decided by others, given up, lapsed, joined, odd.

import type { CardEvent } from '../../contracts/card-event.ts';
import { money } from './control-in-words.ts';
import { foreignMoneyInWords, type ItemOfEvent } from './foreign-money.ts';

export interface Remark {
  readonly sequence: number;
  readonly at_ms: number;
  readonly sentence: string;
}

/** `item`: the open item of an event in another currency than the card's; null: it has none. */
export function remarksOn(event: CardEvent, currency: string, item: ItemOfEvent | null): Remark[] {
  const { sequence, at_ms } = event;
  const sentences = [
    ...ownRemarks(event, currency, item),
    ...('joined' in event && event.joined ? [joinedBy(event.joined)] : []),
  ];
  return sentences.map((sentence) => ({ sequence, at_ms, sentence }));
}

function joinedBy({ authorization_id }: { readonly authorization_id: string }): string {
  return `It turned out to be one with ${authorization_id}, which the network had named otherwise.`;
}

function ownRemarks(event: CardEvent, currency: string, item: ItemOfEvent | null): string[] {
  switch (event.kind) {
    case 'void':
      return event.voided_minor > 0
        ? [`The answer came too late: ${money(event.voided_minor, currency)} that it had held was released.`]
        : ['The answer came too late, and nothing had been held.'];
    case 'expiry':
      return [`Nobody cleared it in time: ${money(-event.effect.hold_minor, currency)} was released.`];
    case 'message':
      return remarksOnMessage(event, currency, item);
    case 'authorization':
    case 'profile':
      return [];
  }
}

const deciders = {
  network: 'The network decided',
  processor: 'The processor decided in our place',
  edge: 'The edge decided while the card could not be reached',
} as const;

function remarksOnMessage(
  event: Extract<CardEvent, { kind: 'message' }>,
  currency: string,
  item: ItemOfEvent | null,
): string[] {
  const { message, against, overdrawn, withheld_minor = 0, releases } = event;
  const remarks: string[] = [];
  if (message.kind === 'advice') {
    const opinion = against === undefined ? '' : ` The card's own rules would have said ${against}.`;
    remarks.push(`${deciders[message.decided_by]}: ${money(message.hold_minor, message.currency)} is held.${opinion}`);
  }
  if (message.kind === 'expiry') remarks.push('The network dropped the hold, because nobody cleared it in time.');
  if (withheld_minor > 0)
    remarks.push(
      `No purchase had cleared what was refunded: the card withholds ${money(withheld_minor, message.currency)} more, until its clearing comes or a person releases it.`,
    );
  if (releases !== undefined)
    remarks.push(
      `A person released ${money(releases.minor, message.currency)} of what was refunded: the card may spend it.`,
    );
  if (overdrawn) remarks.push(`With this ${message.kind} the card has spent more than it was given.`);
  const foreign = foreignMoneyInWords(event, currency, item);
  return foreign === null ? remarks : [...remarks, foreign];
}
