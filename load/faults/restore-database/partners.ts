// Partners of a drill: merchants that a card has bought at, each with two destinations, an endpoint for webhooks, and a key for each settlement
// that it asks for. They remember what they asked for and what they were told; nothing of the system can touch that.

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { connectOwner } from '../../../origin/db/which-postgres.ts';
import { owedTo } from '../../../origin/merchants/owed.ts';
import { demo } from '../../../scripts/dev/demo.ts';
import { gatewayMessage, webhookMessage } from '../../../scripts/marqeta-messages.ts';
import { fewAtATime } from '../../few-at-a-time.ts';
import { makeCards } from '../../origin-cards.ts';
import { paths } from '../network-clients.ts';
import { sendUntilAnswered } from '../send-until-answered.ts';

export interface AskedSettlement {
  readonly merchant_id: string;
  readonly key: string;
  readonly amount_minor: number;
  /** As it was answered first. */
  readonly settlement_id: string;
}

export interface Partners {
  readonly merchantIds: readonly string[];
  readonly asked: AskedSettlement[];
  /** Of each webhook id, what it said; more than one text where it said different things. */
  readonly told: ReadonlyMap<string, ReadonlySet<string>>;
  /** New settlements, each under a key of its own. */
  ask(count: number): Promise<void>;
  /** All of these once more, as after a lost answer. A sentence for each answer that names another settlement. */
  repeat(asked: readonly AskedSettlement[]): Promise<string[]>;
}

const merchants = 4;
/** Of 4,500.00 at each of them. */
const purchases = 10;
const owedWithinMs = 60_000;

interface Places {
  readonly originUrl: string;
  readonly edgeUrl: string;
  readonly databaseUrl: string;
}

export async function startPartners(
  parts: AsyncDisposableStack,
  { random, ...places }: Places & { readonly random: () => number },
): Promise<Partners> {
  const told = new Map<string, Set<string>>();
  const url = await listen(parts, (id, text) => {
    const said = told.get(id) ?? new Set();
    told.set(id, said.add(text));
  });
  const { originUrl } = places;
  const merchantIds = await makeMerchants(places, url);
  const asked: AskedSettlement[] = [];
  const post = async ({ merchant_id, key, amount_minor }: Omit<AskedSettlement, 'settlement_id'>) => {
    const body = { merchant_id, amount_minor, currency: 'USD', reference: key };
    return (await call(originUrl, '/settlements', body, key))['settlement_id'] ?? '';
  };
  let count = 0;
  return {
    merchantIds,
    asked,
    told,
    async ask(times) {
      const wanted = Array.from({ length: times }, () => ({
        merchant_id: merchantIds[Math.floor(random() * merchants)] ?? '',
        key: `asked-${++count}`,
        amount_minor: 100 + Math.floor(random() * 900),
      }));
      await fewAtATime(wanted, async (one) => {
        asked.push({ ...one, settlement_id: await post(one) });
      });
    },
    async repeat(some) {
      const differing: string[] = [];
      await fewAtATime(some, async (one) => {
        const again = await post(one);
        if (again !== one.settlement_id)
          differing.push(`${one.key}: was answered with ${one.settlement_id}, then with ${again}`);
      });
      return differing;
    },
  };
}

/** Takes everything: what a partner does with a repeat is to look at its id. */
async function listen(parts: AsyncDisposableStack, hear: (id: string, text: string) => void): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const { type, data } = JSON.parse(Buffer.concat(chunks).toString());
    // Not its instants: booked again, it is booked later.
    const { settlement_id, amount_minor, state, returned_minor = null, settlement_return_id = null } = data;
    const said = { type, settlement_id, amount_minor, state, returned_minor, settlement_return_id };
    hear(`${request.headers['webhook-id']}`, JSON.stringify(said));
    response.end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  parts.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`;
}

async function makeMerchants({ originUrl, edgeUrl, databaseUrl }: Places, url: string): Promise<string[]> {
  const made: string[] = [];
  const [cardToken = ''] = await makeCards(originUrl, 1);
  for (let n = 0; n < merchants; n++) {
    const account = { account: `partner-${n}` };
    const destinations = { simulated: account, simulated_secondary: account };
    const merchant = { name: `Partner ${n}`, currency: 'USD', destinations, network_merchant_ids: [`partner-${n}`] };
    const { merchant_id = '' } = await call(originUrl, '/merchants', merchant);
    await call(originUrl, '/webhook-endpoints', { merchant_id, url });
    made.push(merchant_id);
    for (let purchase = 0; purchase < purchases; purchase++) {
      const about = { cardToken, amount: '4500.00', merchantId: `partner-${n}` };
      const transactionToken = `owed-${n}-${purchase}`;
      await sendUntilAnswered(edgeUrl, paths.gateway, gatewayMessage({ ...about, transactionToken }));
      const cleared = {
        ...about,
        type: 'authorization.clearing' as const,
        precedingToken: transactionToken,
        token: `c-${transactionToken}`,
      };
      await sendUntilAnswered(edgeUrl, paths.webhook, webhookMessage(cleared));
    }
  }
  await untilOwed(databaseUrl, made);
  return made;
}

async function untilOwed(databaseUrl: string, merchantIds: readonly string[]): Promise<void> {
  const sql = await connectOwner(databaseUrl);
  try {
    for (const untilMs = Date.now() + owedWithinMs; ; ) {
      const owed = await owedTo(sql, merchantIds);
      if ([...owed.values()].every(({ payable_minor }) => payable_minor === 450_000n * BigInt(purchases))) return;
      if (Date.now() > untilMs) throw new Error(`purchases are not owed after ${owedWithinMs} ms`);
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  } finally {
    await sql.end();
  }
}

/** Again while the origin or its database is away. */
async function call(
  originUrl: string,
  path: string,
  body: object,
  key?: string,
): Promise<Readonly<Record<string, string>>> {
  const headers = {
    authorization: `Bearer ${demo.apiKey}`,
    'content-type': 'application/json',
    ...(key === undefined ? {} : { 'idempotency-key': key }),
  };
  for (const untilMs = Date.now() + awayMsMax; ; ) {
    const answer = await fetch(originUrl + path, { method: 'POST', headers, body: JSON.stringify(body) }).catch(
      () => null,
    );
    const text = (await answer?.text()) ?? '';
    if (answer?.ok) return JSON.parse(text);
    const isForAMoment = answer === null || [409, 429, 503].includes(answer.status);
    if (!isForAMoment || Date.now() > untilMs) throw new Error(`POST ${path} answered ${answer?.status}: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
const awayMsMax = 60_000;
