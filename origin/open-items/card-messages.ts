// Messages that a person books for a card. They go to the card's object, as a network's would, and come back to the ledger as its
// events: so edge and ledger agree. Keyed by the item, so that sent twice they are booked once.

import type { CardMessage } from '../../contracts/card-message.ts';
import { currencySchema } from '../../contracts/money.ts';
import { cardKeySchema, networkKeySchema, splitCardKey } from '../../contracts/network.ts';
import type { Sql } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { CardName } from '../intake/streams.ts';
import { describeError } from '../log.ts';
import type { CallOutcome } from './action.ts';
import type { OpenItem } from './open-item.ts';

/** The network's id of the message that an action sends for an item; no network has such ids. */
export function messageKeyOf({ open_item_id }: OpenItem): string {
  return `open-item:${open_item_id}`;
}

/** Null where it is not the name of a card. */
export function cardNamed(cardKey: string | null): CardName | null {
  const parsed = cardKeySchema.safeParse(cardKey);
  if (!parsed.success) return null;
  const { network, cardToken } = splitCardKey(parsed.data);
  return { network, card_token: networkKeySchema.parse(cardToken) };
}

/** The currency that the card has by its profile; null where no such card was made here. */
export async function currencyOfCard(sql: Sql, { network, card_token }: CardName): Promise<string | null> {
  const { rows } = await sql.query<{ profile: { currency?: unknown } }>(
    'select profile from cards where network = $1 and card_token = $2',
    [network, card_token],
  );
  return currencySchema.safeParse(rows[0]?.profile.currency).data ?? null;
}

export async function sendToCard(
  edge: Pick<EdgeClient, 'sendMessage'>,
  card: CardName,
  message: CardMessage,
): Promise<CallOutcome> {
  try {
    const { outcome, field, authorization_id } = await edge.sendMessage(card, message);
    if (outcome === 'conflict')
      return {
        outcome: 'refused',
        field: 'input.message.message_key',
        problem: `was used before, for a message with another ${field ?? 'content'}`,
      };
    const { message_key } = message;
    // An edge of an older release does not name the authorization.
    const named = authorization_id === undefined ? {} : { authorization_id };
    return { outcome: 'done', result: { message_key, card: outcome, ...named } };
  } catch (error) {
    const { message: why } = describeError(error);
    return { outcome: 'not_now', problem: `was not taken by the card: ${why}` };
  }
}
