// X10: what somebody made up, mistyped or mistook for a setting, tried on every one of the origin's that it can be tried on: phrases as secrets,
// everybody as one's own proxy, addresses with more in them than is called, words that take TLS away, names that are nearly right.

import { createHash, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { misspeltIn } from './config.ts';
import { bitsToSpell } from './secrets/guessable.ts';
import { complaint, deployedWith, names, whsec } from './testing/sample-settings.ts';

test('what is right in production is taken', () => {
  expect(deployedWith({})).toBe('');
});

describe('X10: a secret that somebody made up', () => {
  const ours = ['API_KEY', 'SIMULATED_PROVIDER_KEY'] as const;
  const phrases = [
    ...[
      'Password1Password2Password3',
      'P@ssw0rd1P@ssw0rd2P@ssw0rd3',
      '1drowssaP2drowssaP3drowssaP',
      'qwertyuiopasdfghjklzxcvbnm',
    ],
    ...[
      '1qaz2wsx3edc4rfv5tgb6yhn',
      'Summer2026!Winter2026!Spring',
      'correcthorsebatterystaple',
      'TheQuickBrownFoxJumpsOverTheLazyDog',
    ],
    ...[
      'deploy-production-payments-key',
      'supersecretapikey1234567',
      'Th1sIsMySup3rS3cr3tK3y!!',
      'LetMeIn-LetMeIn-Welcome123!',
    ],
  ];
  const tried = [...ours, 'STRIPE_API_KEY'].flatMap((name) => phrases.map((phrase) => [name, phrase] as const));
  test.each(tried)('%s as %s', (name, phrase) => {
    // Of what providers give only the plainest is refused: their keys are not ours to choose.
    const said = deployedWith({ [name]: phrase });
    if (name !== 'STRIPE_API_KEY' || bitsToSpell(phrase) < 40)
      expect(said).toMatch(new RegExp(`${name}: is (?:made of words|a short piece|a demo value or a published)`));
    expect(said).not.toContain(phrase);
  });

  test.each(phrases)('a signing secret that is %s in base64, and a key that is it in hexadecimal', (phrase) => {
    const base64 = Buffer.from(phrase).toString('base64');
    expect(deployedWith({ INTERNAL_SECRET: `whsec_${base64}` })).toMatch(
      /INTERNAL_SECRET: is (?:made of|a short piece|a demo value)/,
    );
    const hex = Buffer.from(phrase).toString('hex');
    expect(deployedWith({ API_KEY: hex })).toMatch(/API_KEY: is (?:made of words|a short piece|a demo value)/);
  });

  test.each(['Password1234', 'welcome123welcome', 'qwertyuiop12', 'letmein123456'])(
    '%s as the password of the database',
    (password) => {
      const DATABASE_URL = `postgresql://atlas:${encodeURIComponent(password)}@db.example.net/atlas?sslmode=verify-full`;
      expect(deployedWith({ DATABASE_URL })).toContain('DATABASE_URL: its password is a published or weak one');
    },
  );

  test('what is drawn at random, in any writing, is never said to be made up', () => {
    for (let turn = 0; turn < 300; turn++)
      for (const drawn of [randomBytes(18).toString('base64url'), randomBytes(16).toString('hex'), whsec()])
        expect([drawn, bitsToSpell(drawn) >= 60]).toEqual([drawn, true]);
  });
});

describe('X10: what should have been replaced by a secret, or was pasted with something around it', () => {
  const pasted = [
    `$${'{API_KEY_FROM_VAULT_PROD}'}`,
    'op://payments-vault/atlas/api-key',
    'vault:secret/data/atlas#api_key',
    'arn:aws:secretsmanager:eu-west-1:1:secret:atlas',
    'ENC[AES256_GCM,data:p673w6,iv:YY=,tag:UQ=]',
    '{{.Values.atlas.apiKeyOfProduction}}',
    '<paste-the-key-from-1password>',
    '"mX9vQ2pLw7RtY4sKd8HfZbN3"',
    'API_KEY=mX9vQ2pLw7RtY4sKd8HfZbN3',
    'mX9vQ2pLw7RtY4sKd8HfZbN3\\n',
    'mX9vQ2pLw7RtY4sKdé8HfZbN3',
  ];
  test.each(pasted)('%s', (secret) => {
    expect(deployedWith({ API_KEY: secret })).toMatch(/API_KEY: (?:holds where a secret is kept|must be)/);
  });

  test('the hash of nothing', () => {
    const hash = createHash('sha256').update('').digest('hex');
    expect(deployedWith({ API_KEY: hash })).toContain('API_KEY: is a demo value or a published one');
  });
});

describe('X10: so many proxies of one’s own that a stranger may be one', () => {
  test.each([
    ...[
      '0.0.0.0/0',
      '::/0',
      '0.0.0.0/1 128.0.0.0/1',
      '0.0.0.0/1',
      '10.0.0.0/6',
      '2000::/3',
      'fc00::/6',
      '::ffff:0:0/0',
    ],
    Array.from({ length: 4 }, (_, part) => `${part * 64}.0.0.0/2`).join(','),
    Array.from({ length: 256 }, (_, part) => `${part}.0.0.0/8`).join(' '),
    Array.from({ length: 8 }, (_, part) => `2${part.toString(16)}00::/8`).join(' '),
  ])('%s', (TRUSTED_PROXIES) => {
    expect(complaint({ TRUSTED_PROXIES })).toContain('TRUSTED_PROXIES: must be the addresses of your own proxies');
  });

  test.each(['010.0.0.0/8', '10/8', '0x0a000000/8', '167772160/8', '10.0.1/24'])('%s is read in two ways', (range) => {
    expect(complaint({ TRUSTED_PROXIES: range })).toContain('TRUSTED_PROXIES: must be addresses or ranges');
  });

  test.each([
    '10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 100.64.0.0/10 fc00::/7 fe80::/10 127.0.0.0/8 ::1',
    '173.245.48.0/20,103.21.244.0/22,104.16.0.0/13,172.64.0.0/13,2400:cb00::/32,2a06:98c0::/29,2606:4700::/32',
  ])('%s are somebody’s own', (TRUSTED_PROXIES) => {
    expect(complaint({ TRUSTED_PROXIES })).toBe('');
  });
});

describe('X10: an address with more in it than is called', () => {
  const addresses = names
    .filter((name) => name.endsWith('_URL') && !name.startsWith('DATABASE_'))
    .concat('S3_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT');
  test.each(addresses)('%s', (name) => {
    for (const more of [
      'https://user@h.example.net',
      'https://u:p@h.example.net',
      'https://h.example.net/?a=b',
      'https://h.example.net/#f',
      'https://h.example.net?',
      'https://h.example.net#',
    ])
      expect([more, complaint({ [name]: more })]).toEqual([more, expect.stringContaining(`${name}: must be `)]);
  });

  test.each(['EDGE_URL', 'UPSTASH_REDIS_REST_URL'] as const)('%s with a path', (name) => {
    expect(complaint({ [name]: 'https://h.example.net/atlas' })).toContain(
      `${name}: must be an address without a path`,
    );
    expect(complaint({ [name]: 'https://h.example.net/' })).toBe('');
  });
});

describe('X10: in production, an address that is not on the internet', () => {
  const hosts = [
    '127.0.0.1',
    'localhost',
    '[::1]',
    '10.1.2.3',
    '172.20.0.1',
    '192.168.1.1',
    '169.254.169.254',
    '[fe80::1]',
    '[fd00::1]',
  ];
  const more = [
    '[::ffff:10.0.0.1]',
    '0.0.0.0',
    '2130706433',
    '0x7f.1',
    'edge',
    'edge.local',
    'edge.internal',
    'a.localhost',
    'localhost.',
    '100.64.0.1',
    'edge.home.arpa',
  ];
  test.each(['EDGE_URL', 'QUEUE_API_URL', 'STRIPE_URL'] as const)('%s', (name) => {
    for (const host of [...hosts, ...more])
      expect([host, deployedWith({ [name]: `https://${host}` })]).toEqual([
        host,
        expect.stringContaining(`${name}: must be a host on the internet`),
      ]);
    for (const host of ['edge.example.net', '203.0.114.7', '[2606:4700::1]', 'edge.example.net:8443'])
      expect([host, deployedWith({ [name]: `https://${host}` })]).toEqual([host, '']);
    expect(deployedWith({ [name]: 'http://edge.example.net' })).toContain(`${name}: must be https in production`);
  });
});

describe('X10: words of libpq and of the driver that take TLS away, or connect as somebody else', () => {
  const at = 'postgresql://atlas:k7Qp2vXw9LmR@db.example.net/atlas';
  const weaker = [
    ...['sslmode=verify-ca&uselibpqcompat=true', 'sslmode=verify-full&uselibpqcompat=true', 'uselibpqcompat=true'],
    ...[
      'sslmode=verify-full&ssl=0',
      'sslmode=verify-full&ssl=false',
      'ssl=true',
      'sslmode=verify-full&sslmode=verify-full',
    ],
    ...[
      'sslmode=disable&sslmode=verify-full',
      'sslmode=verify-full&sslmode=no-verify',
      'sslmode=VERIFY-FULL',
      'SSLMODE=verify-full',
    ],
    ...[
      'sslmode=verify-full&uselibpqcompat=false&uselibpqcompat=true',
      '%73slmode=no-verify',
      'sslmode=verify-full&%73slmode=disable',
    ],
    ...[
      'sslmode=verify-full&user=owner',
      'sslmode=verify-full&password=x',
      'sslmode=verify-full&port=1',
      'sslmode=allow',
      'sslmode=',
    ],
    ...[
      'sslmode=verify-full&options=-c%20role%3Downer',
      'sslmode=verify-full&host=a.example.net&host=/tmp',
      'sslrootcert=/tmp/ca',
    ],
    ...['sslmode=verify-full&rejectUnauthorized=false', 'host=ep-a.neon.tech', 'sslmode=verify-full&requiressl=0'],
  ];
  test.each(['DATABASE_URL'] as const)('%s', (name) => {
    for (const word of weaker)
      expect([word, deployedWith({ [name]: `${at}?${word}` })]).toEqual([
        word,
        expect.stringContaining(`${name}: is not held to TLS`),
      ]);
    for (const word of [
      'sslmode=verify-full',
      'sslmode=require&channel_binding=require',
      'sslmode=verify-full&application_name=atlas',
      'sslmode=verify-full&uselibpqcompat=false',
    ])
      expect([word, deployedWith({ [name]: `${at}?${word}` })]).toEqual([word, '']);
  });
});

describe('X10: a name that is nearly a setting’s', () => {
  const long = names.filter((name) => name.length >= 6);
  const misspellings = (name: string) => [
    `${name}S`,
    name.slice(0, -1),
    name.slice(0, 2) + name.slice(3),
    name.toLowerCase(),
    name.replaceAll('_', '-'),
  ];
  test.each(long)('%s', (name) => {
    for (const wrong of new Set(misspellings(name))) {
      if (wrong === name || names.some((known) => known === wrong)) continue;
      expect([wrong, misspeltIn({ [wrong]: 'x' })]).toEqual([wrong, [{ name: wrong, meant: expect.any(String) }]]);
      const said = deployedWith({ [name]: undefined, [wrong]: 'a-value-of-it' });
      if (misspeltIn({ [wrong]: 'x' })[0]?.meant === name)
        expect(said).toContain(`${wrong}: is no setting; did you mean ${name}?`);
      expect(said).not.toContain('a-value-of-it');
    }
  });

  test('what machines set is none of ours, a right name beside it is enough, and development starts', () => {
    const machine = {
      HOSTNAME: 'a',
      PATH: '/bin',
      NODE_ENV: 'x',
      AWS_REGION: 'x',
      OTEL_TRACES_SAMPLER: 'x',
      POST: 'x',
      GPG_KEY: 'x',
      LOGNAME: 'x',
      CLOUDFLARE_API_KEY: 'x',
      PGHOST: 'x',
    };
    expect(misspeltIn(machine)).toEqual([]);
    expect(deployedWith({ API_KEYS: 'x' })).toBe('');
    expect(misspeltIn({ API_KEYS: 'x', API_KEY: 'y' })).toEqual([{ name: 'API_KEYS', meant: 'API_KEY' }]);
    expect(complaint({ S3_REGIO: 'eu', S3_REGION: undefined })).toBe('');
  });
});
