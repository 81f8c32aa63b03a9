// The law of order: a life's requests in theirs, and its messages anywhere among them, early, late and twice, end in one life.
// Holds for messages that carry their instant; one without is taken to have happened when it arrives.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Profile } from '../../contracts/profile.ts';
import type { Draw } from './draw.ts';
import { hold } from './laws.ts';
import { Model } from './model.ts';
import { cardCurrency } from './profiles.ts';
import type { Purchase } from './purchase.ts';
import type { MakeCard } from './simulated-card.ts';
import { Store } from './store.ts';

const hourMs = 3_600_000;

const unlimited: Profile = {
  card_id: `card_${'0'.repeat(26)}`,
  account_id: `acct_${'0'.repeat(26)}`,
  version: 1,
  status: 'active',
  currency: cardCurrency,
  expires_at_ms: null,
  funds_minor: 1_000_000_000,
  single_use: false,
  partial_approval: false,
  hold_days: 31,
  controls: [],
};

type Told = { request: AuthorizationRequest } | { message: CardMessage };

/** As the network lived it: every event with its own instant, some at the same one. */
function story(draw: Draw, { requests, messages }: Purchase, startMs: number): Told[] {
  let atMs = startMs;
  const instant = () => {
    atMs += draw.chance(0.15) ? 0 : draw.between(1, hourMs);
    return atMs;
  };
  const asked = requests.filter(({ currency }) => currency === cardCurrency);
  const timeless = draw.chance(0.5);
  const told: Told[] = asked.map((request, index) => {
    const { occurred_at_ms: _, ...rest } = request;
    const isUntimed = index === 0 && timeless && request.kind === 'authorization' && request.amount_minor > 0;
    return { request: isUntimed ? rest : { ...rest, occurred_at_ms: instant() } };
  });
  for (const message of messages) told.push({ message: { ...message, occurred_at_ms: instant() } });
  return told;
}

/** The requests keep their order, because a network waits for its answer; the messages come anywhere. */
function reordered(draw: Draw, told: readonly Told[]): Told[] {
  const messages = draw.shuffled(told.filter((one) => 'message' in one));
  const asked = told.filter((one) => 'request' in one);
  const line: Told[] = [];
  while (messages.length + asked.length > 0) {
    const takesMessage = asked.length === 0 || (messages.length > 0 && draw.chance(0.5));
    const next = takesMessage ? messages.pop() : asked.shift();
    if (next === undefined) break;
    line.push(next);
    if (draw.chance(0.1)) line.push(next);
  }
  return line;
}

/** Tries some orders; how many. */
export function holdOrder(draw: Draw, makeCard: MakeCard, purchase: Purchase, startMs: number): number {
  const told = story(draw, purchase, startMs);
  const orders = [told, ...Array.from({ length: 3 }, () => reordered(draw, told))];
  const [first, ...others] = orders.map((order) => {
    const store = new Store(0);
    const card = makeCard(store, null, []);
    const model = new Model();
    card.putProfile(unlimited, startMs);
    model.putProfile(unlimited, startMs);
    // Arrival: in time at first, or after all has happened.
    let atMs = startMs + (draw.chance(0.5) ? 0 : 2_000 * hourMs);
    for (const one of order) {
      if ('message' in one) atMs = Math.max(atMs + draw.below(60_000), one.message.occurred_at_ms ?? 0);
      else atMs = Math.max(atMs + draw.below(60_000), one.request.occurred_at_ms ?? 0);
      if ('message' in one) {
        card.receive(one.message, atMs);
        model.message(one.message, atMs);
      } else {
        card.authorize(one.request, atMs);
        model.authorize(one.request, atMs, null);
      }
      store.commit();
    }
    const { held_minor, posted_minor, uses } = card.state;
    hold('order_changes_nothing', `held after ${JSON.stringify(order)}`, held_minor, model.totals.held_minor);
    return { order, ended: JSON.stringify({ held_minor, posted_minor, uses }) };
  });
  for (const { order, ended } of others)
    if (ended !== first?.ended)
      hold(
        'order_changes_nothing',
        `the end of ${JSON.stringify(order)} beside ${JSON.stringify(told)}`,
        ended,
        first?.ended,
      );
  return orders.length;
}
