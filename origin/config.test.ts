import { generateKeyPairSync } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';

const random = 'k7Qp2vXw9LmR4tYb8NcD3fHj';
const given = {
  DATABASE_URL: 'postgresql://atlas@127.0.0.1/atlas',
  API_KEY: random,
  INTERNAL_SECRET: 'whsec_p5Rj0hC1yqFvU8mKzD3nXs6LwB9oTgE2iNaY4cHfQbk=',
  EDGE_URL: 'https://edge.example.com',
};
const pull = { CLOUDFLARE_ACCOUNT_ID: 'a', CLOUDFLARE_QUEUE_ID: 'q', CLOUDFLARE_API_TOKEN: 't' };
const bank = {
  SETTLEMENT_PROVIDERS: 'iso20022',
  ISO20022_DIRECTORY: 's3://bank-files/atlas',
  ISO20022_DEBTORS_FILE: 'debtors.json',
};
const signingKey = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));
const demoSecret = `whsec_${Buffer.from('demo-internal-secret-not-for-production').toString('base64')}`;

describe('configuration', () => {
  test('what is not set has the defaults of a laptop', () => {
    expect(readConfig(given)).toMatchObject({
      ENVIRONMENT: 'development',
      HOST: '127.0.0.1',
      PORT: 8788,
      DATABASE_POOL_MAX: 10,
      DATABASE_WORK_POOL_MAX: 10,
      LOG_LEVEL: 'info',
      LOG_FORMAT: 'json',
      eventQueues: [],
    });
  });

  test('a queue is pulled where all of its three values are set, or several with spaces between their ids', () => {
    const of = { api_url: 'https://api.cloudflare.com/client/v4', account_id: 'a', api_token: 't' };
    expect(readConfig({ ...given, ...pull }).eventQueues).toEqual([{ ...of, queue_id: 'q' }]);
    expect(readConfig({ ...given, ...pull, CLOUDFLARE_QUEUE_ID: ' q1  q2' }).eventQueues).toEqual([
      { ...of, queue_id: 'q1' },
      { ...of, queue_id: 'q2' },
    ]);
  });

  test.each<[string, Record<string, string | undefined>]>([
    ['DATABASE_URL: is not set', { DATABASE_URL: undefined }],
    ['DATABASE_URL: is not set', { DATABASE_URL: '' }],
    ['DATABASE_URL: must be a URL that begins with postgres:', { DATABASE_URL: 'mysql://x' }],
    ['API_KEY: must have at least 24 characters', { API_KEY: 'short' }],
    ['INTERNAL_SECRET: must be whsec_', { INTERNAL_SECRET: 'plain' }],
    ['EDGE_URL: must be a URL', { EDGE_URL: 'edge' }],
    ['PORT: must be a whole number', { PORT: 'http' }],
    ['PORT: ', { PORT: '65536' }],
    ['DATABASE_POOL_MAX: ', { DATABASE_POOL_MAX: '1' }],
    ['DATABASE_WORK_POOL_MAX: ', { DATABASE_WORK_POOL_MAX: '1' }],
    ['LOG_FORMAT: ', { LOG_FORMAT: 'xml' }],
    ['CLOUDFLARE_QUEUE_ID: must be one to 8 ids', { ...pull, CLOUDFLARE_QUEUE_ID: 'q q' }],
    ['CLOUDFLARE_QUEUE_ID: must be one to 8 ids', { ...pull, CLOUDFLARE_QUEUE_ID: 'q1,q2' }],
    ['CLOUDFLARE_QUEUE_ID: must be one to 8 ids', { ...pull, CLOUDFLARE_QUEUE_ID: 'a b c d e f g h i' }],
    [
      'CLOUDFLARE_DEAD_QUEUE_ID: is the same',
      { ...pull, CLOUDFLARE_QUEUE_ID: 'q1 q2', CLOUDFLARE_DEAD_QUEUE_ID: 'q2' },
    ],
    ['CLOUDFLARE_API_TOKEN: is not set, while others', { ...pull, CLOUDFLARE_API_TOKEN: undefined }],
    ['API_KEY: is a demo value', { ENVIRONMENT: 'production', API_KEY: 'demo-atlas-api-key-not-for-production' }],
    ['INTERNAL_SECRET: is a demo value', { ENVIRONMENT: 'production', INTERNAL_SECRET: demoSecret }],
    ['EDGE_URL: must be https in production', { ENVIRONMENT: 'production', EDGE_URL: 'http://edge' }],
    ['WEBHOOK_SECRETS_KEY: is not set', { ENVIRONMENT: 'production' }],
    [
      'DATABASE_URL_FORMER: has the login',
      { DATABASE_URL: 'postgres://a@h/d', DATABASE_URL_FORMER: 'postgres://a:x@h/d' },
    ],
    [
      'DATABASE_URL_FORMER: is another place',
      { DATABASE_URL: 'postgres://a@h/d', DATABASE_URL_FORMER: 'postgres://b@h/e' },
    ],
    [
      'DATABASE_URL_FORMER: is another place',
      { DATABASE_URL: 'postgres://a@h/d', DATABASE_URL_FORMER: 'postgres://b@h:9/d' },
    ],
    ['AUDIT_CHECKPOINTS and AUDIT_SIGNING_KEY: set both', { AUDIT_CHECKPOINTS: join(tmpdir(), 'atlas-witness') }],
    [
      'AUDIT_SIGNING_KEY: must be an Ed25519',
      { AUDIT_CHECKPOINTS: join(tmpdir(), 'atlas-witness'), AUDIT_SIGNING_KEY: 'c2VjcmV0' },
    ],
    [
      'S3_ENDPOINT: is not set, and AUDIT_CHECKPOINTS',
      { AUDIT_CHECKPOINTS: 's3://a-bucket', AUDIT_SIGNING_KEY: signingKey },
    ],
    ['WEBHOOK_LOOPBACK: must be refused or allowed', { WEBHOOK_LOOPBACK: 'yes' }],
    ['SETTLEMENT_PROVIDERS: must be some of simulated', { SETTLEMENT_PROVIDERS: 'paypal' }],
    ['SIMULATED_PROVIDER_URL: is not set, and the provider simulated', { SETTLEMENT_PROVIDERS: 'simulated' }],
    ['STRIPE_API_KEY: is not set, and the provider stripe', { SETTLEMENT_PROVIDERS: 'stripe' }],
    ['ISO20022_DIRECTORY: must be a directory, or s3://', { ...bank, ISO20022_DIRECTORY: 'gs://bank-files' }],
    ['S3_ENDPOINT: is not set, and ISO20022_DIRECTORY needs it', bank],
    ['S3_SECRET_ACCESS_KEY: is not set, and ISO20022_DIRECTORY needs it', bank],
    ['S3_ENDPOINT: must be a URL', { S3_ENDPOINT: 's3.example.com' }],
    ['S3_ENDPOINT: must be https', { ENVIRONMENT: 'production', S3_ENDPOINT: 'http://s3.example.com' }],
    ['SETTLEMENT_PROVIDERS: simulated pays nobody', { ENVIRONMENT: 'production', SETTLEMENT_PROVIDERS: 'simulated' }],
    ['UPSTASH_REDIS_REST_URL and UPSTASH_REDIS_REST_TOKEN: set', { UPSTASH_REDIS_REST_URL: 'https://r.example.com' }],
    [
      'UPSTASH_REDIS_REST_URL: must be https',
      { ENVIRONMENT: 'production', UPSTASH_REDIS_REST_URL: 'http://r', UPSTASH_REDIS_REST_TOKEN: 't' },
    ],
    ['IDEMPOTENCY_HOURS: ', { IDEMPOTENCY_HOURS: '0' }],
    ['RATE_LIMIT_PER_MINUTE: ', { RATE_LIMIT_PER_MINUTE: '0' }],
    ['RATE_LIMIT_BURST_PER_SECOND: must be a whole number', { RATE_LIMIT_BURST_PER_SECOND: 'many' }],
    ['OTEL_EXPORTER_OTLP_ENDPOINT: must be a URL', { OTEL_EXPORTER_OTLP_ENDPOINT: 'collector:4317' }],
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT: must be https in production',
      { ENVIRONMENT: 'production', OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.internal:4318' },
    ],
    ['OTEL_EXPORTER_OTLP_HEADERS: must be name=value', { OTEL_EXPORTER_OTLP_HEADERS: 'Bearer k7Qp2vXw9LmR' }],
    ['OTEL_EXPORTER_OTLP_HEADERS: must be name=value', { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=%zz' }],
    ['OTEL_TRACES_SAMPLER_ARG: must be a share', { OTEL_TRACES_SAMPLER_ARG: '1.5' }],
    ['OTEL_TRACES_SAMPLER_ARG: must be a share', { OTEL_TRACES_SAMPLER_ARG: 'all' }],
    ['WEBHOOK_LOOPBACK: webhooks never go to', { ENVIRONMENT: 'production', WEBHOOK_LOOPBACK: 'allowed' }],
  ])('stops the start and says: %s', (message, changed) => {
    expect(() => readConfig({ ...given, ...changed })).toThrow(message);
  });

  const production = {
    ...given,
    ENVIRONMENT: 'production',
    WEBHOOK_SECRETS_KEY: 'Jm2Gx8Wd5Yt0Ro3Ku6Pq9Vz1Bn4Ls7EhCfA2iMgTjUw=',
    AUDIT_CHECKPOINTS: join(tmpdir(), 'atlas-witness'),
    AUDIT_SIGNING_KEY: signingKey,
    INNER_PORT: '8789',
  };
  const whsec = (bytes: Uint8Array) => `whsec_${Buffer.from(bytes).toString('base64')}`;
  const outside = 'postgresql://atlas:k7Qp2vXw9LmR@db.example.net/atlas';

  test.each<[string, Record<string, string | undefined>]>([
    ['API_KEY: is one character or byte, repeated', { API_KEY: 'a'.repeat(40) }],
    ['API_KEY: is a short piece, repeated', { API_KEY: 'abc1'.repeat(10) }],
    ['API_KEY: is a row that anybody can continue', { API_KEY: 'abcdefghijklmnopqrstuvwxyz' }],
    ['INTERNAL_SECRET: is one character or byte, repeated', { INTERNAL_SECRET: whsec(new Uint8Array(32)) }],
    ['INTERNAL_SECRET: is a demo value or a published', { INTERNAL_SECRET: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw' }],
    ['WEBHOOK_SECRETS_KEY: is one character', { WEBHOOK_SECRETS_KEY: Buffer.alloc(32).toString('base64') }],
    [
      'STRIPE_API_KEY: is a demo value or a published',
      { STRIPE_API_KEY: ['sk', 'test', 'k7Qp2vXw9LmR4tYb'].join('_') },
    ],
    ['CLOUDFLARE_API_TOKEN: is too short to be what its provider gives', { ...pull }],
    [
      'INTERNAL_SECRET: holds one secret twice',
      { INTERNAL_SECRET: `${given.INTERNAL_SECRET} ${given.INTERNAL_SECRET}` },
    ],
    [
      'STRIPE_API_KEY: holds more than two',
      { STRIPE_API_KEY: `${random} ${random.toLowerCase()} ${random.toUpperCase()}` },
    ],
    ['STRIPE_API_KEY: holds one secret twice', { STRIPE_API_KEY: 'Zt5Hn8KcR2wQ9yLpX4vMd7Gs Zt5Hn8KcR2wQ9yLpX4vMd7Gs' }],
    ['STRIPE_API_KEY: is too short', { STRIPE_API_KEY: `${random.toLowerCase()} sk_live` }],
    ['API_KEY and STRIPE_WEBHOOK_SECRETS: hold the same secret', { STRIPE_WEBHOOK_SECRETS: random }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: outside }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${outside}?sslmode=disable` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${given.DATABASE_URL}?sslmode=disable` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${outside}?sslmode=prefer` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${outside}?sslmode=no-verify` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${outside}?sslmode=verify-full&sslmode=disable` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: `${outside}?sslmode=require&uselibpqcompat=true` }],
    ['DATABASE_URL: is not held to TLS', { DATABASE_URL: 'postgresql://127.0.0.1/atlas?host=db.example.net' }],
    ['DATABASE_OWNER_URL: is not held to TLS', { DATABASE_OWNER_URL: outside }],
    ['DATABASE_URL: its password', { DATABASE_URL: 'postgresql://atlas:postgres@db.net/atlas?sslmode=verify-full' }],
    ['DATABASE_URL: its password', { DATABASE_URL: 'postgresql://a:aaaaaaaaaaaaaaaa@db.net/a?sslmode=verify-full' }],
    ['EDGE_URL: must be https in production', { EDGE_URL: 'http://edge.example.com' }],
    ['QUEUE_API_URL: must be https in production', { QUEUE_API_URL: 'http://api.cloudflare.com/client/v4' }],
    ['STRIPE_URL: must be https in production', { STRIPE_URL: 'HTTP://api.stripe.com' }],
    ['SIMULATED_PROVIDER_URL: must be https in production', { SIMULATED_PROVIDER_URL: 'http://provider.example' }],
    ['NODE_TLS_REJECT_UNAUTHORIZED: turns off', { NODE_TLS_REJECT_UNAUTHORIZED: '0' }],
    ['INNER_PORT: is not set, and production answers /health', { INNER_PORT: undefined }],
    ['DESTINATION_COOLING_HOURS: a changed destination waits', { DESTINATION_COOLING_HOURS: '0' }],
  ])('X10: production does not start: %s', (message, changed) => {
    expect(() => readConfig({ ...production, ...changed })).toThrow(message);
    for (const secret of Object.values(changed))
      if (secret !== undefined && secret.length > 20 && !/^https?:/i.test(secret))
        expect(() => readConfig({ ...production, ...changed })).not.toThrow(secret);
  });

  test('X14: production does not start where nobody would witness the audit trail', () => {
    const { AUDIT_CHECKPOINTS: _, AUDIT_SIGNING_KEY: __, ...unwitnessed } = production;
    expect(() => readConfig(unwitnessed)).toThrow('AUDIT_CHECKPOINTS: is not set, and nobody would witness');
  });

  test.each([
    ['verified TLS', `${outside}?sslmode=verify-full`],
    ['verified TLS, as `require` is with our driver', `${outside}?sslmode=require`],
    ['Neon, whose driver knows nothing else', 'postgresql://atlas:k7Qp2vXw9LmR@ep-a.eu-central-1.aws.neon.tech/atlas'],
    ['a database on this machine', given.DATABASE_URL],
    ['a socket', 'postgresql:///atlas?host=/var/run/postgresql'],
  ])('X10: production starts with %s', (_, DATABASE_URL) => {
    expect(readConfig({ ...production, DATABASE_URL }).DATABASE_URL).toBe(DATABASE_URL);
  });

  test.each(['0.0.0.0', '::', '10.0.0.7', 'atlas.example.com'])(
    'X10: without ENVIRONMENT nothing is served at %s, whatever the secrets are',
    (HOST) => {
      const said = 'HOST: is not this machine alone; set ENVIRONMENT to production, or HOST to 127.0.0.1';
      expect(() => readConfig({ ...given, HOST })).toThrow(said);
      expect(() => readConfig({ ...given, HOST, ENVIRONMENT: 'development' })).toThrow(said);
      expect(readConfig({ ...production, HOST }).HOST).toBe(HOST);
    },
  );

  test.each(['127.0.0.1', 'localhost', '::1', '127.8.0.1'])('a laptop serves itself at %s', (HOST) => {
    expect(readConfig({ ...given, HOST }).HOST).toBe(HOST);
  });

  test('two values of each secret of ours are taken while it changes', () => {
    const next = 'Zt5Hn8KcR2wQ9yLpX4vMd7Gs';
    const changing = {
      API_KEY: `${next} ${random}`,
      INTERNAL_SECRET: `whsec_Xq7Lz2Nf9Sb4Hd1Wk6Gm3Tc8Rv5Pj0YeUoIaQtBxMyE= ${given.INTERNAL_SECRET}`,
      WEBHOOK_SECRETS_KEY: `Ov8Kc3Dw6Zr1Fy4Jb9Ue2Mp7Xg0Ql5TnSsAhViCoRzE= ${production.WEBHOOK_SECRETS_KEY}`,
    };
    expect(readConfig({ ...production, ...changing })).toMatchObject(changing);
    expect(() => readConfig({ ...production, API_KEY: `${random} short` })).toThrow('API_KEY: must have at least 24');
  });

  test('names every wrong value at once, and quotes none of them', () => {
    const wrong = { ...given, API_KEY: 'hunter2', EDGE_URL: 'nowhere' };
    expect(() => readConfig(wrong)).toThrow(/^configuration: API_KEY: [^;]+; EDGE_URL: [^;]+$/);
    expect(() => readConfig(wrong)).not.toThrow(/hunter2|nowhere/);
  });

  test('production accepts random values', () => {
    expect(readConfig(production)).toMatchObject({
      ...{ ENVIRONMENT: 'production', WEBHOOK_LOOPBACK: 'refused' },
    });
  });
});
