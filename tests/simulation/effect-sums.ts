// What the events' effects come to, by currency: an event is of the currency of its authorization's first.

import type { CardEventBody } from '../../contracts/card-event.ts';

interface Sums {
  held_minor: number;
  posted_minor: number;
}

const nothing: Readonly<Sums> = { held_minor: 0, posted_minor: 0 };

export class EffectSums {
  readonly #currencies = new Map<string, string>();
  readonly #sums = new Map<string, Sums>();

  /** `currency` null: of a card that nothing has happened to. */
  in(currency: string | null): Readonly<Sums> {
    return this.#sums.get(currency ?? '') ?? nothing;
  }

  take(body: CardEventBody): void {
    if (!('effect' in body) || ('anomaly' in body && body.anomaly !== undefined)) return;
    const id = body.authorization_id ?? '';
    const currency = this.#currencies.get(id) ?? currencyIn(body);
    // A declined request may be of any currency, and is no authorization yet; nor is its void.
    if (currency === null) return;
    this.#currencies.set(id, currency);
    const sums = this.#sums.get(currency) ?? { held_minor: 0, posted_minor: 0 };
    this.#sums.set(currency, sums);
    const released = 'joined' in body ? (body.joined?.released_minor ?? 0) : 0;
    sums.held_minor += body.effect.hold_minor - released;
    sums.posted_minor += body.effect.posted_minor;
  }
}

function currencyIn(body: CardEventBody): string | null {
  if (body.kind === 'message') return body.message.currency;
  return body.kind === 'authorization' && body.decision.outcome === 'approved' ? body.request.currency : null;
}
