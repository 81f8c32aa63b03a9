// The demo data, made through the origin's own API: an account, a control set, four cards. A second start finds what the first has made.

import * as z from 'zod';
import { sendHistory } from './demo-history.ts';
import { readNote, writeNote } from './home.ts';

/** For this machine only: the origin and the edge refuse such values in production. */
export const demo = {
  apiKey: 'atlas-demo-key-for-development-only',
  internalSecret: 'whsec_ZGVtby1pbnRlcm5hbC1zZWNyZXQtbm90LWZvci1wcm9kdWN0aW9u',
  nativeSecret: 'whsec_ZGVtby1uYXRpdmUtc2VjcmV0LW5vdC1mb3ItcHJvZHVjdGlvbi0x',
  providerKey: 'demo-simulated-provider-key-1',
  providerSecret: 'whsec_ZGVtbyBzaW11bGF0ZWQgcHJvdmlkZXIgc2VjcmV0IDE=',
  marqetaUsername: 'demo-marqeta',
  marqetaPassword: 'Demo-only-password-1!',
} as const;

export interface DemoCard {
  readonly name: string;
  readonly card_token: string;
  readonly card_id: string;
  readonly note: string;
}

export interface DemoData {
  readonly account_id: string;
  readonly ledger_account_id: string;
  /** What the cards `plain` and `history` share. */
  readonly control_set_id: string;
  /** Is owed what clears at the demo's shop, and is paid out. */
  readonly merchant_id: string;
  readonly cards: readonly DemoCard[];
}

const dailyLimit = {
  control_id: 'per-day',
  does: 'limit',
  amount_minor: 50_000,
  window: { per: 'day', time_zone: 'America/New_York' },
} as const;

const everyday = {
  name: 'everyday',
  controls: [
    dailyLimit,
    { control_id: 'no-gambling', does: 'block', applies_to: { category: { any_of: ['gambling'] } } },
    // Not in force yet: what it would decline is recorded with every decision.
    { control_id: 'velocity', mode: 'shadow', does: 'limit', count: 3, window: { per: 'rolling', seconds: 600 } },
  ],
} as const;

/** Where the demo's cards buy: what clears under this acquirer's id is owed to it. */
const shop = {
  name: 'Example Grocer',
  currency: 'USD',
  network_merchant_ids: ['000000000099999'],
  destinations: { simulated: { account: 'example-grocer' }, simulated_secondary: { account: 'example-grocer' } },
} as const;

interface Blueprint {
  readonly name: string;
  readonly note: string;
  /** Has the controls of the set `everyday`, before its own. */
  readonly shares: boolean;
  readonly profile: object;
}

const perPurchase = { control_id: 'per-purchase', does: 'limit', amount_minor: 20_000, window: { per: 'transaction' } };

const blueprints: readonly Blueprint[] = [
  {
    name: 'plain',
    note: '$200.00 a purchase, $500.00 a day, $2,000.00 of funds, no gambling',
    shares: true,
    profile: { funds_minor: 200_000, controls: [perPurchase] },
  },
  {
    name: 'grocery-only',
    note: 'only groceries, $500.00 a day',
    shares: false,
    profile: {
      funds_minor: 100_000,
      controls: [
        { control_id: 'groceries', does: 'allow_only', applies_to: { category: { any_of: ['groceries'] } } },
        dailyLimit,
      ],
    },
  },
  {
    name: 'frozen',
    note: 'declines everything',
    shares: false,
    profile: { status: 'frozen', funds_minor: 100_000 },
  },
  {
    name: 'history',
    note: 'a dozen purchases to explain, and to run a backtest over',
    shares: true,
    profile: { funds_minor: 200_000 },
  },
];

/** With the number of what the data is made of: what an older program made is left alone. */
const noteName = 'demo-3.json';
const accountSchema = z.object({ account_id: z.string(), ledger_account_id: z.string() });
const merchantSchema = z.object({ merchant_id: z.string() });
const controlSetSchema = z.object({ control_set_id: z.string() });
const cardSchema = z.object({ card_id: z.string(), edge: z.object({ state: z.string() }) });

/** Makes what is missing, and waits until the edge has every card. */
export async function makeDemoData(urls: { readonly origin: string; readonly edge: string }): Promise<DemoData> {
  const api = apiOf(urls.origin);
  const before = readNote<DemoData>(noteName);
  // The note may be of another database than the one that runs now.
  if (before !== null && (await api('GET', `/accounts/${before.account_id}`)).status === 200) {
    await Promise.all(before.cards.map(({ card_id }) => onEdge(api, card_id)));
    return before;
  }
  const account = accountSchema.parse((await api('POST', '/accounts', { name: 'Demo program', currency: 'USD' })).body);
  await api('POST', `/accounts/${account.account_id}/fundings`, { amount_minor: 1_000_000 });
  const { control_set_id } = controlSetSchema.parse((await api('POST', '/control-sets', everyday)).body);
  const cards = await Promise.all(
    blueprints.map(async ({ name, note, shares, profile }) => {
      // Tokens are the network's; with the account's id in them they are new in every database.
      const card_token = `demo-${name}-${account.account_id.slice(-6)}`;
      const control_set = shares ? { control_set_id } : null;
      const body = { account_id: account.account_id, network: 'marqeta', card_token, control_set, ...profile };
      const { card_id } = cardSchema.parse((await api('POST', '/cards', body)).body);
      await onEdge(api, card_id);
      return { name, card_token, card_id, note };
    }),
  );
  const { merchant_id } = merchantSchema.parse((await api('POST', '/merchants', shop)).body);
  const edge = { url: urls.edge, username: demo.marqetaUsername, password: demo.marqetaPassword };
  for (const { name, card_token } of cards) if (name === 'history') await sendHistory(edge, card_token);
  const data = { ...account, control_set_id, merchant_id, cards };
  writeNote(noteName, data);
  return data;
}

type Api = (method: string, path: string, body?: unknown) => Promise<{ status: number; body: unknown }>;

export function apiOf(originUrl: string): Api {
  return async (method, path, body) => {
    const answer = await fetch(originUrl + path, {
      method,
      headers: { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const said: unknown = await answer.json();
    if (method !== 'GET' && !answer.ok)
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(said)}`);
    return { status: answer.status, body: said };
  };
}

const onEdgeWithinMs = 15_000;

async function onEdge(api: Api, cardId: string): Promise<void> {
  const untilMs = Date.now() + onEdgeWithinMs;
  while (cardSchema.parse((await api('GET', `/cards/${cardId}`)).body).edge.state !== 'stored') {
    if (Date.now() > untilMs)
      throw new Error(`The edge did not take card ${cardId} within ${onEdgeWithinMs / 1000} s.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
