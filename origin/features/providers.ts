// Payment providers behind their guards, those whose messages are only read, and the bank files of those that have them.

import type { ActionParts } from '../open-items/action.ts';
import { listeningProviders, payingProviders } from '../providers/from-settings.ts';
import { type GuardedProvider, guarded } from '../providers/guarded.ts';
import { createFileAgain, createInboxLoop } from '../providers/iso20022/inbox-loop.ts';
import type { Iso20022Provider } from '../providers/iso20022/iso20022.ts';
import type { Provider } from '../providers/provider.ts';
import { createProviderMetrics } from '../providers/provider-metrics.ts';
import type { Feature, Ground } from './feature.ts';

export interface Providers extends Feature {
  /** The primary first. */
  readonly paying: readonly GuardedProvider[];
  /** Whose messages are read: those that pay, and those that may still have payments under way. */
  readonly listening: readonly Provider[];
  /** Null: no provider here has bank files. */
  readonly readBankFileAgain: ActionParts['readBankFileAgain'];
}

export function createProviders(ground: Ground): Providers {
  const { database, registry, log } = ground;
  const metrics = createProviderMetrics(registry);
  const behind = payingProviders(ground);
  const paying = behind.map((provider) =>
    guarded(provider, {
      metrics,
      log,
      // A bank file is one exchange for as many as wait for it.
      ...(provider.name === 'iso20022' ? { submissions: { concurrencyMax: 1_000, queueMax: 1_000 } } : {}),
    }),
  );
  const left = listeningProviders(ground);
  const listening = [...paying, ...left];
  const inboxes = [...behind, ...left].filter((provider) => 'readInbox' in provider) as Iso20022Provider[];
  const [files] = inboxes;
  return {
    paying,
    listening,
    readBankFileAgain: files === undefined ? null : createFileAgain({ provider: files, database }),
    routes: [],
    loops: inboxes.map((provider) => createInboxLoop({ provider, database, log })),
    gauges: [],
    async close() {
      await Promise.all(listening.map((provider) => provider.close?.()));
    },
  };
}
