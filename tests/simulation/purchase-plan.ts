// How a purchase may go on after it was approved: every row of the life of an authorization, as a network would tell it.

import type { CardMessage } from '../../contracts/card-message.ts';
import type { Network } from './network.ts';
import { cardCurrency } from './profiles.ts';
import type { Purchase } from './purchase.ts';

const secondMs = 1_000;
const hourMs = 3_600_000;
const dayMs = 86_400_000;

type Told<M> = M extends CardMessage
  ? Omit<M, 'message_key' | 'currency' | 'authorization_key' | 'occurred_at_ms' | 'alias_key'>
  : never;

/** A message with its key and its instant; `purchase` null: one that names no authorization. */
export function messageOf(
  network: Network,
  purchase: Purchase | null,
  told: Told<CardMessage>,
  atMs: number,
): CardMessage {
  const { draw } = network;
  const common: Record<string, unknown> = {
    message_key: network.newKey('message'),
    currency: draw.chance(0.985) ? cardCurrency : 'USD',
    authorization_key: purchase === null ? null : draw.pick(purchase.names),
  };
  Object.assign(common, network.clock.ofMessage(atMs));
  if (purchase !== null && draw.chance(0.05)) {
    const alias = network.newKey('life');
    purchase.names.push(alias);
    common['alias_key'] = alias;
  } else if (purchase !== null && purchase.names.length > 1 && draw.chance(0.3)) {
    const other = draw.pick(purchase.names);
    if (other !== common['authorization_key']) common['alias_key'] = other;
  }
  if ('merchant' in told) common['merchant'] = network.shops.write(told.merchant);
  return { ...told, ...common } as CardMessage;
}

/** Schedules one of the ways a purchase may go on. */
export function afterwards(network: Network, purchase: Purchase, nowMs: number): void {
  const { draw } = network;
  const { approved_minor } = purchase;
  const merchant = draw.chance(0.6) ? purchase.merchant : null;
  let atMs = nowMs;
  const later = () => {
    atMs += draw.pick([draw.below(2 * secondMs), draw.below(hourMs), draw.below(dayMs), draw.below(9 * dayMs)]);
    return atMs;
  };
  const clear = (amount_minor: number, final: boolean) =>
    network.tell(purchase, { kind: 'clearing', amount_minor, final, merchant }, later());
  const part = Math.ceil(approved_minor / draw.between(2, 4));
  const advised = draw.pick([part, approved_minor + part, 0]);
  switch (draw.below(12)) {
    case 0:
      clear(approved_minor, true);
      break;
    case 1:
      clear(part, false);
      clear(part, false);
      if (draw.chance(0.7)) clear(Math.max(0, approved_minor - 2 * part), true);
      break;
    case 2:
      // Tips, fuel: above the hold.
      clear(approved_minor + draw.between(1, 3_000), draw.chance(0.6));
      break;
    case 3:
      network.tell(purchase, { kind: 'reversal', amount_minor: part }, later());
      clear(approved_minor - part, draw.chance(0.8));
      break;
    case 4:
      network.tell(purchase, { kind: 'reversal', amount_minor: null }, later());
      if (draw.chance(0.15)) clear(approved_minor, true);
      break;
    case 5:
      atMs += draw.between(5, 9) * dayMs;
      network.tell(purchase, { kind: 'expiry' }, later());
      if (draw.chance(0.4)) clear(approved_minor, true);
      break;
    case 6:
      // Nobody clears it: the card lets it lapse. Sometimes it is cleared after that.
      atMs += draw.between(8, 45) * dayMs;
      if (draw.chance(0.5)) clear(approved_minor, draw.chance(0.8));
      break;
    case 7:
      advise(network, purchase, advised, later());
      clear(advised, true);
      break;
    case 8:
      clear(approved_minor, true);
      network.tell(purchase, { kind: 'refund', amount_minor: part, merchant }, later());
      if (draw.chance(0.3))
        network.tell(purchase, { kind: 'refund', amount_minor: approved_minor - part, merchant }, later());
      break;
    case 9:
      // Taken back and tried again, under the same authorization, within a moment.
      network.tell(purchase, { kind: 'reversal', amount_minor: null }, atMs + draw.below(secondMs));
      network.askLater(purchase, 'authorization', atMs + draw.below(2 * secondMs));
      break;
    case 10:
      // More back than was ever taken.
      clear(approved_minor, true);
      for (const times of draw.pick([[3], [1, 1], [1, 2]]))
        network.tell(purchase, { kind: 'refund', amount_minor: times * approved_minor, merchant }, later());
      break;
    default:
      clear(part, false);
      network.tell(purchase, { kind: 'reversal', amount_minor: null }, later());
  }
}

/** The network decides by itself: more, less or nothing. */
function advise(network: Network, purchase: Purchase, hold_minor: number, atMs: number): void {
  const { draw } = network;
  const request_key = draw.chance(0.2) ? purchase.requests.at(-1)?.request_key : undefined;
  const answered = request_key === undefined ? {} : { request_key };
  const decided_by = draw.pick(['network', 'processor', 'edge'] as const);
  const merchant = draw.chance(0.6) ? purchase.merchant : null;
  network.tell(purchase, { kind: 'advice', hold_minor, decided_by, merchant, ...answered }, atMs);
}
