// A broken invariant stops the card's object, which starts again from what is durable: never a guess.

export function assert(holds: boolean, claim: string): asserts holds {
  if (!holds) throw new Error(`the card's own rule is broken: ${claim}`);
}
