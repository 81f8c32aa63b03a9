// An account's events: its log. What each does to the account stands in the file of its name.

export type AccountEvent =
  | { readonly kind: 'funded'; readonly key: string; readonly amount_minor: number }
  | { readonly kind: 'withdrawn'; readonly key: string; readonly amount_minor: number }
  | { readonly kind: 'limit_set'; readonly limit_minor: number }
  | { readonly kind: 'share_opened'; readonly share: string; readonly holder: string }
  | { readonly kind: 'granted'; readonly share: string; readonly granted_minor: number }
  | { readonly kind: 'returned'; readonly share: string; readonly returned_minor: number; readonly ended: boolean }
  /** Of the account's own share: its parent has granted more. */
  | { readonly kind: 'received'; readonly granted_minor: number }
  /** Of the account's own share: it goes back to its parent. */
  | { readonly kind: 'given_back'; readonly returned_minor: number }
  | { readonly kind: 'refilled'; readonly period: number; readonly allowance_minor: number }
  | { readonly kind: 'closing' }
  | { readonly kind: 'closed' };

export type EventOf<Kind extends AccountEvent['kind']> = Extract<AccountEvent, { kind: Kind }>;
