// A provider that answers what a test tells it to. Not used by the service.

import type { AskAnswer, Provider, SubmitAnswer } from '../providers/provider.ts';

export const paid: SubmitAnswer = { outcome: 'paid', provider_reference: 'ref' };
export const down: SubmitAnswer = { outcome: 'unknown', code: 'no_answer' };

export interface Scripted extends Provider {
  answer: () => Promise<SubmitAnswer>;
  askAnswer: () => Promise<AskAnswer>;
  calls: number;
}

export function scripted(name = 'simulated'): Scripted {
  const provider: Scripted = {
    name,
    calls: 0,
    answer: () => Promise.resolve(paid),
    askAnswer: () => Promise.resolve({ outcome: 'not_found' }),
    submit() {
      provider.calls += 1;
      return provider.answer();
    },
    ask: () => provider.askAnswer(),
    readWebhook: () => null,
    listSince: () => Promise.resolve({ payments: [], words: [] }),
    amounts: () => ({ unit_minor: 1n, min_minor: 1n, max_minor: 10n ** 18n }),
    problemOfDestination: (destination) => (destination === 'wrong' ? 'is wrong' : null),
  };
  return provider;
}
