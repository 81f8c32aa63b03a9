// The metrics as OpenMetrics, which alone has exemplars: a bucket's newest trace. By prom-client's own writer, through a view of each
// metric, because asked for OpenMetrics on the registry itself it takes `_total` off the names of its counters, for good: the plain
// text after it would have lost them. A series has the same name and labels in both forms.

import { type Metric, type OpenMetricsContentType, Registry } from 'prom-client';

/**
 * Of a histogram whose buckets name a trace; who makes it puts it into the registry, since prom-client makes none in a registry whose
 * own form is the plain text.
 */
export const exemplars: { enableExemplars: true; registers: [] } = { enableExemplars: true, registers: [] };

/** As Prometheus asks (`application/openmetrics-text;version=1.0.0;q=0.5, …`); every other caller gets the plain text. */
export function asksForOpenMetrics(accept: string | undefined): boolean {
  return accept?.includes('application/openmetrics-text') === true;
}

export async function openMetricsOf(registry: Registry): Promise<{ readonly text: string; readonly type: string }> {
  const written = new Registry<OpenMetricsContentType>();
  written.setContentType(Registry.OPENMETRICS_CONTENT_TYPE);
  for (const metric of registry.getMetricsAsArray()) written.registerMetric(viewOf(metric) as unknown as Metric);
  return { text: await written.metrics(), type: written.contentType };
}

interface Collected {
  readonly name: string;
  readonly type: string;
}
/** What prom-client writes a metric from: the second one where there are many series of a histogram. */
interface Source extends Collected {
  get(): Promise<Collected>;
  getForPromString?(): Promise<Collected>;
}

function viewOf(metric: unknown): Source {
  const source = metric as Source;
  const collect = async () => {
    const collected = await (source.getForPromString?.() ?? source.get());
    return { ...collected, name: familyOf(collected) };
  };
  return { name: familyOf(source), type: source.type, get: collect, getForPromString: collect };
}

/** A counter's family is called without the ending that its series has. */
function familyOf({ name, type }: Collected): string {
  return type === 'counter' ? name.replace(/_total$/, '') : name;
}
