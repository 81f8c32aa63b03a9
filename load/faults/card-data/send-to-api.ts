// Every place of the API that takes a text, with a card number in it: bodies of all kinds of routes, headers, queries, paths.

import { newId } from '../../../contracts/ids.ts';
import { demo } from '../../../scripts/dev/demo.ts';
import type { CanaryWorld } from './world.ts';

/** Sends a text with a marked number through one channel; returns what became of it, and what the sender was told. */
export type Send = (world: CanaryWorld, text: string) => Promise<Outcome>;
export interface Outcome {
  readonly outcome: string;
  readonly answer: string;
}

interface Asked {
  readonly method?: string;
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

async function ask({ system }: CanaryWorld, { method = 'POST', path, body, headers = {} }: Asked): Promise<Outcome> {
  const answer = await fetch(system.origin.url + path, {
    method,
    headers: {
      ...{
        authorization: `Bearer ${demo.apiKey}`,
        'content-type': 'application/json',
        'idempotency-key': newId('req'),
      },
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  const code = /"error_code":"([^"]+)"/.exec(text)?.[1] ?? '';
  return { outcome: `${answer.status} ${code}`.trim(), answer: JSON.stringify([...answer.headers]) + text };
}

export const post = (path: string, body: (world: CanaryWorld, text: string) => unknown): Send => {
  return (world, text) => ask(world, { path, body: body(world, text) });
};
const block = { does: 'block', applies_to: { category: { any_of: ['gambling'] } } };
const pay = ({ merchantId }: CanaryWorld, reference: string) => ({
  merchant_id: merchantId,
  amount_minor: 100,
  currency: 'USD',
  reference,
});
/** A header holds Latin characters only. */
const latin = (text: string) => text.normalize('NFKC').replace(/[^\x20-\x7e]/g, '');
export const unspaced = (text: string) => latin(text).replace(/[^0-9A-Za-z]/g, '-');

export const apiChannels: Readonly<Record<string, Send>> = {
  'API: name of an account': post('/accounts', (_, name) => ({ name, currency: 'USD' })),
  'API: name of a merchant': post('/merchants', (_, name) => ({ name, currency: 'USD' })),
  'API: destination of a merchant': post('/merchants', (_, account) => ({
    ...{ name: 'Canary', currency: 'USD' },
    destinations: { simulated: { account } },
  })),
  'API: token of a card': post('/cards', ({ accountId }, text) => ({
    ...{ account_id: accountId, network: 'native', card_token: unspaced(text) },
  })),
  'API: reference of a settlement': post('/settlements', pay),
  'API: a number of JSON': post('/settlements', (world, text) => ({
    ...pay(world, ''),
    amount_minor: Number(/\d{16}/.exec(text.normalize('NFKC').replace(/\D/g, ''))?.[0] ?? '4111111111111111'),
  })),
  'API: name of a field': post('/settlements', (world, text) => ({ ...pay(world, ''), [text]: 1 })),
  'API: a field made for card data': post('/settlements', (world, pan) => ({ ...pay(world, ''), pan })),
  'API: description of a webhook endpoint': post('/webhook-endpoints', ({ merchantId, partner }, description) => ({
    ...{ merchant_id: merchantId, url: `${partner.url}/other`, description },
  })),
  'API: address of a webhook endpoint': post('/webhook-endpoints', ({ merchantId, partner }, text) => ({
    merchant_id: merchantId,
    url: `${partner.url}/other?note=${encodeURIComponent(text)}`,
  })),
  'API: id of a control': post('/control-sets', (_, text) => ({
    name: 'canary',
    controls: [{ control_id: unspaced(text), ...block }],
  })),
  'API: name of a control set': post('/control-sets', (_, name) => ({
    name,
    controls: [{ control_id: 'c', ...block }],
  })),
  "API: pattern of a shop's name": post('/control-sets', (_, text) => ({
    name: 'canary',
    controls: [{ control_id: 'c', does: 'block', applies_to: { merchant_name: { any_of: [text] } } }],
  })),
  'API: input of a backtest': post('/controls/backtest', (_, text) => ({
    controls: [{ control_id: 'c', does: 'block', applies_to: { merchant_name: { any_of: [`*${text}*`] } } }],
    note: text,
  })),
  'API: name of a key': post('/api-keys', (_, name) => ({ name, scopes: ['settlements:read'] })),
  'API: reason of an action': post(`/open-items/${newId('oit')}/actions/dismiss`, (_, reason) => ({ reason })),
  'API: a body that is no JSON': async (world, text) => {
    const headers = { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' };
    const answer = await fetch(`${world.system.origin.url}/settlements`, {
      method: 'POST',
      headers,
      body: `{"a": ${text}`,
    });
    return { outcome: `${answer.status}`, answer: await answer.text() };
  },
  'API: Idempotency-Key': (world, text) =>
    ask(world, { path: '/settlements', body: pay(world, ''), headers: { 'idempotency-key': unspaced(text) } }),
  'API: X-Request-Id': (world, text) =>
    ask(world, {
      path: '/accounts',
      body: { name: 'x', currency: 'USD' },
      headers: { 'x-request-id': unspaced(text) },
    }),
  'API: User-Agent, traceparent, Accept': (world, text) =>
    ask(world, {
      method: 'GET',
      path: '/merchants',
      headers: { 'user-agent': latin(text), traceparent: latin(text), 'x-forwarded-for': latin(text) },
    }),
  'API: version in Accept': (world, text) =>
    ask(world, { method: 'GET', path: '/merchants', headers: { accept: `application/${unspaced(text)}` } }),
  'API: query': (world, text) =>
    ask(world, { method: 'GET', path: `/settlements?reference=${encodeURIComponent(text)}` }),
  'API: path': (world, text) => ask(world, { method: 'GET', path: `/settlements/${encodeURIComponent(text)}` }),
  'API: a wrong key': (world, text) =>
    ask(world, { method: 'GET', path: '/merchants', headers: { authorization: `Bearer ${unspaced(text)}` } }),
};
