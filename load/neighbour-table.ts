// The report of neighbours as the table that load/README.md has.

import type { NeighbourReport } from './neighbours-benchmark.ts';

const heads = [
  ...['route', 'worst request', 'quiet p50, p99 ms', 'beside p50, p99 ms', 'ratio (95 % of draws)', 'verdict'],
  ...['CPU a call, origin and Postgres, ms', 'shares of a core', 'event loop late, quiet and beside, ms'],
];

export function tableOf({ routes, quiet_p99_ms, noise, over_share }: NeighbourReport): string[] {
  const rows = routes.map((one) => [
    ...[`\`${one.route}\``, one.worst, `${one.quiet_p50_ms}, ${one.quiet_p99_ms}`],
    ...[`${one.beside_p50_ms}, ${one.beside_p99_ms}`, `${one.ratio} (${one.ratio_low} to ${one.ratio_high})`],
    ...[one.verdict, `${one.origin_cpu_ms}, ${one.postgres_cpu_ms}`, `${one.origin_share}, ${one.postgres_share}`],
    `${one.quiet_loop_ms}, ${one.beside_loop_ms}`,
  ]);
  return [
    ...[heads, heads.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`),
    `Quiet p99 of the run ${quiet_p99_ms} ms; quiet against quiet ${noise === null ? 'not measured: too few routes' : `${noise.ratio_p50}, at most ${noise.ratio_max}`}.`,
    `More of a core than a quota is to buy: ${over_share.length === 0 ? 'none' : over_share.join(', ')}.`,
    ...(noise?.can_tell === false ? ['Quiet alone wanders by more than the promise: this run tells of no route.'] : []),
  ];
}
