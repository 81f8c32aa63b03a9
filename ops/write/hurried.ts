// The same rules, routing and scrape with every length of time divided: to see an alert arrive and end within seconds, on `npm start`
// and in tests. One catalogue, another pace. A bound that is a count within a window (500 requests in 5 minutes) or an age in
// seconds stays what it is, so such an alert fires later than its production twin would.

/** Keys of Prometheus' and Alertmanager's files whose values are lengths of time. */
const lengths = new Set(['for', 'group_wait', 'group_interval', 'repeat_interval']);
/** These are asked of another process each time: never more often than once a second. */
const intervals = new Set(['scrape_interval', 'evaluation_interval']);
const intervalMsMin = 1_000;

const unitMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const length = /^(\d+)(ms|s|m|h|d)$/;
/** In an expression: `[5m]`, `[1h:1m]` and `offset 1h`. Names of records, such as `…:ratio_rate5m`, are left alone. */
const lengthInExpression = /(?<=\[|\[\d+(?:ms|s|m|h|d):|\boffset )(\d+)(ms|s|m|h|d)\b/g;

/** `times`: 60 makes seconds of minutes. 1 changes nothing. */
export function hurried<T>(config: T, times: number): T {
  return times === 1 ? config : (walk(config, times) as T);
}

function walk(value: unknown, times: number): unknown {
  if (Array.isArray(value)) return value.map((one) => walk(one, times));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, entry(key, one, times)]));
}

function entry(key: string, value: unknown, times: number): unknown {
  if (typeof value !== 'string') return walk(value, times);
  if (key === 'expr') return value.replaceAll(lengthInExpression, (text) => shorter(text, times, 0));
  if (lengths.has(key)) return shorter(value, times, 0);
  return intervals.has(key) ? shorter(value, times, intervalMsMin) : value;
}

function shorter(text: string, times: number, msMin: number): string {
  const [, count, unit = ''] = length.exec(text) ?? [];
  const ms = unitMs[unit];
  if (ms === undefined) throw new Error(`${text} is no length of time such as 5m`);
  return `${Math.max(msMin, Math.round((Number(count) * ms) / times))}ms`;
}
