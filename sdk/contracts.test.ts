// The package carries its own types, so that it needs nothing of ours; here the compiler holds them against the contracts.

import { expect, test } from 'vitest';
import type * as openItem from '../contracts/open-item.ts';
import type * as settlement from '../contracts/settlement.ts';
import type * as webhook from '../contracts/webhook.ts';
import type { OpenItem, OpenItemCounts, OpenItemsActed, WholeOpenItem } from './open-items.ts';
import type {
  NewSettlement,
  Settlement,
  SettlementState,
  SettlementTransfer,
  SettlementTransition,
} from './settlements.ts';
import type {
  NewWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointChange,
  WebhookEndpointWithSecret,
  WebhookEventType,
  WebhooksRecovered,
} from './webhook-endpoints.ts';
import type { WebhookAttempt, WebhookMessage, WebhookMessageWithAttempts } from './webhook-messages.ts';
import type { SettlementEvent } from './webhooks.ts';

/** `true` where each can stand for the other and has the same fields; anything else is an error of the compiler. */
type Same<A, B> = [Writable<A>] extends [Writable<B>]
  ? [Writable<B>] extends [Writable<A>]
    ? [keyof A] extends [keyof B]
      ? [keyof B] extends [keyof A]
        ? true
        : false
      : false
    : false
  : false;
type Writable<T> = T extends object ? { -readonly [K in keyof T]: Writable<T[K]> } : T;

/** What one sends may be wider in its ids (any text), never in its fields. */
type SameFields<A, B> = [keyof A] extends [keyof B] ? ([keyof B] extends [keyof A] ? true : false) : false;

test('the types are those of the contracts', () => {
  const same: {
    state: Same<SettlementState, settlement.SettlementState>;
    settlement: Same<Settlement, settlement.Settlement>;
    transition: Same<SettlementTransition, settlement.SettlementTransition>;
    transfer: Same<SettlementTransfer, settlement.SettlementTransfer>;
    event: Same<SettlementEvent, settlement.SettlementWebhook>;
    eventType: Same<WebhookEventType, (typeof settlement.settlementEventTypes)[number]>;
    endpoint: Same<WebhookEndpoint, webhook.WebhookEndpoint>;
    endpointWithSecret: Same<WebhookEndpointWithSecret, webhook.WebhookEndpointWithSecret>;
    message: Same<WebhookMessage, webhook.WebhookMessage>;
    messageWithAttempts: Same<WebhookMessageWithAttempts, webhook.WebhookMessageWithAttempts>;
    attempt: Same<WebhookAttempt, webhook.WebhookAttempt>;
    recovered: Same<WebhooksRecovered, webhook.WebhooksRecovered>;
    openItem: Same<OpenItem, openItem.OpenItem>;
    wholeOpenItem: Same<WholeOpenItem, openItem.WholeOpenItem>;
    openItemCounts: Same<OpenItemCounts, openItem.OpenItemCounts>;
    openItemsActed: Same<OpenItemsActed, openItem.OpenItemsActed>;
    newSettlement: SameFields<NewSettlement, settlement.NewSettlement>;
    newEndpoint: SameFields<NewWebhookEndpoint, webhook.NewWebhookEndpoint>;
    endpointChange: SameFields<WebhookEndpointChange, webhook.WebhookEndpointChange>;
  } = {
    ...{
      state: true,
      settlement: true,
      transition: true,
      transfer: true,
      event: true,
      eventType: true,
      endpoint: true,
    },
    ...{ endpointWithSecret: true, message: true, messageWithAttempts: true, attempt: true, recovered: true },
    ...{ openItem: true, wholeOpenItem: true, openItemCounts: true, openItemsActed: true },
    ...{ newSettlement: true, newEndpoint: true, endpointChange: true },
  };
  expect(Object.values(same).every(Boolean)).toBe(true);
});
