// What the API says of a card, as far as commands show it.

export interface Authorization {
  readonly authorization_id: string;
  readonly currency: string;
  readonly merchant: { readonly name: string | null } | null;
  readonly status: string;
  readonly reason: string | null;
  readonly requested_minor: number;
  readonly held_minor: number;
  readonly posted_minor: number;
  readonly opened_at_ms: number;
  readonly card_id: string | null;
}

export interface Comparison {
  readonly card_id: string;
  readonly verdict: 'same' | 'under_way' | 'differs' | 'unknown';
  readonly differences: readonly string[];
  readonly edge: EdgeSide | null;
  readonly origin: Side & { readonly applied_sequence: number; readonly seen_sequence: number };
}

interface EdgeSide extends Side {
  readonly last_sequence: number;
  readonly published_sequence: number;
  /** Of its refunds of no purchase, what the card may not spend; null: an edge of before. */
  readonly withheld_minor: number | null;
}

interface Side {
  readonly profile_version: number | null;
  readonly held_minor: number;
  readonly posted_minor: number;
}

export interface Reread extends Comparison {
  readonly is_whole: boolean;
  readonly events_taken: number;
}
