// A partner for tests: a merchant with its settlements, and a server that answers as a test says and keeps what it got. Not
// used by the service.

import { randomBytes } from 'node:crypto';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { newId } from '../../contracts/ids.ts';
import type { NewWebhookEndpoint, WebhookEndpointWithSecret } from '../../contracts/webhook.ts';
import type { Database, Sql } from '../db/client.ts';
import type { Loop } from '../loop.ts';
import { createDelivery, type DeliveryOptions } from '../notify/delivery.ts';
import { createEndpoint } from '../notify/endpoints.ts';
import { createLookAt } from '../notify/looks.ts';
import { createNotifyMetrics } from '../notify/notify-metrics.ts';
import { createSafeFetch } from '../notify/safe-fetch.ts';
import { createSecretBox } from '../notify/secret-box.ts';
import { type EndedRow, endedColumns, tellOfSettlements } from '../notify/tell-of-settlements.ts';

export const by = { actor: 'akey_test', correlation_id: 'req_test' };

const fetch = createSafeFetch({ development: true, timeoutMs: 2_000 });
export const parts = {
  box: createSecretBox([randomBytes(32).toString('base64')]),
  fetch,
  lookAt: createLookAt(fetch, { perOwner: 100, all: 100 }),
};

export async function newMerchant(sql: Sql): Promise<string> {
  const merchant_id = newId('mrch');
  await sql.query(`insert into merchants (merchant_id, name, currency) values ($1, 'test', 'USD')`, [merchant_id]);
  return merchant_id;
}

export async function newEndpoint(
  database: Database,
  merchant_id: string,
  wanted: Omit<NewWebhookEndpoint, 'merchant_id'>,
): Promise<WebhookEndpointWithSecret> {
  const merchant = { merchant_id: merchant_id as NewWebhookEndpoint['merchant_id'] };
  const made = await createEndpoint(database, { ...merchant, ...wanted }, { by, parts });
  if (made === 'looks_busy' || 'problems' in made) throw new Error(JSON.stringify(made));
  return made;
}

/** Settlements that become final, one statement for all of them, and one for their webhooks. */
export async function settle(
  { sql }: { sql: Sql },
  merchant_id: string,
  { count = 1, state = 'completed' }: { count?: number; state?: 'completed' | 'failed' } = {},
): Promise<string[]> {
  const ids = Array.from({ length: count }, () => newId('stl'));
  await sql.query(
    `insert into settlements (settlement_id, merchant_id, amount_minor, currency, reference, changed_by, correlation_id)
     select id, $2, 1250, 'USD', 'Bücher €', 'engine', 'test' from unnest($1::text[]) as id`,
    [ids, merchant_id],
  );
  await sql.query(`update settlements set state = 'processing' where settlement_id = any ($1)`, [ids]);
  const { rows } = await sql.query<EndedRow>(
    `update settlements s set state = $2, failure_code = case $2 when 'failed' then 'provider_rejected' end
     where settlement_id = any ($1) returning ${endedColumns}`,
    [ids, state],
  );
  await tellOfSettlements(sql, rows);
  return ids;
}

export interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly atMs: number;
}

export interface Answer {
  readonly status: number;
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly afterMs?: number;
}

/** `answers`: by the number of the request, from 0; null: none ever. */
export async function startPartner(answers: (request: number) => Answer | null | Promise<Answer>) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Uint8Array[] = [];
    request.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    request.on('end', async () => {
      const number = received.length;
      received.push({ headers: request.headers, body: Buffer.concat(chunks).toString(), atMs: performance.now() });
      const answer = await answers(number);
      if (answer === null) return;
      const send = () => response.writeHead(answer.status, answer.headers).end(answer.body ?? '');
      if (answer.afterMs === undefined) send();
      else setTimeout(send, answer.afterMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/hooks`,
    received,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

export function startDelivery(
  database: Database,
  options: Partial<DeliveryOptions> = {},
): Loop & { metrics: Registry } {
  const metrics = new Registry();
  const log = pino({ level: 'silent' });
  const loop = createDelivery({ database, ...parts, log, metrics: createNotifyMetrics(metrics, database), ...options });
  loop.start();
  return { ...loop, metrics };
}
