// Configuration of payouts and of the API: providers in their order, partners' keys and quotas, Redis where there is one. Each wrong
// value is named, and none is quoted: some are secrets.

import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { placeProblems, s3EnvironmentShape } from './object-store/open-object-store.ts';
import { diskProblems, fileProblem, folderProblem } from './places.ts';
import { amountsSetting, oneOfSetting, placeSetting, urlSetting, wholeSetting } from './setting-shapes.ts';

export const providerNames = ['simulated', 'simulated_secondary', 'stripe', 'iso20022'] as const;
export type ProviderName = (typeof providerNames)[number];

const secretList = z
  .string()
  .transform((text) => text.split(/[\s,]+/).filter((secret) => secret !== ''))
  .default([]);

export const settlementEnvironmentShape = {
  /** Primary first, separated by commas; empty: settlements are kept, and paid by nobody. */
  SETTLEMENT_PROVIDERS: z
    .string()
    .transform((text) => text.split(',').map((name) => name.trim()))
    .transform((names) => names.filter((name) => name !== ''))
    .pipe(
      z
        .array(z.enum(providerNames, { error: `must be some of ${providerNames.join(', ')}, in their order` }))
        .refine((names) => new Set(names).size === names.length, 'must name each provider once'),
    )
    .default([]),
  SIMULATED_PROVIDER_URL: urlSetting('https:', 'http:').optional(),
  /** A second one, to see failover. The same key and secrets. */
  SIMULATED_SECONDARY_URL: urlSetting('https:', 'http:').optional(),
  SIMULATED_PROVIDER_KEY: z.string().min(1).optional(),
  SIMULATED_PROVIDER_WEBHOOK_SECRETS: secretList,
  STRIPE_API_KEY: z.string().min(1).optional(),
  STRIPE_WEBHOOK_SECRETS: secretList,
  STRIPE_URL: urlSetting('https:', 'http:').optional(),
  /** Where bank files are put and taken from: a directory, or `s3://bucket/folder`. */
  ISO20022_DIRECTORY: placeSetting.optional(),
  ISO20022_INITIATOR: placeSetting.default('Atlas'),
  /** A JSON file: the account that pays, by currency. */
  ISO20022_DEBTORS_FILE: placeSetting.optional(),
  ...s3EnvironmentShape,
  /** Seals what is at rest: 32 bytes in base64; several with spaces or commas while keys change, the newest first. */
  WEBHOOK_SECRETS_KEY: z.string().min(40, 'must be 32 bytes in base64').optional(),
  /** Whether webhooks may go to this machine itself, with plain http and on any port: said in so many words, for development. */
  WEBHOOK_LOOPBACK: oneOfSetting('refused', 'allowed').default('refused'),
  UPSTASH_REDIS_REST_URL: urlSetting('https:', 'http:').optional(),
  UPSTASH_REDIS_REST_TOKEN: z.string().min(1).optional(),
  IDEMPOTENCY_HOURS: wholeSetting(1, 24 * 30).default(24),
  RATE_LIMIT_PER_MINUTE: wholeSetting(1, 10_000_000).default(1_000),
  RATE_LIMIT_BURST_PER_SECOND: wholeSetting(1, 1_000_000).default(100),
  /** What cleared at shops that no merchant has: an open item for each, or only the list of GET /unassigned-clearings. */
  UNASSIGNED_CLEARINGS: oneOfSetting('open_items', 'list').default('open_items'),
  /** How much of what no card approved is owed to shops without a person, a day: of one card beyond its funds, and of one network. */
  UNAPPROVED_PER_CARD_MAX: amountsSetting('nothing that may pass'),
  UNAPPROVED_PER_NETWORK_MAX: amountsSetting('nothing that may pass'),
  /** How long a changed destination of a merchant waits before it is paid. 0: not at all, for development. */
  DESTINATION_COOLING_HOURS: wholeSetting(0, 720).default(24),
} as const;

const shape = z.object(settlementEnvironmentShape);
export type SettlementConfig = z.infer<typeof shape>;

/** What must be set together. */
export function settlementProblems(config: SettlementConfig, production: boolean): string[] {
  const problems: string[] = [];
  const needs: Readonly<Record<ProviderName, readonly (keyof SettlementConfig)[]>> = {
    simulated: ['SIMULATED_PROVIDER_URL', 'SIMULATED_PROVIDER_KEY'],
    simulated_secondary: ['SIMULATED_SECONDARY_URL', 'SIMULATED_PROVIDER_KEY'],
    stripe: ['STRIPE_API_KEY'],
    iso20022: ['ISO20022_DIRECTORY', 'ISO20022_DEBTORS_FILE'],
  };
  for (const provider of config.SETTLEMENT_PROVIDERS)
    for (const name of needs[provider])
      if (config[name] === undefined) problems.push(`${name}: is not set, and the provider ${provider} needs it`);
  if (config.SETTLEMENT_PROVIDERS.includes('iso20022')) problems.push(...bankProblems(config));
  if (production && config.SETTLEMENT_PROVIDERS.some((name) => name.startsWith('simulated')))
    problems.push('SETTLEMENT_PROVIDERS: simulated pays nobody; leave it out in production');
  if (production && config.WEBHOOK_LOOPBACK === 'allowed')
    problems.push('WEBHOOK_LOOPBACK: webhooks never go to this machine itself in production; leave it out');
  if (production && config.DESTINATION_COOLING_HOURS === 0)
    problems.push('DESTINATION_COOLING_HOURS: a changed destination waits in production; at least 1');
  if (production && config.WEBHOOK_SECRETS_KEY === undefined)
    problems.push('WEBHOOK_SECRETS_KEY: is not set; make 32 random bytes in base64');
  if ((config.UPSTASH_REDIS_REST_URL === undefined) !== (config.UPSTASH_REDIS_REST_TOKEN === undefined))
    problems.push('UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN: set both or neither');
  return problems;
}

function bankProblems(config: SettlementConfig): string[] {
  const { ISO20022_DIRECTORY: place, ISO20022_DEBTORS_FILE: file } = config;
  return [
    ...(place === undefined ? [] : placeProblems({ setting: 'ISO20022_DIRECTORY', place }, config)),
    ...(place === undefined ? [] : diskProblems('ISO20022_DIRECTORY', folderProblem(place))),
    ...(file === undefined ? [] : diskProblems('ISO20022_DEBTORS_FILE', fileProblem(file))),
  ];
}

export function readDebtors(file: string): Record<string, never> {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as Record<string, never>;
  } catch {
    throw new Error('configuration: ISO20022_DEBTORS_FILE: is not a file with JSON in it');
  }
}
