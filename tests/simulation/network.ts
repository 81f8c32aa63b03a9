// The simulated network of one card: what it asks, and what it tells afterwards, late, twice, or before it was asked.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import { channels, entryModes, threeDSecureResults } from '../../contracts/authorization-request.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { Draw } from './draw.ts';
import type { NetworkClock } from './network-clock.ts';
import type { ShopWriter } from './odd-shops.ts';
import { cardCurrency } from './profiles.ts';
import type { Delivery, Purchase } from './purchase.ts';
import { afterwards, messageOf } from './purchase-plan.ts';
import type { World } from './world.ts';

const secondMs = 1_000;
const minuteMs = 60_000;
const dayMs = 86_400_000;

const purchasesMax = 10;

export class Network {
  readonly draw: Draw;
  /** Amounts that would just fit, or just not. */
  hints: number[] = [];
  readonly purchases: Purchase[] = [];
  readonly clock: NetworkClock;
  readonly shops: ShopWriter;
  readonly #world: World;
  readonly #waiting: { due_ms: number; delivery: Delivery }[] = [];
  #keys = 0;

  constructor(draw: Draw, world: World, { clock, shops }: Pick<Network, 'clock' | 'shops'>) {
    this.draw = draw;
    this.#world = world;
    this.clock = clock;
    this.shops = shops;
  }

  newKey(kind: string): string {
    this.#keys++;
    return `${kind}-${this.#keys}`;
  }

  schedule(dueMs: number, delivery: Delivery): void {
    this.#waiting.push({ due_ms: dueMs, delivery });
  }

  /** Any of what is due, in no order. */
  takeDue(nowMs: number): Delivery | null {
    const { length } = this.#waiting;
    if (length === 0) return null;
    const start = this.draw.below(length);
    for (let index = 0; index < length; index++) {
      const place = (start + index) % length;
      const waiting = this.#waiting[place];
      if (waiting === undefined || waiting.due_ms > nowMs) continue;
      const last = this.#waiting.pop();
      if (place < length - 1 && last !== undefined) this.#waiting[place] = last;
      return waiting.delivery;
    }
    return null;
  }

  /** Something that nobody waits for. */
  newActivity(nowMs: number): Delivery {
    const { draw } = this;
    const kind = draw.below(100);
    if (kind < 12 && this.purchases.length > 0) return this.#more(draw.pick(this.purchases), nowMs);
    if (kind < 80) return this.#purchase(nowMs);
    if (kind < 86) return this.#question(nowMs);
    if (kind < 92) return this.#toldFirst(nowMs);
    if (kind < 94) return { kind: 'void', request_key: this.newKey('never-asked') };
    return this.#outOfNowhere(nowMs);
  }

  #purchase(nowMs: number): Delivery {
    const purchase = this.#begin();
    const asked = this.#ask(purchase, 'authorization', nowMs);
    if (this.draw.chance(0.01)) {
      this.#stoodIn(purchase, asked.request, nowMs);
      return this.takeDue(nowMs) ?? this.#outOfNowhere(nowMs);
    }
    if (this.draw.chance(0.985)) return asked;
    // The answer's deadline is over before the request arrives.
    this.schedule(nowMs + this.draw.below(5 * minuteMs), asked);
    return { kind: 'void', request_key: asked.request.request_key };
  }

  #begin(): Purchase {
    const purchase: Purchase = {
      names: [this.newKey('life')],
      merchant: this.draw.pick(this.#world.merchants),
      ...{ requests: [], messages: [], approved_minor: 0 },
    };
    this.purchases.push(purchase);
    if (this.purchases.length > purchasesMax) this.purchases.shift();
    return purchase;
  }

  #more(purchase: Purchase, nowMs: number): Delivery {
    return this.#ask(purchase, this.draw.chance(0.85) ? 'incremental' : 'authorization', nowMs);
  }

  #question(nowMs: number): Delivery {
    const kind = this.draw.chance(0.6) ? 'account_verification' : 'balance_inquiry';
    return this.#ask(
      this.draw.chance(0.9) ? this.#begin() : this.draw.pick(this.purchases.concat(this.#begin())),
      kind,
      nowMs,
    );
  }

  /** The network tells of a purchase before it asks; or asks never, because it has decided by itself. */
  #toldFirst(nowMs: number): Delivery {
    const { draw } = this;
    const purchase = this.#begin();
    const merchant = draw.chance(0.7) ? purchase.merchant : null;
    const amount_minor = this.#amount();
    const kind = draw.below(4);
    if (kind === 0) {
      this.tell(purchase, { kind: 'advice', hold_minor: amount_minor, decided_by: 'network', merchant }, nowMs);
      purchase.approved_minor = amount_minor;
      if (draw.chance(0.7)) afterwards(this, purchase, nowMs);
    } else {
      const asked = this.#ask(purchase, 'authorization', nowMs);
      this.schedule(nowMs + draw.pick([secondMs, 10 * minuteMs, dayMs, 3 * dayMs]), asked);
      const { amount_minor: of } = asked.request;
      if (kind === 1)
        this.tell(purchase, { kind: 'clearing', amount_minor: of, final: draw.chance(0.7), merchant }, nowMs);
      else if (kind === 2)
        this.tell(
          purchase,
          { kind: 'reversal', amount_minor: draw.chance(0.5) ? null : draw.between(1, of + 1) },
          nowMs,
        );
      else this.tell(purchase, { kind: 'expiry' }, nowMs);
    }
    return this.takeDue(nowMs) ?? this.#outOfNowhere(nowMs);
  }

  /** Force posts, refunds without a link, messages of purchases that nobody knows, conflicts. */
  #outOfNowhere(nowMs: number): Delivery {
    const { draw } = this;
    const merchant = draw.chance(0.8) ? draw.pick(this.#world.merchants) : null;
    const amount_minor = this.#amount();
    const purchase = draw.chance(0.6) ? null : this.#begin();
    const kind = draw.below(3);
    if (kind === 0) return this.#message(purchase, { kind: 'refund', amount_minor, merchant }, nowMs);
    if (kind === 1 && purchase !== null)
      return this.#message(purchase, { kind: 'reversal', amount_minor: draw.chance(0.5) ? null : amount_minor }, nowMs);
    return this.#message(purchase, { kind: 'clearing', amount_minor, final: draw.chance(0.7), merchant }, nowMs);
  }

  #message(purchase: Purchase | null, told: Parameters<typeof messageOf>[2], nowMs: number): Delivery {
    return { kind: 'message', message: messageOf(this, purchase, told, nowMs) };
  }

  /** Sends a message of a purchase, soon or late, once or more often. */
  tell(purchase: Purchase, told: Parameters<typeof messageOf>[2], atMs: number): void {
    const { draw } = this;
    const message = messageOf(this, purchase, told, atMs);
    purchase.messages.push(message);
    const lag = draw.pick([0, 0, 0, draw.below(5 * secondMs), draw.below(dayMs), draw.below(9 * dayMs)]);
    this.schedule(atMs + lag, { kind: 'message', message });
    if (draw.chance(0.12))
      this.schedule(atMs + lag + draw.pick([0, minuteMs, 12 * dayMs]), { kind: 'message', message });
  }

  #amount(): number {
    const { draw } = this;
    if (this.hints.length > 0 && draw.chance(0.12)) return Math.max(1, draw.pick(this.hints) + draw.between(-1, 1));
    return draw.pick([draw.between(1, 3_000), draw.between(500, 9_000), draw.between(5_000, 40_000)]);
  }

  #ask(purchase: Purchase, kind: AuthorizationRequest['kind'], nowMs: number): Extract<Delivery, { kind: 'request' }> {
    const { draw } = this;
    const moves = kind === 'authorization' || kind === 'incremental';
    const isMore = purchase.requests.length > 0;
    const [first = ''] = purchase.names;
    const request: AuthorizationRequest = {
      request_key: this.newKey('request'),
      authorization_key: isMore ? draw.pick(purchase.names) : first,
      kind,
      amount_minor: moves ? (draw.chance(0.02) ? 0 : this.#amount()) : draw.chance(0.9) ? 0 : 100,
      currency: draw.chance(0.985) ? cardCurrency : 'USD',
      merchant: this.shops.write(isMore && draw.chance(0.2) ? draw.pick(this.#world.merchants) : purchase.merchant),
      channel: draw.pick(channels),
      entry_mode: draw.pick(entryModes),
      card_present: draw.pick([true, false, null]),
      partial_approval_capable: draw.chance(0.5),
    };
    if (isMore && draw.chance(0.6)) request.alias_key = this.newKey('life');
    // A second try under a name of its own: only a later message says that it is of this purchase.
    else if (isMore && moves && draw.chance(0.4)) {
      request.authorization_key = this.newKey('life');
      purchase.names.push(request.authorization_key);
    }
    Object.assign(request, this.clock.ofRequest(nowMs));
    if (draw.chance(0.15))
      request.hold_expires_at_ms = Math.max(0, nowMs + this.clock.jumpMs + draw.between(1, 40) * dayMs);
    if (draw.chance(0.2)) request.merchant_currency = draw.pick(['USD', 'JPY']);
    if (draw.chance(0.6)) request.three_d_secure = draw.pick(threeDSecureResults);
    if (draw.chance(0.6)) request.risk_score = draw.below(100);
    if (request.alias_key !== undefined) purchase.names.push(request.alias_key);
    const deadline = draw.below(100);
    const deadline_at_ms = deadline < 50 ? null : nowMs + (deadline < 98 ? 2_500 : -1);
    return { kind: 'request', purchase, request, deadline_at_ms };
  }

  /** What the network does once it has its answer, or none: `decision` null. */
  answered(
    { purchase, request }: Extract<Delivery, { kind: 'request' }>,
    decision: Decision | null,
    nowMs: number,
  ): void {
    const { draw } = this;
    const again = (asked: AuthorizationRequest, dueMs: number) =>
      this.schedule(dueMs, { kind: 'request', purchase, request: asked, deadline_at_ms: null });
    if (decision === null) this.#unanswered(purchase, request, nowMs);
    else if (draw.chance(0.06)) {
      const dueMs = nowMs + draw.pick([0, 0, draw.below(10 * secondMs), draw.below(12 * dayMs)]);
      if (draw.chance(0.8)) again(request, dueMs);
      else if (draw.chance(0.5)) again({ ...request, occurred_at_ms: nowMs }, dueMs);
      else again({ ...request, amount_minor: request.amount_minor + 1 }, dueMs);
    }
    if (decision === null) return;
    this.#learn(decision);
    purchase.requests.push(request);
    this.#goOn(purchase, request, decision, nowMs);
    if (decision.outcome === 'approved' && decision.approved_minor > 0) {
      purchase.approved_minor += decision.approved_minor;
      if (draw.chance(0.02)) this.schedule(nowMs + 2_500, { kind: 'void', request_key: request.request_key });
      if (request.kind === 'authorization' || draw.chance(0.3)) afterwards(this, purchase, nowMs);
    } else if (decision.outcome === 'declined' && draw.chance(0.06)) {
      // Decided without us after all, or forced through.
      const { merchant } = purchase;
      if (draw.chance(0.5))
        this.tell(purchase, { kind: 'clearing', amount_minor: request.amount_minor, final: true, merchant }, nowMs);
      else
        this.tell(
          purchase,
          { kind: 'advice', hold_minor: request.amount_minor, decided_by: 'network', merchant },
          nowMs,
        );
    }
  }

  /** Asks again under the same authorization: a second try, the purchase after its verification, or more of it much later. */
  #goOn(purchase: Purchase, request: AuthorizationRequest, { outcome, hold_minor }: Decision, nowMs: number): void {
    const { draw } = this;
    const soonMs = nowMs + draw.pick([0, draw.below(secondMs), draw.below(minuteMs), draw.below(2 * dayMs)]);
    if (request.kind === 'account_verification' && draw.chance(0.4)) this.askLater(purchase, 'authorization', soonMs);
    else if (outcome === 'declined' && draw.chance(0.05)) this.askLater(purchase, 'authorization', soonMs);
    else if (hold_minor > 0 && draw.chance(0.05)) {
      const lengths = this.#world.windows.flatMap((window) => (window.per === 'rolling' ? [window.seconds] : []));
      this.askLater(purchase, 'incremental', nowMs + draw.pick(lengths) * secondMs + draw.between(-30, 30) * secondMs);
    }
  }

  askLater(purchase: Purchase, kind: AuthorizationRequest['kind'], dueMs: number): void {
    this.schedule(dueMs, { ...this.#ask(purchase, kind, dueMs), deadline_at_ms: null });
  }

  #unanswered(purchase: Purchase, request: AuthorizationRequest, nowMs: number): void {
    const { draw } = this;
    const { request_key } = request;
    const kind = draw.below(10);
    if (kind < 7)
      this.schedule(nowMs + draw.below(10 * secondMs), { kind: 'request', purchase, request, deadline_at_ms: null });
    if (kind === 6 || kind === 7) this.schedule(nowMs + draw.below(3 * secondMs), { kind: 'void', request_key });
    if (kind >= 8) this.#stoodIn(purchase, request, nowMs);
  }

  /** Our own edge has answered in the card's place, and tells the card when it can; the request may come before, late, or never. */
  #stoodIn(purchase: Purchase, request: AuthorizationRequest, nowMs: number): void {
    const { draw } = this;
    const { request_key, amount_minor: hold_minor } = request;
    const answered = { hold_minor, request_key, merchant: purchase.merchant };
    this.tell(purchase, { kind: 'advice', decided_by: 'edge', ...answered }, nowMs);
    const deadline_at_ms = draw.chance(0.3) ? nowMs : null;
    const asked = { kind: 'request', purchase, request, deadline_at_ms } as const;
    if (draw.chance(0.7)) this.schedule(nowMs + draw.below(dayMs), asked);
    if (draw.chance(0.4)) this.schedule(nowMs + draw.below(dayMs), { kind: 'void', request_key });
  }

  #learn({ trace, available_minor }: Decision): void {
    for (const { remaining_minor } of trace)
      if (remaining_minor !== undefined && remaining_minor > 0) this.hints.push(remaining_minor);
    if (available_minor !== null && available_minor > 0) this.hints.push(available_minor);
    this.hints = this.hints.slice(-6);
  }
}
