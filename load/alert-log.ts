// A webhook receiver of Alertmanager's that remembers what it was told, when, and as which receiver of the routing.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { notificationSchema } from '../scripts/dev/alert-receiver.ts';

export interface Heard {
  readonly atMs: number;
  readonly receiver: string;
  readonly status: 'firing' | 'resolved';
  readonly alert: string;
  readonly severity: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
}

export interface AlertLog {
  readonly url: string;
  readonly heard: readonly Heard[];
  close(): Promise<void>;
}

export async function startAlertLog(): Promise<AlertLog> {
  const heard: Heard[] = [];
  const server = createServer(async (request, response) => {
    const { receiver, alerts } = notificationSchema.parse(JSON.parse(await text(request)));
    response.end();
    // The path is what Alertmanager was configured with, the field what it says itself.
    if (request.url !== `/${receiver}`) throw new Error(`${receiver} was told at ${request.url}`);
    for (const { status, labels, annotations } of alerts) {
      const { alertname: alert = '', severity = '' } = labels;
      heard.push({ atMs: Date.now(), receiver, status, alert, severity, labels, annotations });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    heard,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
