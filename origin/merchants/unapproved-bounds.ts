// How much of what no card approved is owed to shops without a person, and how much of what no purchase had cleared is refunded. Networks
// do send such clearings (tips, fuel, offline, late ones) and refunds, so small sums pass; whoever has a network's credential can invent
// them, so large sums wait.

import { type Amounts, amountMaxMinor, perCardMaxMinor } from '../../contracts/amount-max.ts';

export interface UnapprovedBounds {
  /** Minor units by currency: of one card on one day by UTC, what its account's funds do not cover; and of refunds, all. */
  readonly perCard: Amounts;
  /** Of one network on one day by UTC, all that no card approved, covered by funds or not; and as much of refunds. */
  readonly perNetwork: Amounts;
}

export const defaultBounds: UnapprovedBounds = { perCard: new Map(), perNetwork: new Map() };

/** A part of the largest single amount that is believed (ten million units): 50,000.00 USD. */
export function perNetworkMax({ perNetwork }: Pick<UnapprovedBounds, 'perNetwork'>, currency: string): bigint {
  return BigInt(perNetwork.get(currency) ?? Math.floor(amountMaxMinor(currency, new Map()) / 200));
}

/** A shop is charged without a person with this part of what a network's day lets pass: 5,000.00 USD. */
const shopPart = 10n;

/** `beyond_funds` of clearings and `card_sum` of refunds: the card's day is over its bound. `shop_sum`: of refunds, the shop's day. */
export type WithheldReason = 'no_account' | 'beyond_funds' | 'card_sum' | 'shop_sum' | 'network_sum';

export interface ToJudge {
  readonly clearing_no: string;
  readonly stream_id: string;
  readonly currency: string;
  readonly left_minor: bigint;
  /** Booked to suspense: nobody knows the card, or its account has another currency. */
  readonly in_suspense: boolean;
  /** What the cardholder's account covers is left out, holds counted; null: nothing is, because it is a refund. */
  readonly overdraft_minor: bigint | null;
  /** Of a refund: its card withholds more since, so that a person is asked in any case. */
  readonly card_withholds: boolean;
  /** The shop that is charged; null: none that a merchant has, or it is owed and not charged. */
  readonly shop: string | null;
}

/** What has passed today. Judging adds to it. */
export interface PassedToday {
  /** By `<clearing_no> <stream_id>`; stream 0 is the network's sum. */
  readonly cards: Map<string, bigint>;
  /** By `<clearing_no> <shop>`. */
  readonly shops: Map<string, bigint>;
}

/** Null: it passes. What is withheld adds to no sum. */
export function judge(one: ToJudge, passed: PassedToday, bounds: UnapprovedBounds): WithheldReason | null {
  const { clearing_no, stream_id, currency, left_minor, overdraft_minor, shop } = one;
  if (one.in_suspense) return 'no_account';
  if (one.card_withholds) return 'card_sum';
  const beyond = overdraft_minor === null ? left_minor : least(left_minor, overdraft_minor);
  const ofCard = (passed.cards.get(`${clearing_no} ${stream_id}`) ?? 0n) + beyond;
  if (beyond > 0n && ofCard > perCardMaxMinor(currency, bounds.perCard))
    return overdraft_minor === null ? 'card_sum' : 'beyond_funds';
  const perNetwork = perNetworkMax(bounds, currency);
  const ofShop = (passed.shops.get(`${clearing_no} ${shop}`) ?? 0n) + left_minor;
  if (shop !== null && ofShop > perNetwork / shopPart) return 'shop_sum';
  const ofNetwork = (passed.cards.get(`${clearing_no} 0`) ?? 0n) + left_minor;
  if (ofNetwork > perNetwork) return 'network_sum';
  if (beyond > 0n) passed.cards.set(`${clearing_no} ${stream_id}`, ofCard);
  if (shop !== null) passed.shops.set(`${clearing_no} ${shop}`, ofShop);
  passed.cards.set(`${clearing_no} 0`, ofNetwork);
  return null;
}

function least(one: bigint, other: bigint): bigint {
  return one < other ? one : other;
}
