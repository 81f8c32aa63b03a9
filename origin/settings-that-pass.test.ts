// X10: what must not pass for a setting, tried on every one of the origin's: nothing, spaces, a list where one is meant, another's secret in
// every writing, a port that is taken, a number that is none or absurd. A new setting is a row here; without one this file fails.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { environmentSchema, readConfig } from './config.ts';
import { secretSettings } from './secrets/secret-settings.ts';

type Name = keyof typeof environmentSchema.shape;

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
const whsec = () => `whsec_${randomBytes(32).toString('base64')}`;
const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
const ofSecret = (make: () => string): Row => ({ right: make(), other: make(), several: [' '] });
const whole = (min: number, max: number): Row => ({ right: String(Math.min(max, min + 7)), whole: [min, max] });
const url = (host: string): Row => ({ right: `https://${host}.example.net`, other: `https://${host}.example.org` });
const id = (letter: string): Row => ({ right: letter.repeat(32), other: `${letter}${letter}1` });

const rows: Readonly<Record<Name, Row>> = {
  ENVIRONMENT: { right: 'development', other: 'production' },
  HOST: { right: '127.0.0.1', other: 'localhost' },
  PORT: { right: '8788', whole: [0, 65_535] },
  DATABASE_URL: { right: 'postgresql://a@127.0.0.1/a', other: 'postgresql://b@127.0.0.1/b' },
  DATABASE_OWNER_URL: { right: 'postgresql://o@127.0.0.1/a', other: 'postgresql://o@127.0.0.1/b' },
  DATABASE_POOL_MAX: whole(4, 200),
  DATABASE_WORK_POOL_MAX: whole(4, 200),
  API_KEY: ofSecret(secret),
  INTERNAL_SECRET: ofSecret(whsec),
  EDGE_URL: url('edge'),
  EDGE_BUNDLE_SHA256: { right: 'a1'.repeat(32), other: 'b2'.repeat(32) },
  OPEN_ITEM_AGE_HOURS_MAX: whole(1, 10_000),
  SUSPENSE_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  UNAPPROVED_PER_CARD_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  UNAPPROVED_PER_NETWORK_MAX: { right: 'USD 5.00', other: 'EUR 5.00', several: [' '] },
  LOG_LEVEL: { right: 'info', other: 'warn' },
  LOG_FORMAT: { right: 'json', other: 'pretty' },
  QUEUE_API_URL: url('api'),
  CLOUDFLARE_ACCOUNT_ID: id('a'),
  CLOUDFLARE_API_TOKEN: ofSecret(secret),
  CLOUDFLARE_QUEUE_ID: id('b'),
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
  ISO20022_DIRECTORY: { right: '/var/lib/bank', several: 'text' },
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
  AUDIT_CHECKPOINTS: { right: '/var/lib/witness', several: 'text' },
  AUDIT_SIGNING_KEY: { right: signingKey(), other: signingKey() },
  OTEL_EXPORTER_OTLP_ENDPOINT: url('collector'),
  OTEL_EXPORTER_OTLP_HEADERS: {
    right: `authorization=Bearer%20${secret()}`,
    other: `x-key=${secret()}`,
    several: [' ', ','],
  },
  OTEL_TRACES_SAMPLER_ARG: { right: '0.25', other: '1' },
};
const names = Object.keys(environmentSchema.shape) as Name[];
const right: Readonly<Record<string, string>> = Object.fromEntries(names.map((name) => [name, rows[name].right]));

/** What the start says; empty where it starts. */
function complaint(changed: Readonly<Record<string, string | undefined>>): string {
  try {
    readConfig({ ...right, ...changed });
    return '';
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** The sentence about one setting: that it names it is known by its finding, and it must say what is to be done. */
function expectMendable(name: Name, said: string) {
  const sentence = said
    .replace(/^configuration: /, '')
    .split('; ')
    .join(';\n');
  expect(sentence).toMatch(new RegExp(`(?:^|\\n| and )${name}(?:,| and \\w+)?: `));
  expect(sentence).toMatch(/must |make |set |keep |at least/);
}

test('what is right is taken, and every setting has a row', () => {
  expect(Object.keys(rows).toSorted()).toEqual([...names].toSorted());
  expect(complaint({})).toBe('');
});

describe('X10: nothing, and spaces, are as if it were not set', () => {
  test.each(names)('%s', (name) => {
    const unset = complaint({ [name]: undefined });
    for (const nothing of ['', ' ', '\t \n']) expect(complaint({ [name]: nothing })).toBe(unset);
    if (unset === '')
      expect(readConfig({ ...right, [name]: ' ' })).toEqual(readConfig({ ...right, [name]: undefined }));
  });
});

describe('X10: several values where one is meant, or with the wrong sign between them', () => {
  const tried = names.flatMap((name) => {
    const { right: one, other = one, several = [], whole: range } = rows[name];
    if (several === 'text') return [];
    const another = range === undefined ? other : String(range[0] + 8);
    return ([' ', ',', ';', ', ', '\n'] as const)
      .filter((sign) => !several.some((known) => known === sign.trim() || (known === ' ' && sign.trim() === '')))
      .map((sign) => [name, sign, `${one}${sign}${another}`] as const);
  });
  test.each(tried)('%s with %j', (name, sign, list) => {
    // A comma and a space is what a list with commas and one with spaces may both be written with.
    const { several = [] } = rows[name];
    if (sign === ', ' && several !== 'text' && several.includes(' ') && several.includes(',')) return;
    expectMendable(name, complaint({ [name]: list }));
    expect(complaint({ [name]: list })).not.toContain(list);
  });
});

describe('X10: a number that is none, or absurd', () => {
  const numbers = names.filter((name) => rows[name].whole !== undefined);
  const absurd = ['1e3', '0x50', '-1', '1.5', '٥٠', 'Infinity', 'NaN', 'true', '9'.repeat(20), '1_000', '+5', 'ten'];
  test.each(numbers)('%s', (name) => {
    const [min, max] = rows[name].whole ?? [0, 0];
    const beyond = [...(min > 0 ? [String(min - 1)] : []), String(max + 1)];
    for (const number of [...absurd, ...beyond])
      expect([number, complaint({ [name]: number })]).toEqual([number, expect.stringContaining(`${name}: must be a`)]);
    for (const edge of [min, max]) expect(complaint({ [name]: String(edge) })).toBe('');
  });
});

describe('X10: one secret in two settings, in whatever writing', () => {
  const separated = Object.keys(secretSettings).filter((name) => rows[name as Name].several !== undefined) as Name[];
  const bytes = randomBytes(32);
  const writings: readonly (readonly [string, string])[] = [
    ['whsec_ and base64', `whsec_${bytes.toString('base64')}`],
    ['base64', bytes.toString('base64')],
    ['base64 without its end', bytes.toString('base64').replace(/=+$/, '')],
    ['base64 as URLs have it', bytes.toString('base64url')],
    ['hexadecimal', bytes.toString('hex')],
    ['hexadecimal in upper case', bytes.toString('hex').toUpperCase()],
  ];
  const shaped = (name: Name, text: string) =>
    name === 'OTEL_EXPORTER_OTLP_HEADERS' ? `authorization=Bearer%20${text.replaceAll('=', '%3D')}` : text;
  const pairs = separated.flatMap((one, index) => separated.slice(index + 1).map((other) => [one, other] as const));

  test.each(pairs)('%s and %s', (one, other) => {
    for (const [first, written] of writings)
      for (const [second, again] of writings) {
        const said = complaint({ [one]: shaped(one, written), [other]: shaped(other, again) });
        // Of INTERNAL_SECRET and the like only one writing is of their shape, and the others are refused for that.
        const shapeRefused = /must be whsec_|must be 32 bytes|must have at least|must be name=value/.test(said);
        if (!shapeRefused)
          expect([first, second, said]).toEqual([first, second, expect.stringContaining('hold the same secret; make')]);
        expect(said).not.toBe('');
      }
  });

  test.each(names)('a secret where %s belongs', (name) => {
    const [own, value] =
      name === 'API_KEY'
        ? ['STRIPE_API_KEY' as const, right['STRIPE_API_KEY']]
        : ['API_KEY' as const, right['API_KEY']];
    const said = complaint({ [name]: value });
    expect(said).toMatch(new RegExp(`(?:^|[ ;])(?:${own} and ${name}|${name} and ${own}|${name})[:,]`));
  });

  test('the password of a database, too', () => {
    const said = complaint({ DATABASE_URL: `postgresql://a:${right['API_KEY']}@127.0.0.1/a` });
    expect(said).toContain('API_KEY and DATABASE_URL: hold the same secret');
  });
});

describe('X10: a port of ours is nobody else’s', () => {
  test.each([
    ['INNER_PORT: is the same port as PORT', { INNER_PORT: '8788' }],
    ['EDGE_URL: is a port of this origin', { EDGE_URL: 'http://127.0.0.1:8788' }],
    ['EDGE_URL: is a port of this origin', { EDGE_URL: 'http://localhost:8789' }],
    ['QUEUE_API_URL: is a port of this origin', { QUEUE_API_URL: 'http://[::1]:8789/client/v4' }],
    ['S3_ENDPOINT: is a port of this origin', { S3_ENDPOINT: 'http://127.0.0.1:8788' }],
    ['DATABASE_URL: is a port of this origin', { DATABASE_URL: 'postgresql://a@127.0.0.1:8789/a' }],
    ['OTEL_EXPORTER_OTLP_ENDPOINT: is a port', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://localhost:8788' }],
  ])('%s', (said, changed) => {
    expect(complaint(changed)).toContain(said);
  });

  test('any free one, twice, is two ports', () => {
    expect(complaint({ PORT: '0', INNER_PORT: '0' })).toBe('');
  });
});
