// What only networks and providers bring about, so that links have something to lead to: settlements that are dead letters, open
// items, an authorization (the demo has those), an endpoint with a message.

import { setTimeout as pause } from 'node:timers/promises';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { apiOf } from '../dev/demo.ts';
import type { Running } from '../dev/running.ts';
import { webhookMessage } from '../marqeta-messages.ts';
import { setProvider } from '../trigger/provider.ts';

/** Each may be discarded or dismissed by the first call that reaches it. */
const ofEach = 6;
const settledMsMax = 30_000;

export async function seed(running: Running): Promise<void> {
  for (let n = 0; n < ofEach; n += 1) await makeOpenItem(running);
  await makeDeadLetters(running);
  const api = apiOf(running.origin_url);
  const url = 'https://1.1.1.1/hooks';
  const endpoint = await api('POST', '/webhook-endpoints', { merchant_id: running.merchant_id, url });
  const { webhook_endpoint_id } = endpoint.body as { webhook_endpoint_id: string };
  await api('POST', `/webhook-endpoints/${webhook_endpoint_id}/test`);
}

/** A clearing in another currency than its card's. */
async function makeOpenItem({ edge_url, marqeta, cards }: Running): Promise<void> {
  const cardToken = cards[0]?.card_token ?? '';
  const type = 'authorization.clearing';
  const answer = await fetch(`${edge_url}/networks/marqeta/webhook`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${marqeta.username}:${marqeta.password}`)}` },
    body: webhookMessage({ type, cardToken, amount: '7.50', currency: 'EUR', token: crypto.randomUUID() }),
  });
  if (answer.status !== 200) throw new Error(`no open item could be made: ${answer.status} ${await answer.text()}`);
}

/** Their last try is not waited for, which would take hours: it is said to have been. */
async function makeDeadLetters(running: Running): Promise<void> {
  const turn = (event: 'provider-down' | 'provider-up') =>
    Promise.all(running.providers.map(({ name }) => setProvider(running, { event, provider: name, json: true })));
  await turn('provider-down');
  for (let n = 0; n < ofEach; n += 1) await makeSettlement(running);
  const sql = await connectOwner(running.database_url);
  try {
    const deadlineMs = Date.now() + settledMsMax;
    for (let dead = 0; dead < ofEach; ) {
      if (Date.now() > deadlineMs) throw new Error(`${ofEach - dead} settlements wait for no other try`);
      const { rows } = await sql.query(
        `update settlements set failure_code = 'attempts_exhausted', failure_kind = 'soft', dead_lettered_at = now()
         where state = 'retry_pending' and dead_lettered_at is null returning settlement_id`,
      );
      dead += rows.length;
      await pause(100);
    }
  } finally {
    await sql.end();
  }
  await turn('provider-up');
}

/** As soon as the demo's clearings are booked, and something is owed. */
async function makeSettlement({ origin_url, api_key, merchant_id }: Running): Promise<void> {
  const deadlineMs = Date.now() + settledMsMax;
  for (;;) {
    const answer = await fetch(`${origin_url}/settlements`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${api_key}`,
        'content-type': 'application/json',
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify({ merchant_id, amount_minor: 100, currency: 'USD' }),
    });
    if (answer.status === 201) return;
    const said = await answer.text();
    if (!said.includes('"amount_not_owed"') || Date.now() > deadlineMs)
      throw new Error(`no settlement could be made: ${answer.status} ${said}`);
    await pause(200);
  }
}
