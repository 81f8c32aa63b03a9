// /health of the origin as commands read it: at the inner URL, where production answers it.

import { UsedWrongly } from './command.ts';
import type { Connection, Look } from './connection.ts';

export interface Dependency {
  readonly name: string;
  readonly status: 'healthy' | 'degraded' | 'unhealthy';
  readonly latency_ms: number;
  readonly error: string | null;
}

export interface Loop {
  readonly name: string;
  readonly standing: string;
  readonly failures: number;
  readonly last_success_at: string | null;
  readonly last_error: string | null;
  readonly lag_ms: number | null;
}

export interface Health {
  readonly status: Dependency['status'];
  readonly dependencies: readonly Dependency[];
  readonly open_items:
    | readonly { readonly kind: string; readonly open: number; readonly oldest_age_seconds: number }[]
    | null;
  readonly loops: readonly Loop[];
  /** Null: the database does not say. Absent: an origin of an older release. */
  readonly last_proofs?: readonly { readonly of: string; readonly proved_at: string | null }[] | null;
}

export async function healthOf({ innerUrl, look }: Connection): Promise<Health> {
  const answer = await look(`${innerUrl}/health`);
  const health = answer.body as Health | null;
  if (!Array.isArray(health?.dependencies)) throw notThere(`${innerUrl}/health`, answer);
  return health;
}

/** Values by their labels as they stand: `origin_waiting` → `{what="card_profiles"}` → 0. */
export async function metricOf({ innerUrl, look }: Connection, name: string): Promise<ReadonlyMap<string, number>> {
  const answer = await look(`${innerUrl}/metrics`);
  if (answer.status !== 200) throw notThere(`${innerUrl}/metrics`, answer);
  const values = new Map<string, number>();
  for (const line of answer.text.split('\n')) {
    const [, metric, labels = '', value] = /^([a-z_:]+)(\{.*\})? (\S+)$/.exec(line) ?? [];
    if (metric === name) values.set(labels, Number(value));
  }
  return values;
}

/** Something answers, and it has no health: another address was meant. */
export class NotThere extends UsedWrongly {}

function notThere(url: string, { status }: Look): NotThere {
  return new NotThere(
    `${url} answered ${status}. Where the origin has an INNER_PORT, health and metrics are answered there alone: --inner-url or ATLAS_INNER_URL`,
  );
}
