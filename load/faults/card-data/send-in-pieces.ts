// The same number in pieces: over several values of JSON, and over an address.

import { newId } from '../../../contracts/ids.ts';
import { scattered } from '../../../contracts/testing/sample-tokens.ts';
import { native, nativeClearing, provider } from './send-from-outside.ts';
import { post, type Send } from './send-to-api.ts';

/** The groups of the number in a text, however it is spelled there. */
function groupsIn(text: string): readonly string[] {
  const digits = text.replace(/[\u0660-\u0669]/g, (sign) => `${sign.charCodeAt(0) - 0x660}`).replace(/\D/g, '');
  return /411111\d{10}/.exec(digits)?.[0].match(/.{4}/g) ?? ['4111', '1111', '1111', '1111'];
}

const inFacts = Object.entries(scattered).map(([how, scatter]): [string, Send] => [
  `native: message out of contract, a number as ${how}`,
  native('messages', ({ cardToken }, text) => ({
    messages: [
      {
        card_token: cardToken,
        message: nativeClearing({ amount_minor: 'odd', memo: scatter(groupsIn(text)) }),
      },
    ],
  })),
]);

const inWebhooks = Object.entries(scattered).map(([how, scatter]): [string, Send] => [
  `provider: a webhook with a number as ${how}`,
  provider((_, text) =>
    JSON.stringify({
      type: `payment.in_pieces ${how}`,
      data: { settlement_id: newId('stl'), provider_reference: 'p3', memo: scatter(groupsIn(text)) },
    }),
  ),
]);

const address = (how: string, write: (groups: readonly string[]) => string): [string, Send] => [
  `API: address of a webhook endpoint, ${how}`,
  post('/webhook-endpoints', ({ merchantId, partner }, text) => ({
    merchant_id: merchantId,
    url: `${partner.url}${write(groupsIn(text))}`,
  })),
];

export const piecesChannels: Readonly<Record<string, Send>> = Object.fromEntries([
  ...inFacts,
  ...inWebhooks,
  address('over a path and a query', ([a, b, c, d]) => `/x${a}/y/${b}?z=${c}&w=${d}`),
  address('escaped twice', (groups) => `/${groups.join('').replace(/\d/g, '%253$&')}`),
]);
