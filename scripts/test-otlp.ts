// A collector for tests: takes spans by OTLP over HTTP in JSON, and keeps them with the bytes they came in.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import * as z from 'zod';

const attributes = z
  .array(z.object({ key: z.string(), value: z.record(z.string(), z.unknown()) }))
  .default([])
  .transform((list) => Object.fromEntries(list.map(({ key, value }) => [key, Object.values(value)[0]])));
const spanSchema = z.object({
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  name: z.string(),
  kind: z.number(),
  attributes,
  links: z.array(z.object({ traceId: z.string(), spanId: z.string() })).default([]),
  status: z.object({ code: z.number().default(0) }).default({ code: 0 }),
  events: z.array(z.unknown()).default([]),
});
const exportSchema = z.object({
  resourceSpans: z.array(
    z.object({
      resource: z.object({ attributes }),
      scopeSpans: z.array(z.object({ spans: z.array(spanSchema) })),
    }),
  ),
});
export type ReceivedSpan = z.output<typeof spanSchema>;

export interface Collector {
  readonly url: string;
  readonly spans: ReceivedSpan[];
  /** What was sent, as it came. */
  readonly texts: string[];
  readonly headers: Readonly<Record<string, string | string[] | undefined>>[];
  /** While set, each export is answered with it. */
  status: number;
  close(): Promise<void>;
}

export async function startCollector(): Promise<Collector> {
  const collector = {
    ...{ spans: [] as ReceivedSpan[], texts: [] as string[], headers: [] as Collector['headers'][number][] },
    status: 200,
  };
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      response.writeHead(collector.status, { 'content-type': 'application/json' }).end('{}');
      if (collector.status !== 200 || request.url !== '/v1/traces') return;
      const text = Buffer.concat(chunks).toString('utf8');
      collector.texts.push(text);
      collector.headers.push(request.headers);
      for (const { scopeSpans } of exportSchema.parse(JSON.parse(text)).resourceSpans)
        for (const { spans } of scopeSpans) collector.spans.push(...spans);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return Object.assign(collector, {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  });
}
