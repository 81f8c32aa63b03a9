// Intervals of whole numbers, both ends included: what ranges of categories, times and dates come to.

export type Interval = readonly [from: number, until: number];

/** Whether nothing of `covered` is outside of all that `covering` has together. */
export function covers(covering: readonly Interval[], covered: readonly Interval[]): boolean {
  const whole: [from: number, until: number][] = [];
  for (const [from, until] of covering.toSorted(([one], [other]) => one - other)) {
    const last = whole.at(-1);
    if (last !== undefined && from <= last[1] + 1) last[1] = Math.max(last[1], until);
    else whole.push([from, until]);
  }
  return covered.every(([from, until]) => whole.some(([start, end]) => start <= from && until <= end));
}
