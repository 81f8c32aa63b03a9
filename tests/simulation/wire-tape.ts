// What can be seen of a card from outside, and nothing else: what the network sent and was answered, and the events that the
// origin has. No figure here comes from the card's memory or from the model.

import type { AuthorizationRequest } from '../../contracts/authorization-request.ts';
import type { CardMessage } from '../../contracts/card-message.ts';
import type { Decision } from '../../contracts/decision.ts';
import type { AuthorizeAnswer } from '../../core/card/card.ts';

/** Further behind, the card's clock had jumped ahead, and follows back (case T8). */
const standsStillMsMax = 2 * 86_400_000;

export class WireTape {
  /** Every answer that reached the network, in order. */
  readonly told: { readonly request: AuthorizationRequest; readonly decision: Decision }[] = [];
  /** Keys of all messages that were sent, heard or not. */
  readonly sent = new Set<string>();
  /** Messages that were acknowledged. */
  readonly acknowledged: CardMessage[] = [];
  /** Of a request, whenever it was heard: what the card's clock said, and the latest that it had said by then. */
  readonly #heard = new Map<string, { readonly saidMs: number; readonly latestMs: number }[]>();
  #saidMs = 0;
  #latestMs = 0;

  /** A call is made: what the card reads from its clock. */
  reads(clockMs: number): void {
    this.#saidMs = clockMs;
    this.#latestMs = Math.max(this.#latestMs, clockMs);
  }

  heard({ request_key }: AuthorizationRequest): void {
    const times = this.#heard.get(request_key);
    const time = { saidMs: this.#saidMs, latestMs: this.#latestMs };
    if (times === undefined) this.#heard.set(request_key, [time]);
    else times.push(time);
  }

  answered(request: AuthorizationRequest, answer: AuthorizeAnswer): void {
    if (answer.outcome === 'decided') this.told.push({ request, decision: answer.decision });
  }

  acknowledge(message: CardMessage): void {
    this.acknowledged.push(message);
  }

  /** The card's clock may stand still while the machine's is behind it, for two days at most, and never runs ahead of it. */
  wasHeardAt(requestKey: string, atMs: number): boolean {
    const times = this.#heard.get(requestKey) ?? [];
    return times.some(
      ({ saidMs, latestMs }) => saidMs <= atMs && atMs <= Math.min(latestMs, saidMs + standsStillMsMax),
    );
  }
}
