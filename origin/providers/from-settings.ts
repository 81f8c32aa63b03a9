// Each provider made from its settings: those that pay, and those whose messages are still read.

import type { Logger } from 'pino';
import type { Config } from '../config.ts';
import { openObjectStore } from '../object-store/open-object-store.ts';
import type { KeyWatch } from '../secrets/shown-key.ts';
import { type ProviderName, providerNames, readDebtors } from '../settlement-config.ts';
import { createIso20022Provider } from './iso20022/iso20022.ts';
import type { Provider } from './provider.ts';
import { createSimulatedProvider } from './simulated.ts';
import { createStripeProvider } from './stripe.ts';

export interface FromSettings {
  readonly config: Config;
  readonly keyWatch?: KeyWatch;
  readonly log: Logger;
}

/** In the order of SETTLEMENT_PROVIDERS: the primary first. */
export function payingProviders({ config, keyWatch }: FromSettings): Provider[] {
  return config.SETTLEMENT_PROVIDERS.map((name) => createProvider(name, config, keyWatch));
}

/**
 * Providers that are not in SETTLEMENT_PROVIDERS (any more) and whose settings are still there: nothing is sent to them, and what
 * they say of payments that are under way is kept and taken.
 */
export function listeningProviders({ config, log, keyWatch }: FromSettings): Provider[] {
  const isLeft = (name: ProviderName) =>
    !config.SETTLEMENT_PROVIDERS.includes(name) && settingsOf[name].every((setting) => isSet(config[setting]));
  return providerNames.filter(isLeft).flatMap((name) => {
    try {
      return [createProvider(name, config, keyWatch)];
    } catch (error) {
      // Settings that are only left over must not keep the service from starting.
      log.error({ psp: name, err: error }, 'the messages of a provider that is not configured cannot be read');
      return [];
    }
  });
}

function isSet(value: unknown): boolean {
  return Array.isArray(value) ? value.length > 0 : value !== undefined;
}

/** What each needs to read messages. */
const settingsOf = {
  simulated: ['SIMULATED_PROVIDER_URL', 'SIMULATED_PROVIDER_WEBHOOK_SECRETS'],
  simulated_secondary: ['SIMULATED_SECONDARY_URL', 'SIMULATED_PROVIDER_WEBHOOK_SECRETS'],
  stripe: ['STRIPE_API_KEY', 'STRIPE_WEBHOOK_SECRETS'],
  iso20022: ['ISO20022_DIRECTORY', 'ISO20022_DEBTORS_FILE'],
} as const satisfies Record<ProviderName, readonly (keyof Config)[]>;

function createProvider(name: ProviderName, config: Config, keyWatch: KeyWatch | undefined): Provider {
  switch (name) {
    case 'simulated':
    case 'simulated_secondary':
      return createSimulatedProvider({
        name,
        url: (name === 'simulated' ? config.SIMULATED_PROVIDER_URL : config.SIMULATED_SECONDARY_URL) ?? '',
        apiKey: config.SIMULATED_PROVIDER_KEY ?? '',
        keyWatch,
        webhookSecrets: config.SIMULATED_PROVIDER_WEBHOOK_SECRETS,
      });
    case 'stripe':
      return createStripeProvider({
        apiKey: config.STRIPE_API_KEY ?? '',
        keyWatch,
        webhookSecrets: config.STRIPE_WEBHOOK_SECRETS,
        ...(config.STRIPE_URL === undefined ? {} : { url: config.STRIPE_URL }),
      });
    case 'iso20022':
      return createIso20022Provider({
        store: openObjectStore(
          { setting: 'ISO20022_DIRECTORY', place: config.ISO20022_DIRECTORY ?? '' },
          config,
          keyWatch,
        ),
        initiator: config.ISO20022_INITIATOR,
        debtors: readDebtors(config.ISO20022_DEBTORS_FILE ?? ''),
      });
  }
}
