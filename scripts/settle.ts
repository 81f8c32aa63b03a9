// npm run settle: a partner's whole way against the system of `npm start`, with the SDK: a webhook endpoint of its own, a
// settlement, its final state, the webhook verified, and what the ledger and the audit trail say of it.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseArgs } from 'node:util';
import { decimalTextFromMinor } from '../contracts/money.ts';
import {
  Atlas,
  AtlasError,
  type Settlement,
  type SettlementTransfer,
  type WebhookEvent,
  webhooks,
} from '../sdk/index.ts';
import { portBaseOption } from './dev/home.ts';
import { type Running, requireRunning } from './dev/running.ts';
import { wordsOf } from './words.ts';

const help = `npm run settle -- [options]      pay out what the demo's shop is owed, as a partner would, with the SDK

  --amount N.NN     in the shop's currency (default 10.00)
  --reference TEXT  shown on the shop's statement
  --return          afterwards the provider sends it back: booked, owed again, told by settlement.returned
  --return-amount N.NN  with --return: only so much of it
  --return-as WORD  with --return: how the provider says it: returned (default), or rejected after it was paid; all of it then
  --timeout N       seconds to wait for the final state (default 60)
  --json            the result as one JSON object
  --port-base N     the system that npm start -- --port-base N started
  --help            this
npm start must be running in another terminal. Something must be owed: npm run trigger -- authorization, then clearing.
Failover: npm run trigger -- provider-down simulated; other faults of it:
  curl -X PUT <faults of simulated> -H 'content-type: application/json' -d '{"down": true}'`;

interface Words {
  readonly amountMinor: number;
  readonly reference: string;
  readonly timeoutMs: number;
  readonly json: boolean;
  /** Null: it stays paid. */
  readonly back: Back | null;
}

interface Back {
  readonly amount_minor?: string;
  readonly as: string;
}

/** Null: help was asked for. Throws what is wrong with the words. */
function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      amount: { type: 'string', default: '10.00' },
      reference: { type: 'string', default: 'demo payout' },
      return: { type: 'boolean', default: false },
      'return-amount': { type: 'string' },
      'return-as': { type: 'string' },
      timeout: { type: 'string', default: '60' },
      ...portBaseOption,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  if (!/^\d{1,9}\.\d{2}$/.test(values.amount)) throw new Error(`--amount ${values.amount} is not like 10.00`);
  for (const name of ['return-amount', 'return-as'] as const)
    if (values[name] !== undefined && !values.return) throw new Error(`--${name} needs --return beside it`);
  if (!/^\d{1,4}$/.test(values.timeout)) throw new Error(`--timeout ${values.timeout} is not a number of seconds`);
  return {
    amountMinor: Number(values.amount.replace('.', '')),
    reference: values.reference,
    timeoutMs: Number(values.timeout) * 1_000,
    json: values.json,
    back: values.return ? readBack(values['return-amount'], values['return-as'] ?? 'returned') : null,
  };
}

function readBack(amount: string | undefined, as: string): Back {
  if (amount !== undefined && !/^\d{1,9}\.\d{2}$/.test(amount))
    throw new Error(`--return-amount ${amount} is not like 10.00`);
  if (as !== 'returned' && as !== 'rejected') throw new Error(`--return-as ${as} is neither returned nor rejected`);
  return { as, ...(amount === undefined ? {} : { amount_minor: String(Number(amount.replace('.', ''))) }) };
}

/** A partner's server: verifies each webhook, and keeps what it was told. */
async function startPartner() {
  const told: WebhookEvent[] = [];
  const secrets: string[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    try {
      told.push(await webhooks.verify(Buffer.concat(chunks), request.headers, secrets));
      response.writeHead(204).end();
    } catch {
      response.writeHead(400).end('the signature is wrong');
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { url: `http://127.0.0.1:${port}/webhooks`, told, secrets, close: () => server.close() };
}

async function settle(words: Words): Promise<void> {
  const running = requireRunning();
  const { merchant_id, origin_url: baseUrl, api_key: apiKey } = running;
  const atlas = new Atlas({ baseUrl, apiKey });
  const partner = await startPartner();
  const endpoint = await atlas.webhookEndpoints.create({ merchant_id, url: partner.url });
  partner.secrets.push(endpoint.secret);
  try {
    const owedBefore = (await atlas.merchants.retrieve(merchant_id)).owed_minor;
    const startedMs = performance.now();
    const { settlement_id } = await atlas.settlements.create({
      merchant_id,
      amount_minor: words.amountMinor,
      currency: 'USD',
      reference: words.reference,
    });
    const final = await atlas.settlements.waitUntilFinal(settlement_id, { timeoutMs: words.timeoutMs });
    const tookMs = Math.round(performance.now() - startedMs);
    const webhook = await webhookOf(partner.told, settlement_id, final.state);
    const returned = words.back === null ? null : await takeBack(running, settlement_id, words.back);
    const returnWebhook = returned === null ? null : await webhookOf(partner.told, settlement_id, 'returned');
    const transitions = await atlas.settlements.transitions(settlement_id);
    const transfers = await atlas.settlements.transfers(settlement_id);
    const owedAfter = (await atlas.merchants.retrieve(merchant_id)).owed_minor;
    const result = {
      settlement: returned === null ? final : await atlas.settlements.retrieve(settlement_id),
      took_ms: tookMs,
      webhook,
      return_webhook: returnWebhook,
      transitions,
      transfers,
      owed_minor: [owedBefore, owedAfter],
    };
    process.stdout.write(words.json ? `${JSON.stringify(result)}\n` : inWords(result));
    if (final.state !== 'completed') process.exitCode = 1;
  } finally {
    // The next run has an endpoint of its own.
    await atlas.webhookEndpoints.remove(endpoint.webhook_endpoint_id);
    partner.close();
  }
}

/** The simulated provider that paid it sends it back. */
async function takeBack({ providers }: Running, settlement_id: string, back: Back): Promise<unknown> {
  for (const { admin_url } of providers) {
    const body = JSON.stringify({ settlement_id, ...back });
    const headers = { 'content-type': 'application/json' };
    const answer = await fetch(`${admin_url}/returns`, { method: 'POST', headers, body });
    if (answer.ok) return await answer.json();
  }
  throw new Error('No simulated provider has paid it, or less of it is left than is to come back.');
}

const webhookWithinMs = 10_000;

async function webhookOf(
  told: readonly WebhookEvent[],
  settlementId: string,
  what: string,
): Promise<WebhookEvent | null> {
  const untilMs = performance.now() + webhookWithinMs;
  const isWanted = ({ type, data }: WebhookEvent) =>
    type === `settlement.${what}` && 'settlement_id' in data && data.settlement_id === settlementId;
  for (;;) {
    const found = told.find(isWanted);
    if (found !== undefined || performance.now() > untilMs) return found ?? null;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Result {
  readonly settlement: Settlement;
  readonly took_ms: number;
  readonly webhook: WebhookEvent | null;
  readonly return_webhook: WebhookEvent | null;
  readonly transitions: readonly {
    readonly at: string;
    readonly to: string;
    readonly actor: string;
    readonly reason: string;
  }[];
  readonly transfers: readonly SettlementTransfer[];
  readonly owed_minor: readonly (number | bigint)[];
}

/** Sums beyond what a number holds exactly are none of a demo's. */
function money(amountMinor: number | bigint, currency: string): string {
  return `${decimalTextFromMinor(Number(amountMinor), currency)} ${currency}`;
}

function inWords({ settlement, took_ms, webhook, return_webhook, transitions, transfers, owed_minor }: Result): string {
  const why = settlement.failure_code === null ? '' : ` (${settlement.failure_code})`;
  return [
    `${settlement.settlement_id}   ${settlement.state}${why} after ${took_ms} ms`,
    webhook === null ? '  webhook   none came' : `  webhook   ${webhook.type}, signature verified`,
    ...settlement.returns.map(
      ({ settlement_return_id, amount_minor, reason_code }) =>
        `  returned  ${settlement_return_id}  ${money(amount_minor, settlement.currency)}  ${reason_code}`,
    ),
    ...(return_webhook === null ? [] : [`  webhook   ${return_webhook.type}, signature verified`]),
    `  owed      ${owed_minor.map((sum) => money(sum, settlement.currency)).join(' before, ')} after`,
    '  transfers',
    ...transfers.map(
      ({ transfer_id, kind, debit, credit, amount_minor, currency }) =>
        `    ${transfer_id}  ${kind.padEnd(7)}  ${debit.kind} → ${credit.kind}  ${money(amount_minor, currency)}`,
    ),
    '  audit trail',
    ...transitions.map(({ at, to, actor, reason }) => `    ${at}  ${to.padEnd(13)}  ${actor}  ${reason}`),
    '',
  ].join('\n');
}

await settle(wordsOf(readWords, help)).catch((error: unknown) => {
  const what = error instanceof AtlasError ? `${error.errorCode}: ${error.message}` : String(error);
  process.stderr.write(`${what}\n`);
  process.exitCode = 1;
});
