// What a dashboard is here (I14): rows of panels, each of them a few expressions. ops/write/dashboards.ts makes Grafana's JSON of it.

import { job } from './alert.ts';

/** Units as Grafana names them. */
type Unit = 's' | 'percent' | 'percentunit' | 'short' | 'reqps' | 'ops' | 'bytes' | 'dtdurations' | 'bool';

export interface Query {
  readonly expr: string;
  /** Of each line: `{{psp}}` stands for its label. */
  readonly legend: string;
}

export interface Panel {
  readonly title: string;
  readonly says?: string;
  readonly shape: 'lines' | 'stacked' | 'figure' | 'table' | 'states';
  readonly unit: Unit;
  readonly queries: readonly Query[];
  /** An objective or an alert's bound, drawn as a line: red above it. */
  readonly bound?: number;
  /** Metrics that somebody else must expose. */
  readonly needs?: string;
  /** Points of single requests are drawn, each of which leads to its trace. */
  readonly exemplars?: true;
}

/** Lines of a log, by Loki. */
export interface LogPanel {
  readonly title: string;
  readonly says: string;
  readonly shape: 'log';
  readonly expr: string;
}

export interface Dashboard {
  /** The file's name, and what Grafana knows it by. */
  readonly id: string;
  readonly title: string;
  readonly says: string;
  readonly rows: readonly { readonly title: string; readonly panels: readonly (Panel | LogPanel)[] }[];
}

type Rest = Pick<Panel, 'says' | 'bound' | 'needs' | 'exemplars'>;

/** `lines('Errors', 'ops', [[expr, legend], …])`. */
export function lines(title: string, unit: Unit, queries: readonly (readonly [string, string])[], rest: Rest = {}) {
  return panelOf('lines', title, unit, queries, rest);
}

export function stacked(title: string, unit: Unit, queries: readonly (readonly [string, string])[], rest: Rest = {}) {
  return panelOf('stacked', title, unit, queries, rest);
}

export function figure(title: string, unit: Unit, queries: readonly (readonly [string, string])[], rest: Rest = {}) {
  return panelOf('figure', title, unit, queries, rest);
}

export function table(title: string, unit: Unit, queries: readonly (readonly [string, string])[], rest: Rest = {}) {
  return panelOf('table', title, unit, queries, rest);
}

export function states(title: string, queries: readonly (readonly [string, string])[], rest: Rest = {}) {
  return panelOf('states', title, 'short', queries, rest);
}

function panelOf(
  shape: Panel['shape'],
  title: string,
  unit: Unit,
  queries: readonly (readonly [string, string])[],
  rest: Rest,
): Panel {
  return { title, shape, unit, queries: queries.map(([expr, legend]) => ({ expr, legend })), ...rest };
}

interface Of {
  readonly by?: string;
  /** Matchers besides the job: `state="open"`. */
  readonly where?: string;
  readonly over?: string;
}

const matchers = (where?: string) => (where === undefined ? job : `${job},${where}`);
const grouped = (by?: string) => (by === undefined ? '' : ` by (${by})`);

/** How many a second, over all processes. */
export function perSecond(counter: string, { by, where, over = '5m' }: Of = {}): string {
  return `sum${grouped(by)} (rate(${counter}{${matchers(where)}}[${over}]))`;
}

/** How many in the window. */
export function increase(counter: string, { by, where, over = '5m' }: Of = {}): string {
  return `sum${grouped(by)} (increase(${counter}{${matchers(where)}}[${over}]))`;
}

/** A quantile over all processes: of the sum of their buckets, since quantiles cannot be averaged. */
export function quantile(share: number, histogram: string, { by, where, over = '5m' }: Of = {}): string {
  const labels = by === undefined ? 'le' : `le, ${by}`;
  return `histogram_quantile(${share}, sum by (${labels}) (rate(${histogram}_bucket{${matchers(where)}}[${over}])))`;
}

/** p50, p95 and p99 of one histogram. */
export function quantiles(histogram: string, of: Of = {}): readonly (readonly [string, string])[] {
  return ([0.5, 0.95, 0.99] as const).map((share) => [quantile(share, histogram, of), `p${100 * share}`] as const);
}

/** Every process says the same of what lies in the database: the largest, not the sum. */
export function largest(gauge: string, { by, where }: Of = {}): string {
  return `max${grouped(by)} (${gauge}{${matchers(where)}})`;
}

/** `100 * part / whole`, of counters. */
export function percentOf(counter: string, where: string, { by, over = '5m' }: Of = {}): string {
  return `100 * ${perSecond(counter, { where, over, ...(by === undefined ? {} : { by }) })} / ${perSecond(counter, { over, ...(by === undefined ? {} : { by }) })}`;
}
