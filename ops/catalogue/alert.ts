// What an alert is here: its rule, who is woken, what they read, and the proof that it fires and stays silent.

/** SEV-1: the pager; SEV-2: mail; SEV-3: chat (I19). */
export type Severity = 'SEV-1' | 'SEV-2' | 'SEV-3';

/** One look of promtool's at made-up series. */
export interface Case {
  /** Minutes from sample to sample, and from look to look; 1 where nothing is said. More for windows of days. */
  readonly every?: number;
  /** In the shortened notation of promtool: `0+60x10`. */
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** Labels of the alert besides those of the rule, where it fires. */
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Alert {
  readonly name: string;
  readonly expr: string;
  /** How long it must be so; none: at once. */
  readonly for?: string;
  readonly severity: Severity;
  readonly service: Service;
  readonly summary: string;
  /** What it says, for who is woken. */
  readonly description: string;
  /** A file of ops/runbooks, without its ending. */
  readonly runbook: string;
  /** Where the rule came from: asked for by name (I15), that with a known flaw mended, or the house's own. */
  readonly origin: 'asked' | 'mended' | 'ours';
  /** Metrics that somebody else must expose: an exporter, a proxy, a vault. */
  readonly needs?: string;
  readonly fires: Case;
  /** Null: of the one that always fires. */
  readonly silent: Case | null;
  /** Further cases, where one of each does not show what the rule is for. */
  readonly more?: readonly (Case & { readonly what: string; readonly isFiring: boolean })[];
}

export type Service = 'payments' | 'settlement' | 'providers' | 'webhooks' | 'database' | 'redis' | 'edge' | 'security';

export interface AlertGroup {
  readonly name: string;
  readonly alerts: readonly Alert[];
}

/** The scrape's label, as I13 and I15 have it: one job for all processes of the origin. */
export const job = 'job="payments"';

/** Open items of a kind. */
export const dead = (kind: string) => `open_items{${job},kind="${kind}"}`;
