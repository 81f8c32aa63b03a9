// The client: one object for an API key. Holds no connection and no state of its own; make one and share it.

import { Accounts } from './accounts.ts';
import { Cards } from './cards.ts';
import { Companies } from './companies.ts';
import { Merchants } from './merchants.ts';
import { OpenItems } from './open-items.ts';
import { Settlements } from './settlements.ts';
import { type AtlasOptions, createTransport } from './transport.ts';
import { WebhookEndpoints } from './webhook-endpoints.ts';
import { WebhookMessages } from './webhook-messages.ts';

export class Atlas {
  readonly settlements: Settlements;
  readonly merchants: Merchants;
  readonly cards: Cards;
  readonly companies: Companies;
  readonly accounts: Accounts;
  readonly openItems: OpenItems;
  readonly webhookEndpoints: WebhookEndpoints;
  readonly webhookMessages: WebhookMessages;

  constructor(options: AtlasOptions) {
    const send = createTransport(options);
    this.settlements = new Settlements(send);
    this.merchants = new Merchants(send);
    this.cards = new Cards(send);
    this.companies = new Companies(send);
    this.accounts = new Accounts(send);
    this.openItems = new OpenItems(send);
    this.webhookEndpoints = new WebhookEndpoints(send);
    this.webhookMessages = new WebhookMessages(send);
  }
}
