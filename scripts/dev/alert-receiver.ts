// Where Alertmanager's notifications arrive on a development system: each alert that begins or ends is a line in the terminal and
// in alerts.log, with its runbook. A repetition is none, so Watchdog is said once.

import { appendFileSync } from 'node:fs';
import { createServer, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import * as z from 'zod';
import { logDirectory } from './home.ts';

const labels = z.record(z.string(), z.string());

/** Alertmanager's webhook, version 4: as much of it as is read here. */
export const notificationSchema = z.object({
  receiver: z.string(),
  alerts: z.array(
    z.object({
      status: z.enum(['firing', 'resolved']),
      labels,
      annotations: labels,
      startsAt: z.string(),
      fingerprint: z.string(),
    }),
  ),
});
type Notification = z.infer<typeof notificationSchema>;
type ReceivedAlert = Notification['alerts'][number];

interface ReceiverOptions {
  readonly port: number;
  readonly say: (line: string) => void;
}

/** Listens for as long as the process lives. */
export function sayAlerts({ port, say }: ReceiverOptions): void {
  const known = new Map<string, ReceivedAlert['status']>();
  const server = createServer(async (request, response) => {
    const notification = await readNotification(request);
    response.writeHead(notification === null ? 400 : 200).end();
    for (const alert of notification?.alerts ?? []) {
      if (known.get(alert.fingerprint) === alert.status) continue;
      known.set(alert.fingerprint, alert.status);
      const line = inWords(alert, notification?.receiver ?? '');
      say(line);
      appendFileSync(join(logDirectory, 'alerts.log'), `${new Date().toISOString()} ${line}\n`);
    }
  });
  server.on('error', (error) => say(`alerts are not heard on port ${port}: ${error.message}`));
  server.listen(port, '127.0.0.1');
  // The system's children keep the launcher alive, not this.
  server.unref();
}

async function readNotification(request: IncomingMessage): Promise<Notification | null> {
  try {
    return notificationSchema.parse(JSON.parse(await text(request)));
  } catch {
    return null;
  }
}

/** `alert SEV-1 PSPCircuitBreakerOpen: The breaker of simulated is open (to pager; ops/runbooks/provider-outage.md)`. */
export function inWords({ status, labels: of, annotations }: ReceivedAlert, receiver: string): string {
  const what = `${of['severity']} ${of['alertname']}: ${annotations['summary']}`;
  return status === 'firing'
    ? `alert ${what} (to ${receiver}; ${annotations['runbook_url']})`
    : `alert is over, ${what}`;
}
