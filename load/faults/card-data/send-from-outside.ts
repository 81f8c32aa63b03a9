// What others say to us, with a card number in it: networks, the queue, payment providers, partners that answer a webhook, a bank.
// It is booked or kept for a person all the same. Keys are not among these channels: a network's are never changed.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pino } from 'pino';
import { Webhook } from 'standardwebhooks';
import { newId } from '../../../contracts/ids.ts';
import { signCall } from '../../../contracts/sign-call.ts';
import { openDatabase } from '../../../origin/db/client.ts';
import { takeSettlementMessages } from '../../../origin/payouts/settlement-queue.ts';
import { demo } from '../../../scripts/dev/demo.ts';
import { statement } from '../../../scripts/iso20022/bank-files.ts';
import { gatewayMessage, webhookMessage } from '../../../scripts/marqeta-messages.ts';
import { edgeVars, marqetaAuthorization } from '../../edge-cards.ts';
import { type Send, unspaced } from './send-to-api.ts';
import { type CanaryWorld, providerSecret } from './world.ts';

async function send(url: string, body: string, headers: Readonly<Record<string, string>>) {
  const answer = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });
  const text = await answer.text();
  const code = /"error_code":"([^"]+)"/.exec(text)?.[1] ?? '';
  return { outcome: `${answer.status} ${code}`.trim(), answer: text };
}

type Change = (message: Record<string, unknown>, text: string) => unknown;

const marqeta = (path: string, make: (world: CanaryWorld) => string, change: Change): Send => {
  return (world, text) => {
    const message = JSON.parse(make(world)) as Record<string, unknown>;
    const body = JSON.stringify(change(message, text));
    return send(`${world.system.edgeUrl}/networks/marqeta/${path}`, body, { authorization: marqetaAuthorization });
  };
};
const request = ({ cardToken }: CanaryWorld) => gatewayMessage({ cardToken, amount: '1.00' });
const clearing = ({ cardToken }: CanaryWorld) =>
  webhookMessage({ type: 'authorization.clearing', cardToken, amount: '1.00' });
const elementOf = (message: Record<string, unknown>) => (message['transactions'] as Record<string, unknown>[])[0] ?? {};
const shopNamed = (message: Record<string, unknown>, name: string) => ({
  ...message,
  card_acceptor: { ...(message['card_acceptor'] as object), name, street_address: name },
});

function signed(secret: string, body: string): Record<string, string> {
  const [id, at] = [newId('req'), new Date()];
  return {
    'webhook-id': id,
    'webhook-timestamp': `${Math.floor(at.getTime() / 1_000)}`,
    'webhook-signature': new Webhook(secret).sign(id, at, body),
  };
}

export const native = (path: string, make: (world: CanaryWorld, text: string) => unknown): Send => {
  return (world, text) => {
    const body = JSON.stringify(make(world, text));
    return send(`${world.system.edgeUrl}/networks/native/${path}`, body, signed(edgeVars.NATIVE_SECRETS, body));
  };
};
const nativeRequest = (name: string) => ({
  ...{ request_key: newId('req'), authorization_key: newId('req'), amount_minor: 100, currency: 'USD' },
  merchant: { name, id: 'SHOP1' },
});
export const nativeClearing = (more: object) => ({
  ...{ kind: 'clearing', message_key: newId('req'), authorization_key: null, amount_minor: 100, currency: 'USD' },
  ...{ final: true, ...more },
});

export const provider = (make: (world: CanaryWorld, text: string) => string): Send => {
  return (world, text) => {
    const body = make(world, text);
    const url = `${world.system.origin.url}/provider-webhooks/simulated`;
    return send(url, body, signed(providerSecret, body));
  };
};

async function pushToQueue({ system }: CanaryWorld, message: unknown) {
  const body = JSON.stringify({ messages: [{ id: newId('req'), body: message, attempts: 1 }] });
  const call = { method: 'POST', pathAndQuery: '/internal/card-events', body };
  const headers = signCall(edgeVars.INTERNAL_SECRET, call, { id: newId('req'), at: new Date() });
  return await send(system.origin.url + call.pathAndQuery, body, headers);
}

async function askByQueue({ system, merchantId }: CanaryWorld, reference: string) {
  const database = openDatabase({ url: system.databaseUrl, poolMax: 2, onIdleError: () => {} });
  const settlement = { merchant_id: merchantId, amount_minor: 100, currency: 'USD', reference };
  const body = { version: 1, settlement_id: newId('stl'), correlation_id: 'canary', settlement };
  const silent = pino({ level: 'silent' });
  const taken = await takeSettlementMessages(database, [{ id: 'm1', body }], silent);
  await database.close();
  return { outcome: taken.map(({ outcome }) => outcome).join(' '), answer: '' };
}

const bank = (name: string, make: (text: string) => string): Send => {
  return async (world, text) => {
    const path = join(world.bank, 'inbox', name);
    await writeFile(path, make(text));
    return { outcome: 'file put into the inbox', answer: '' };
  };
};

export const outsideChannels: Readonly<Record<string, Send>> = {
  "Marqeta: shop's name of a request": marqeta('gateway', request, shopNamed),
  'Marqeta: other texts of a request': marqeta('gateway', request, (message, text) => ({
    ...message,
    memo: text,
    user: { metadata: { note: text } },
  })),
  'Marqeta: a field made for card data': marqeta('gateway', request, (message, pan) => ({ ...message, pan })),
  'Marqeta: amount that is a text': marqeta('gateway', request, (message, text) => ({
    ...message,
    currency_code: text,
    gpa_order: text,
  })),
  "Marqeta: shop's name of a clearing": marqeta('webhook', clearing, (message, text) => ({
    transactions: [shopNamed(elementOf(message), text)],
  })),
  'Marqeta: clearing out of contract': marqeta('webhook', clearing, (message, text) => ({
    transactions: [{ ...elementOf(message), amount: text, memo: { deep: [text] } }],
  })),
  'Marqeta: a type that nobody knows': marqeta('webhook', clearing, (message, text) => ({
    transactions: [{ ...elementOf(message), type: `odd ${text}`, [text]: 1 }],
  })),
  'Marqeta: a kind that nobody knows': marqeta('webhook', clearing, (_, text) => ({
    [`odd ${text}`]: [{ note: text }],
  })),
  'Marqeta: a fact with card data': marqeta('webhook', clearing, (message, text) => ({
    transactions: [{ ...elementOf(message), cvv: '123', track2: text }],
  })),
  "Marqeta: a card's token of a request": marqeta('gateway', request, (message, text) => ({
    ...message,
    card_token: unspaced(text),
  })),
  "Marqeta: a card's token of a clearing": marqeta('webhook', clearing, (message, text) => ({
    transactions: [{ ...elementOf(message), card_token: unspaced(text) }],
  })),
  'Marqeta: a webhook that is no JSON': (world, text) =>
    send(`${world.system.edgeUrl}/networks/marqeta/webhook`, `no JSON: ${text}`, {
      authorization: marqetaAuthorization,
    }),
  "native: shop's name of a request": native('authorizations', ({ cardToken }, name) => ({
    card_token: cardToken,
    request: nativeRequest(name),
  })),
  'native: another text of a request': native('authorizations', ({ cardToken }, note) => ({
    card_token: cardToken,
    request: { ...nativeRequest('x'), note },
  })),
  "native: shop's name of a clearing": native('messages', ({ cardToken }, name) => ({
    messages: [{ card_token: cardToken, message: nativeClearing({ merchant: { name } }) }],
  })),
  'native: message out of contract': native('messages', ({ cardToken }, note) => ({
    messages: [{ card_token: cardToken, message: nativeClearing({ amount_minor: note, note }), note }],
  })),
  "native: a card's token of a request": native('authorizations', (_, text) => ({
    card_token: unspaced(text),
    request: nativeRequest('x'),
  })),
  "native: a card's token of a clearing": native('messages', (_, text) => ({
    messages: [{ card_token: unspaced(text), message: nativeClearing({}) }],
  })),
  "native: a card's token of a void": native('voids', (_, text) => ({
    card_token: unspaced(text),
    request_key: newId('req'),
  })),
  'native: instant and order of a clearing': native('messages', ({ cardToken }, text) => ({
    messages: [{ card_token: cardToken, message: nativeClearing({ occurred_at_ms: text, order: text }) }],
  })),
  'native: a field made for card data': native('messages', ({ cardToken }, pan) => ({
    messages: [{ card_token: cardToken, message: nativeClearing({}), pan }],
  })),
  'queue: a message that cannot be read': (world, text) => pushToQueue(world, { odd: text, events: [text] }),
  'queue: an event that cannot be read': (world, text) =>
    pushToQueue(world, {
      version: 1,
      card_key: 'native:canary-other',
      events: [{ sequence: 1, kind: 'odd', name: text }],
    }),
  'queue: reference of a settlement': askByQueue,
  'provider: words of a webhook': provider((_, text) =>
    JSON.stringify({
      type: 'payment.odd',
      memo: text,
      data: { settlement_id: newId('stl'), provider_reference: 'p1', code: text, note: text },
    }),
  ),
  'provider: a type that nobody knows': provider((_, text) =>
    JSON.stringify({
      type: `payment.${text}`,
      pan: text,
      data: { settlement_id: newId('stl'), provider_reference: 'p2' },
    }),
  ),
  'provider: a webhook that is no JSON': provider((_, text) => `no JSON: ${text}`),
  'provider: its answer to a payment, and a partner that answers': payAndTell,
  'bank: text of a booked entry': bank('booked.xml', (text) =>
    statement([{ amount: '1.00' }]).replace('</Ntry>', `<AddtlNtryInf>${text}</AddtlNtryInf></Ntry>`),
  ),
  'bank: a file that cannot be read': bank('broken.xml', (text) => `<Document><Ustrd>${text}</Ustrd>`),
  'bank: a file that is no XML': bank('broken.txt', (text) => `refused: ${text}`),
};

/** A payment that the provider refuses in words, of which the partner is told, who answers in words too. */
async function payAndTell(world: CanaryWorld, text: string) {
  const { api, provider: theirs, partner, merchantId, system } = world;
  theirs.answer = () => ({ status: 422, body: JSON.stringify({ error_code: `refused ${text}`, message: text }) });
  partner.answer = () => ({ status: 500, body: JSON.stringify({ error: text }) });
  await api('POST', '/webhook-endpoints', { merchant_id: merchantId, url: `${partner.url}/hook` });
  const body = JSON.stringify({ merchant_id: merchantId, amount_minor: 100, currency: 'USD', reference: 'canary' });
  const headers = { authorization: `Bearer ${demo.apiKey}`, 'idempotency-key': newId('req') };
  const asked = await send(`${system.origin.url}/settlements`, body, headers);
  const untilMs = Date.now() + 20_000;
  while (Date.now() < untilMs && !partner.received.some((one) => one.startsWith('/hook')))
    await new Promise((resolve) => setTimeout(resolve, 100));
  const told = partner.received.filter((one) => one.startsWith('/hook')).length;
  return {
    outcome: `${asked.outcome}, sent to the provider ${theirs.received.length}, told ${told}`,
    answer: asked.answer,
  };
}
