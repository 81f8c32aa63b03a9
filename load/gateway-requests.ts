// Marqeta gateway requests without end, each with tokens of its own, over cards in turn.

import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { fillTemplate, marks } from './fill-template.ts';

/** Path and body of the next request. */
export type NextRequest = () => { path: string; body: string };

/** Small and large, none above an everyday card's limit for one purchase. */
const amountsMajor = ['1.10', '4.75', '12.34', '60.00', '249.99'];

export function gatewayTemplates(): string[] {
  return amountsMajor.map((amount) =>
    gatewayMessage({ cardToken: marks.card, amount, transactionToken: marks.transaction, jitToken: marks.jit }),
  );
}

/** `run` keeps the tokens of two runs apart. */
export function gatewayRequests(cardTokens: readonly string[], run: string): NextRequest {
  const templates = gatewayTemplates();
  let count = 0;
  return () => {
    const number = count++;
    const body = fillTemplate(templates[number % templates.length] ?? '', {
      card: cardTokens[number % cardTokens.length] ?? '',
      transaction: `tx-${run}-${number}`,
      jit: `jit-${run}-${number}`,
    });
    return { path: '/networks/marqeta/gateway', body };
  };
}

/** The floor gets the same bytes; the card is in the path, so that it need not parse. */
export function floorRequests(cardTokens: readonly string[], run: string): NextRequest {
  const next = gatewayRequests(cardTokens, run);
  let count = 0;
  return () => ({ path: `/${cardTokens[count++ % cardTokens.length]}`, body: next().body });
}
