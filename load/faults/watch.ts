// What the origin says of itself while something is broken: /health and its loops' metrics, asked from outside again and again.

import * as z from 'zod';

export interface Watched {
  /** Looks, by what /health said; `away`: it did not answer. */
  readonly health: Readonly<Record<string, number>>;
  /** What it called degraded or unhealthy, of its dependencies. */
  readonly unwell: readonly string[];
  /** Loops that said of themselves that they stand still. */
  readonly loops_still: readonly string[];
  /** Rounds of loops that failed, of the process that was looked at last. */
  readonly loop_failures: number;
  readonly loop_lag_seconds_max: number;
}

const healthSchema = z.object({
  status: z.string(),
  dependencies: z.array(z.object({ name: z.string(), status: z.string() })),
});

const everyMs = 500;
/** Longer than /health takes where a dependency does not answer. */
const patienceMs = 3_000;

/** Returns what was seen until it is called. */
export function watchOrigin(originUrl: string): () => Promise<Watched> {
  const health = new Map<string, number>();
  const [unwell, still] = [new Set<string>(), new Set<string>()];
  let [failures, lagMax] = [0, 0];
  let stopping = false;
  const get = (path: string) => fetch(originUrl + path, { signal: AbortSignal.timeout(patienceMs) });

  async function look(): Promise<void> {
    const [said, metrics] = await Promise.all([
      get('/health').then((answer) => answer.json()),
      get('/metrics').then((answer) => answer.text()),
    ]);
    const { status, dependencies } = healthSchema.parse(said);
    health.set(status, (health.get(status) ?? 0) + 1);
    for (const one of dependencies) if (one.status !== 'healthy') unwell.add(one.name);
    for (const [, name = '', figure] of metrics.matchAll(/^loop_stands_still\{loop="([^"]*)"\} (\d+)/gm))
      if (figure === '1') still.add(name);
    const figures = (name: string) =>
      [...metrics.matchAll(new RegExp(`^${name}\\{[^}]*\\} ([\\d.e+]+)`, 'gm'))].map(([, figure]) => Number(figure));
    failures = figures('loop_failures_total').reduce((sum, one) => sum + one, 0);
    lagMax = Math.max(lagMax, ...figures('loop_lag_seconds'));
  }

  const looking = (async () => {
    while (!stopping) {
      await look().catch(() => health.set('away', (health.get('away') ?? 0) + 1));
      await new Promise((resolve) => setTimeout(resolve, everyMs));
    }
  })();
  return async () => {
    stopping = true;
    await looking;
    return {
      health: Object.fromEntries(health),
      unwell: [...unwell].sort(),
      loops_still: [...still].sort(),
      loop_failures: failures,
      loop_lag_seconds_max: Math.round(lagMax * 10) / 10,
    };
  };
}
