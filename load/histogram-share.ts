// What a Prometheus histogram has counted between two looks at /metrics. Exact at its edges, where a quantile would be a guess between two of them.

export interface Counted {
  readonly count: number;
  /** Of them, those up to this edge. */
  readonly within: number;
  /** The smallest edge that 95 of 100 do not exceed, in the metric's unit; Infinity: above the last; null: none were counted. */
  readonly p95AtMost: number | null;
}

/** `text` is a page of metrics. Adds up the series that have every label of `labels`. Throws where there is none. */
export function bucketsIn(
  text: string,
  metric: string,
  labels: Readonly<Record<string, string>> = {},
): ReadonlyMap<number, number> {
  const found = new Map<number, number>();
  for (const [, words = '', value] of text.matchAll(new RegExp(`^${metric}_bucket\\{(.*)\\} (\\S+)$`, 'gm'))) {
    if (!Object.entries(labels).every(([name, said]) => words.includes(`${name}="${said}"`))) continue;
    const edge = Number((/le="([^"]+)"/.exec(words)?.[1] ?? '').replace('+Inf', 'Infinity'));
    found.set(edge, (found.get(edge) ?? 0) + Number(value));
  }
  if (found.size === 0) throw new Error(`no series of ${metric}`);
  return found;
}

/** `edge` must be one of the histogram's. */
export function countedBetween(
  before: ReadonlyMap<number, number>,
  after: ReadonlyMap<number, number>,
  edge: number,
): Counted {
  const grown = (at: number) => (after.get(at) ?? 0) - (before.get(at) ?? 0);
  if (!after.has(edge)) throw new Error(`${edge} is no edge of the histogram: ${[...after.keys()].join(', ')}`);
  const count = grown(Number.POSITIVE_INFINITY);
  const edges = [...after.keys()].toSorted((one, other) => one - other);
  const p95AtMost = count === 0 ? null : (edges.find((at) => grown(at) >= 0.95 * count) ?? null);
  return { count, within: grown(edge), p95AtMost };
}
