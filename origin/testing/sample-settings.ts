// A right value of every setting of the origin's, for tests of what is wrong. A new setting is a row here; without one these tests fail.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentSchema, readConfig } from '../config.ts';

export type SettingName = keyof typeof environmentSchema.shape;

interface Row {
  /** One value that is right. */
  readonly right: string;
  /** Another one. */
  readonly other?: string;
  /** What it may hold several with; `text`: it is free text, in which signs mean nothing to us. */
  readonly several?: readonly (' ' | ',')[] | 'text';
  /** From and to, of a number. */
  readonly whole?: readonly [min: number, max: number];
}

const secret = () => randomBytes(24).toString('base64url');
export const whsec = () => `whsec_${randomBytes(32).toString('base64')}`;
const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const ofSecret = (make: () => string): Row => ({ right: make(), other: make(), several: [' '] });
const whole = (min: number, max: number): Row => ({ right: String(Math.min(max, min + 7)), whole: [min, max] });
const url = (host: string): Row => ({ right: `https://${host}.example.net`, other: `https://${host}.example.org` });
const id = (letter: string): Row => ({ right: letter.repeat(32), other: `${letter}${letter}1` });

export const rows: Readonly<Record<SettingName, Row>> = {
  ENVIRONMENT: { right: 'development', other: 'production' },
  HOST: { right: '127.0.0.1', other: 'localhost' },
  PORT: { right: '8788', whole: [0, 65_535] },
  DATABASE_URL: { right: 'postgresql://a@127.0.0.1/a', other: 'postgresql://b@127.0.0.1/b' },
  DATABASE_URL_FORMER: { right: 'postgresql://f@127.0.0.1/a', other: 'postgresql://g@127.0.0.1/a' },
  DATABASE_OWNER_URL: { right: 'postgresql://o@127.0.0.1/a', other: 'postgresql://o@127.0.0.1/b' },
  MIGRATE: { right: 'run', other: 'check' },
  DATABASE_POOL_MAX: whole(4, 200),
  DATABASE_WORK_POOL_MAX: whole(4, 200),
  API_KEY: ofSecret(secret),
  INTERNAL_SECRET: ofSecret(whsec),
  EDGE_URL: url('edge'),
  EDGE_BUNDLE_SHA256: { right: 'a1'.repeat(32), other: 'b2'.repeat(32) },
  STOP_UNREADY_SECONDS: whole(0, 120),
  STOP_SECONDS_MAX: whole(5, 300),
  NETWORKS: { right: 'native', other: 'marqeta', several: [' '] },
  OPEN_ITEM_AGE_HOURS_MAX: whole(1, 10_000),
  SUSPENSE_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  UNAPPROVED_PER_CARD_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  UNAPPROVED_PER_NETWORK_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  LOG_LEVEL: { right: 'info', other: 'warn' },
  LOG_FORMAT: { right: 'json', other: 'pretty' },
  QUEUE_API_URL: url('api'),
  CLOUDFLARE_ACCOUNT_ID: id('a'),
  CLOUDFLARE_API_TOKEN: ofSecret(secret),
  CLOUDFLARE_QUEUE_ID: { ...id('b'), several: [' '] },
  CLOUDFLARE_DEAD_QUEUE_ID: id('c'),
  CLOUDFLARE_SETTLEMENT_QUEUE_ID: id('d'),
  CLOUDFLARE_SETTLEMENT_DEAD_QUEUE_ID: id('e'),
  CLOUDFLARE_STAND_INS_QUEUE_ID: id('f'),
  CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID: id('g'),
  SETTLEMENT_PROVIDERS: { right: 'stripe', other: 'simulated', several: [','] },
  SIMULATED_PROVIDER_URL: url('provider'),
  SIMULATED_SECONDARY_URL: url('secondary'),
  SIMULATED_PROVIDER_KEY: ofSecret(secret),
  SIMULATED_PROVIDER_WEBHOOK_SECRETS: { ...ofSecret(whsec), several: [' ', ','] },
  STRIPE_API_KEY: ofSecret(secret),
  STRIPE_WEBHOOK_SECRETS: { ...ofSecret(whsec), several: [' ', ','] },
  STRIPE_URL: url('stripe'),
  ISO20022_DIRECTORY: { right: join(tmpdir(), 'atlas-bank'), several: 'text' },
  ISO20022_INITIATOR: { right: 'Atlas', several: 'text' },
  ISO20022_DEBTORS_FILE: { right: '/etc/debtors.json', several: 'text' },
  S3_ENDPOINT: url('s3'),
  S3_REGION: { right: 'auto', other: 'eu-central-1' },
  S3_ACCESS_KEY_ID: { right: 'a-key-id', other: 'another-id', several: [' '] },
  S3_SECRET_ACCESS_KEY: ofSecret(secret),
  WEBHOOK_SECRETS_KEY: { ...ofSecret(() => randomBytes(32).toString('base64')), several: [' ', ','] },
  WEBHOOK_LOOPBACK: { right: 'refused', other: 'allowed' },
  UPSTASH_REDIS_REST_URL: url('redis'),
  UPSTASH_REDIS_REST_TOKEN: ofSecret(secret),
  IDEMPOTENCY_HOURS: whole(1, 720),
  RATE_LIMIT_PER_MINUTE: whole(1, 10_000_000),
  RATE_LIMIT_BURST_PER_SECOND: whole(1, 1_000_000),
  UNASSIGNED_CLEARINGS: { right: 'open_items', other: 'list' },
  DESTINATION_COOLING_HOURS: whole(0, 720),
  INNER_PORT: { right: '8789', whole: [0, 65_535] },
  INNER_HOST: { right: '127.0.0.1', other: 'localhost' },
  DOCS: { right: 'public', other: 'inner' },
  TRUSTED_PROXIES: { right: '10.0.0.0/8', other: '192.168.0.0/16', several: [' ', ','] },
  CONNECTIONS_MAX: whole(10, 100_000),
  CONNECTIONS_PER_ADDRESS_MAX: whole(1, 100_000),
  EVENT_LOOP_DELAY_MS_MAX: whole(10, 60_000),
  WRONG_KEYS_PER_ADDRESS_PER_MINUTE: whole(1, 1_000_000_000),
  WRONG_KEYS_PER_MINUTE: whole(1, 1_000_000_000),
  SECURITY_CONTACT: { right: 'mailto:security@example.net', other: 'https://example.net/security', several: [' '] },
  AUDIT_CHECKPOINTS: { right: join(tmpdir(), 'atlas-witness'), several: 'text' },
  AUDIT_SIGNING_KEY: { right: signingKey(), other: signingKey(), several: [' '] },
  OTEL_EXPORTER_OTLP_ENDPOINT: url('collector'),
  OTEL_EXPORTER_OTLP_HEADERS: {
    right: `authorization=Bearer%20${secret()}`,
    other: `x-key=${secret()}`,
    several: [' ', ','],
  },
  OTEL_TRACES_SAMPLER_ARG: { right: '0.25', other: '1' },
};
export const names = Object.keys(environmentSchema.shape) as SettingName[];
export const right: Readonly<Record<string, string>> = Object.fromEntries(
  names.map((name) => [name, rows[name].right]),
);

/** What the start says; empty where it starts. */
export function complaint(changed: Readonly<Record<string, string | undefined>>): string {
  try {
    readConfig({ ...right, ...changed });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Of production: what each setting has to be there and nowhere else. */
const production = {
  ...right,
  ...{ ENVIRONMENT: 'production', SETTLEMENT_PROVIDERS: 'stripe', DESTINATION_COOLING_HOURS: '24', DOCS: 'inner' },
  DATABASE_URL: 'postgresql://atlas:k7Qp2vXw9LmR@db.example.net/atlas?sslmode=verify-full',
  DATABASE_URL_FORMER: `postgresql://before:${secret()}@db.example.net/atlas?sslmode=verify-full`,
  // Of the owner the service knows nothing there.
  ...{ MIGRATE: 'check', DATABASE_OWNER_URL: undefined },
};
export const deployedWith = (changed: Readonly<Record<string, string | undefined>>) =>
  complaint({ ...production, ...changed });
