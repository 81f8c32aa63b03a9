// How much more than a purchase needs is asked for with it, so that most purchases ask nobody: enough for the next 50 of the card's usual size,
// so that one in 51 asks (0.02). Given only where nobody has to give it back; whatever is idle goes back, or is called back by others.

const purchasesPerAsk = 50;
/** What is usual follows the last eight or so: a card that usually pays 8.00 and then 80.00 has 17.00 as usual. */
const memory = 8;

/** After a purchase of this card; null: it had none since it was loaded. */
export function usualAfter(usualMinor: number | null, amountMinor: number): number {
  return usualMinor === null ? amountMinor : Math.ceil((usualMinor * (memory - 1) + amountMinor) / memory);
}

export function spareMinor(usualMinor: number): number {
  return usualMinor * purchasesPerAsk;
}
