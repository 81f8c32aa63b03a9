// A card of Marqeta's, and what Marqeta says of it through the worker's door, for tests. What is kept for a person is heard.

import type { Profile } from '../../contracts/profile.ts';
import { basic, callHearing, cardAt, newToken } from './calls.ts';

export type Fields = Record<string, unknown>;

interface Stated {
  readonly cardToken: string;
  readonly amount: string;
  readonly token?: string;
  readonly final?: boolean;
  readonly type?: 'authorization.clearing' | 'refund';
}

/** Who writes the texts: samples of other rooms, which tests may use and this file may not. */
interface Samples {
  readonly profile: (changes: Partial<Profile>) => Profile;
  readonly gatewayMessage: (input: { cardToken: string; amount: string; transactionToken: string }) => string;
  readonly webhookMessage: (
    input: Stated & { type: 'authorization.clearing' | 'refund'; precedingToken: string },
  ) => string;
}

/** Makes cards of Marqeta's with 100 USD, each with what Marqeta says of it. */
export function cardMaker(samples: Samples) {
  return (changes: Partial<Profile> = {}) => newCard(samples, changes);
}

async function newCard({ profile, gatewayMessage, webhookMessage }: Samples, changes: Partial<Profile>) {
  const cardToken = newToken();
  const transactionToken = `transaction-${cardToken}`;
  await cardAt('marqeta', cardToken).putProfile(profile({ funds_minor: 10_000, ...changes }));
  const post = (route: string, body: unknown, send?: Parameters<typeof callHearing>[2]) =>
    callHearing(
      `/networks/marqeta/${route}`,
      { method: 'POST', body: typeof body === 'string' ? body : JSON.stringify(body), headers: basic() },
      send,
    );
  const linked = (input: Partial<Stated>, told: Fields = {}): Fields => {
    const whole = { type: 'authorization.clearing', cardToken, amount: '10', ...input } as const;
    const { transactions } = JSON.parse(webhookMessage({ ...whole, precedingToken: transactionToken })) as {
      transactions: [Fields];
    };
    return { ...transactions[0], ...told };
  };
  const { card_acceptor } = linked({}) as { card_acceptor: Fields };
  return {
    cardToken,
    acceptor: (told: Fields) => ({ card_acceptor: { ...card_acceptor, ...told } }),
    ask: (told: Fields = {}) => {
      const message = JSON.parse(gatewayMessage({ cardToken, amount: '10', transactionToken })) as Fields;
      return post('gateway', { ...message, ...told });
    },
    notify: (...transactions: unknown[]) => post('webhook', { transactions }),
    post,
    linked,
    read: () => cardAt('marqeta', cardToken).read(),
    events: async () => (await cardAt('marqeta', cardToken).eventsAfter(0)).events,
  };
}
