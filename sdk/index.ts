// What `@atlas/sdk` gives: the client, its errors, and the verification of webhooks.

export type {
  Account,
  AccountQuery,
  Accounts,
  BalanceAt,
  ListedAccount,
  Moved,
  NewAccount,
  StatementLine,
} from './accounts.ts';
export { Atlas } from './atlas.ts';
export { AtlasError, type FieldProblem } from './atlas-error.ts';
export type { Card, CardProfile, CardQuery, Cards } from './cards.ts';
export type { Companies, Company, Department, Employee, EmployeeQuery, EmployeeWithCards } from './companies.ts';
export type { Listing, Page } from './listing.ts';
export type { Destination, Merchant, Merchants, NewMerchant, PageQuery, Schedule } from './merchants.ts';
export type {
  OpenItem,
  OpenItemActing,
  OpenItemAction,
  OpenItemCounts,
  OpenItemGroup,
  OpenItemQuery,
  OpenItemStatus,
  OpenItems,
  OpenItemsActed,
  WholeOpenItem,
} from './open-items.ts';
export type {
  CreateOptions,
  LedgerSide,
  NewSettlement,
  Settlement,
  SettlementQuery,
  SettlementReturn,
  SettlementState,
  Settlements,
  SettlementTransfer,
  SettlementTransition,
  WaitOptions,
} from './settlements.ts';
export type { AtlasOptions, CallOptions } from './transport.ts';
export type {
  EndpointQuery,
  MessageQuery,
  NewWebhookEndpoint,
  WebhookEndpoint,
  WebhookEndpointChange,
  WebhookEndpoints,
  WebhookEndpointWithSecret,
  WebhookEventType,
  WebhooksRecovered,
} from './webhook-endpoints.ts';
export type {
  WebhookAttempt,
  WebhookMessage,
  WebhookMessages,
  WebhookMessageWithAttempts,
} from './webhook-messages.ts';
export {
  type PingEvent,
  type SettlementEvent,
  type VerifyOptions,
  type WebhookEvent,
  type WebhookHeaders,
  type WebhookProblem,
  WebhookVerificationError,
  webhooks,
} from './webhooks.ts';
