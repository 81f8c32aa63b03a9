// What of a message must be the same for it to be a repeat, and the name of what it is about.

import type { CardMessage } from '../../contracts/card-message.ts';

/** What makes a message the fact that it is. Who decided, where and when are told with it, and change nothing of the money. */
export function contentOf(message: CardMessage) {
  return {
    kind: message.kind,
    currency: message.currency,
    authorization_key: message.authorization_key,
    alias_key: message.alias_key,
    amount_minor: 'amount_minor' in message ? message.amount_minor : undefined,
    hold_minor: 'hold_minor' in message ? message.hold_minor : undefined,
    final: 'final' in message ? message.final : undefined,
    request_key: 'request_key' in message ? message.request_key : undefined,
  };
}

/**
 * The key under which a message without an authorization (force post, unlinked refund) is kept: its own, behind a space, which
 * no network's key has, so that nothing a network names can meet it.
 */
export function authorizationKeyOf(message: CardMessage): string {
  return message.authorization_key ?? `message ${message.message_key}`;
}
