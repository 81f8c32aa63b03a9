// The networks that call us, and the name of the object that answers for one of their cards.

import * as z from 'zod/mini';
import { problemOfNumber } from './card-data.ts';
import { holdsCardNumber } from './card-numbers/card-numbers.ts';
import { limits } from './limits.ts';

/**
 * The name of a network: its folder in worker/networks/, what stands before its cards' tokens in their keys, and in capitals its settings. Small
 * letters, so that a token cannot be given for it by mistake. Which networks there are only the edge knows; which of them a deployment serves is the setting NETWORKS of both halves.
 */
export type Network = Lowercase<string>;
const networkShape = /^[a-z][a-z0-9]{1,30}$/;
export const networkSchema = z
  .string()
  .check(z.regex(networkShape, 'must be a network, such as native')) as z.ZodMiniType<Network, string>;

/** Served where nothing else is set. */
export const networksByDefault: readonly Network[] = ['marqeta', 'native'];

const printable = /^[\x21-\x7e]+$/;

/** A network's own id of a card, request, message or authorization: printable, without spaces. Opaque to us. */
export const networkKeySchema = z
  .string()
  .check(
    z.minLength(1),
    z.maxLength(limits.networkKeyLengthMax),
    z.regex(printable, 'must be printable characters without spaces'),
  );

/** By plain comparisons what `networkKeySchema` takes. */
export function isNetworkKey(value: unknown): value is string {
  return typeof value === 'string' && value.length <= limits.networkKeyLengthMax && printable.test(value);
}

/**
 * The token of a card, in whatever comes from outside: it is the field that a card number would be put into by mistake. Our API takes no card
 * with such a token, so nobody's purchase is lost; nor is what was masked a token. Keys are not searched: one in some ten numbers passes for a
 * card's, and a key that is changed is another purchase.
 */
export const cardTokenSchema = networkKeySchema.check(
  z.refine((token) => !holdsCardNumber(token) && !token.includes('********'), problemOfNumber),
);

/** `<network>:<card token>`: the card object's name, and the name of its stream of events. */
export type CardKey = `${Network}:${string}`;
export const cardKeySchema = z.custom<CardKey>(isCardKey, {
  error: 'must be a network and a card token, such as "native:card_1"',
});

function isCardKey(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  const colon = value.indexOf(':');
  return colon > 0 && networkShape.test(value.slice(0, colon)) && isNetworkKey(value.slice(colon + 1));
}

export function cardKey(network: Network, cardToken: string): CardKey {
  return `${network}:${cardToken}`;
}

export function splitCardKey(key: CardKey): { network: Network; cardToken: string } {
  const colon = key.indexOf(':');
  return { network: networkSchema.parse(key.slice(0, colon)), cardToken: key.slice(colon + 1) };
}
