// One purchase as the network knows it, and what the network sends of it.

import type { AuthorizationRequest, Merchant } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';

export interface Purchase {
  /** The authorization's keys: the first, and those of later requests and messages. */
  readonly names: string[];
  readonly merchant: Merchant;
  readonly requests: AuthorizationRequest[];
  readonly messages: CardMessage[];
  approved_minor: number;
}

export type Delivery =
  | {
      readonly kind: 'request';
      readonly purchase: Purchase;
      readonly request: AuthorizationRequest;
      deadline_at_ms: number | null;
    }
  | { readonly kind: 'message'; readonly message: CardMessage }
  | { readonly kind: 'void'; readonly request_key: string };
