// In which order the card heard of things, or gave approvals: by the numbers of its own events. It hears one thing after another, so
// that no clock can change this order. Example: a clock that is 3 days ahead dates a final clearing May 6, then it is right again, and
// an approval is given on May 3. The clearing is event 7, the approval event 8: the clearing was heard first.

export interface Heard {
  /** The number of the card's event by which it heard of it, or gave it. 0: stored before numbers were kept. */
  readonly heard: number;
  /** The instant of that, by the card's clock; of an approval in the card's place, when that was given. 0: not known. */
  readonly heard_ms: number;
  /** Our edge gave it in the card's place, before the card heard of it: only its instant tells what the card had heard by then. */
  readonly in_place?: true;
}

/** The event of the card that is being folded in, or is about to be written. */
export interface Hearing {
  readonly sequence: number;
  readonly at_ms: number;
}

export function heardAt({ sequence, at_ms }: Hearing): Heard {
  return { heard: sequence, heard_ms: at_ms };
}

/** In place of an instant that was not kept: of a request of which only the number is known. */
export const unknownInstantMs = 1;

/** Whether the card knew of it when it gave or heard the other. */
export function wasHeardBy(one: Heard, other: Heard): boolean {
  const isByNumber = one.in_place === undefined && other.in_place === undefined && one.heard !== other.heard;
  return isByNumber ? one.heard < other.heard : one.heard_ms <= other.heard_ms;
}

/**
 * Below 0: the first was heard earlier. What was given in the card's place comes right after the newest event, of those before the card
 * learned of it, that has no later instant; of several of one instant, that which the card learned of first. Example: events 3 of 10:00 and 4 of 10:02, then event 5 says that our edge approved at 10:01:
 * that was after event 3 and before event 4.
 */
export function hearingOrder(all: readonly Heard[]): (one: Heard, other: Heard) => number {
  const isTimed = ({ heard, heard_ms, in_place }: Heard) =>
    heard > 0 && heard_ms > unknownInstantMs && in_place === undefined;
  const newestFirst = all.filter(isTimed);
  newestFirst.sort((one, other) => other.heard - one.heard);
  const numberOf = ({ heard, heard_ms, in_place }: Heard) => {
    if (in_place === undefined) return heard;
    const newestBefore = newestFirst.find((other) => other.heard < heard && other.heard_ms <= heard_ms);
    return (newestBefore?.heard ?? 0) + 0.5;
  };
  return (one, other) => numberOf(one) - numberOf(other) || one.heard_ms - other.heard_ms || one.heard - other.heard;
}
