// A dozen purchases with the demo card `history`, sent through the real edge when the demo data is made: something to
// explain, and to run a backtest over. Keys are the card's own, so that what was sent before is only answered again.

import { gatewayMessage, webhookMessage } from '../marqeta-messages.ts';

/** Under the control set `everyday`: the one at 7995 is blocked, and the one of 75.00 is more than the day has left. */
const purchases: readonly (readonly [amount: string, category: string])[] = [
  ['12.40', '5411'],
  ['48.00', '5541'],
  ['7.25', '5814'],
  ['130.00', '5732'],
  ['22.10', '5812'],
  ['60.00', '7995'],
  ['89.99', '5311'],
  ['15.00', '5411'],
  ['140.00', '4511'],
  ['18.75', '5812'],
  ['75.00', '5411'],
  ['9.50', '5814'],
];
const cleared = [0, 2];
const reversed = [6];

export interface Edge {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

export async function sendHistory(edge: Edge, cardToken: string): Promise<void> {
  const tokenOf = (index: number) => `${cardToken}-purchase-${index + 1}`;
  for (const [index, [amount, category]] of purchases.entries()) {
    const tokens = { transactionToken: tokenOf(index), jitToken: `${tokenOf(index)}-request` };
    // 402 is a decline; the edge gives it as it gives an approval.
    await post(
      edge,
      '/networks/marqeta/gateway',
      gatewayMessage({ cardToken, amount, category, ...tokens }),
      [200, 402],
    );
  }
  const messages = [
    ...cleared.map((index) => ['authorization.clearing', index] as const),
    ...reversed.map((index) => ['authorization.reversal', index] as const),
  ];
  for (const [type, index] of messages) {
    const [amount, category] = purchases[index] ?? ['0', '5411'];
    const token = `${tokenOf(index)}-${type}`;
    const message = webhookMessage({ type, cardToken, amount, category, token, precedingToken: tokenOf(index) });
    await post(edge, '/networks/marqeta/webhook', message, [200]);
  }
}

async function post(
  { url, username, password }: Edge,
  path: string,
  body: string,
  fine: readonly number[],
): Promise<void> {
  const answer = await fetch(url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${username}:${password}`)}` },
    body,
  });
  const said = await answer.text();
  if (!fine.includes(answer.status)) throw new Error(`POST ${path} answered ${answer.status}: ${said}`);
}
