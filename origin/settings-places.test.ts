// X10: ids, addresses and paths that lead nowhere or are read in two ways, tried on every setting of the origin's that is one, and variables and flags
// that are no settings and change what runs.

import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { ownerProblems } from './database-address.ts';
import { secretSettings } from './secrets/secret-settings.ts';
import { complaint, deployedWith, names, right, type SettingName } from './testing/sample-settings.ts';

describe('X10: an id that is a path, a sign or nothing', () => {
  const ids = names.filter((name) => /_ID$|_REGION$/.test(name));
  test.each(ids)('%s', (name) => {
    for (const id of [
      '.',
      '..',
      '...',
      '../x',
      'a/b',
      '/a',
      'a\\b',
      '%2e%2e',
      'a?b',
      'a#b',
      'a\u0000b',
      '-',
      '--x',
      'a%0d%0ab',
      ':a',
      '@',
    ])
      expect([id, complaint({ [name]: id })]).toEqual([id, expect.stringContaining(`${name}: must be`)]);
  });
});

describe('X10: an address that leads nowhere, or is read in two ways', () => {
  const urls = names.filter((name) => /_URL$|_ENDPOINT$/.test(name));
  test.each(urls)('%s', (name) => {
    const scheme = name.startsWith('DATABASE_') ? 'postgresql' : 'https';
    const rests = [
      ':h.example.net',
      ':/h.example.net',
      ':\\\\h.example.net',
      `://${scheme}://h.example.net`,
      '://h.example.net:0',
      '://h.example.net:65536',
    ];
    const hosts = [
      '://*.example.net',
      '://h..example.net',
      '://-h.example.net',
      '://h_.example.net!',
      '://$HOST',
      '://[[[',
      '://h.example.net/%0d%0aa',
    ];
    for (const rest of [...rests, ...hosts, '://h.example.net/\\a'])
      expect([rest, complaint({ [name]: scheme + rest })]).toEqual([
        rest,
        expect.stringContaining(`${name}: must be a URL`),
      ]);
  });

  test.each(['HOST', 'INNER_HOST'] as const)('%s', (name) => {
    const hosts = [
      '[[[',
      ']',
      '[',
      '[]',
      '[127.0.0.1]',
      '127.1',
      '999.1.1.1',
      '1.2.3',
      ':::',
      '1:2',
      'a..b',
      '.',
      '-',
      'a:80',
      '127.0.0.1:80',
      '%',
      'fe80::1%%',
      'a%b',
    ];
    for (const host of hosts)
      expect([host, complaint({ [name]: host })]).toEqual([host, expect.stringContaining(`${name}: must be one host`)]);
    for (const host of ['127.0.0.1', '::1', '[::1]', 'localhost'])
      expect([host, complaint({ [name]: host })]).toEqual([host, '']);
    for (const host of ['0.0.0.0', '::', 'fe80::1%eth0', 'atlas-origin', 'origin_1.example.net.'])
      expect([host, deployedWith({ [name]: host })]).toEqual([host, '']);
  });
});

describe('X10: a path that is none', () => {
  const folder = mkdtempSync(join(tmpdir(), 'atlas-paths-'));
  const file = join(folder, 'a-file');
  writeFileSync(file, '{}');
  const bank = { SETTLEMENT_PROVIDERS: 'iso20022', ISO20022_DIRECTORY: folder, ISO20022_DEBTORS_FILE: file };
  const devices = [
    '/dev/null',
    '/dev/zero',
    '/dev/stdin',
    '/dev/fd/0',
    '/proc/self/environ',
    '//dev/null',
    '/sys/kernel',
    '~/witness',
    '~',
  ];
  test.each(['AUDIT_CHECKPOINTS', 'ISO20022_DIRECTORY'] as const)('%s', (name) => {
    for (const path of [...devices, file, join(file, 'inside'), '/dev/null/a'])
      expect([path, complaint({ ...bank, [name]: path })]).toEqual([
        path,
        expect.stringContaining(`${name}: must be a`),
      ]);
    for (const path of [folder, join(folder, 'not', 'there', 'yet')])
      expect(complaint({ ...bank, [name]: path })).toBe('');
  });

  test('a file where one is meant', () => {
    for (const path of [...devices, folder, join(folder, 'not-there')])
      expect([path, complaint({ ...bank, ISO20022_DEBTORS_FILE: path })]).toEqual([
        path,
        expect.stringContaining('ISO20022_DEBTORS_FILE: must be a'),
      ]);
    expect(complaint(bank)).toBe('');
  });

  test.each(Object.keys(secretSettings) as SettingName[])('%s_FILE', (name) => {
    for (const path of ['/dev/zero', '/dev/null', folder])
      expect(complaint({ [name]: undefined, [`${name}_FILE`]: path })).toContain(`${name}_FILE: must be a file`);
  });
});

describe('X10: the owner of another database than the service’s', () => {
  const at = (login: string, place: string) =>
    new URL(`postgresql://${login}:k7Qp2vXw9LmR@${place}?sslmode=verify-full`);
  const said = (service: string, owner: string, isProduction = true) =>
    ownerProblems(at('atlas', service), at('owner', owner), isProduction).join('; ');
  test.each([
    ['host', 'other.example.net/atlas'],
    ['host', 'db.example.net.evil.example/atlas'],
    ['database', 'db.example.net/atlas_test'],
    ['database', 'db.example.net/'],
    ['database', 'db.example.net/Atlas'],
  ])('another %s: %s', (what, place) => {
    expect(said('db.example.net/atlas', place)).toContain(
      `DATABASE_OWNER_URL: must name the same ${what} as DATABASE_URL`,
    );
  });

  test.each([
    ['another port, where a pooler listens', 'db.example.net/atlas', 'db.example.net:6432/atlas'],
    ['Neon’s pooler', 'ep-a-1.eu.aws.neon.tech/atlas', 'ep-a-1-pooler.eu.aws.neon.tech/atlas'],
    ['another case', 'DB.example.net/atlas', 'db.example.net./atlas'],
  ])('%s is the same', (_, owner, service) => {
    expect(said(service, owner)).toBe('');
  });

  test('on a laptop, where the service has both, it is asked for too', () => {
    expect(complaint({ DATABASE_OWNER_URL: 'postgresql://o@127.0.0.1/b' })).toContain('must name the same database');
    expect(complaint({ DATABASE_OWNER_URL: 'postgresql://o@localhost/a' })).toBe('');
  });
});

describe('X10: variables and flags that are no settings and change what runs', () => {
  const start = (environment: object, flags: readonly string[] = []): string => {
    try {
      readConfig({ ...right, ENVIRONMENT: 'production', ...environment }, flags);
      return '';
    } catch (error) {
      return String(error);
    }
  };

  test.each([
    'PGOPTIONS',
    'PGHOST',
    'PGUSER',
    'PGPASSWORD',
    'PGDATABASE',
    'PGSSLMODE',
    'PGSSLROOTCERT',
    'PGTZ',
    'PGSERVICE',
    'PGPASSFILE',
    'NODE_PG_FORCE_NATIVE',
  ])('%s', (name) => {
    expect(start({ [name]: '-c role=owner' })).toContain(`${name}: changes the connections to the database`);
    expect(start({ [name]: ' ' })).not.toContain(`${name}: `);
  });

  test('what runs a server of Postgres is none of ours, and PGOPTIONS is refused on a laptop too', () => {
    for (const name of ['PGDATA', 'PGROOT', 'PG_VERSION', 'PGADMIN'])
      expect(start({ [name]: 'x' })).not.toContain(`${name}: `);
    expect(complaint({ PGOPTIONS: '-c synchronous_commit=off' })).toContain('PGOPTIONS: changes');
    expect(complaint({ PGHOST: 'x' })).toBe('');
  });

  const bad = [
    '--inspect',
    '--inspect=0.0.0.0:9229',
    '--inspect-brk',
    '--debug',
    '--require ./x.js',
    '-r ./x.js',
    '--import=./x.mjs',
    '--loader ./x',
  ];
  const more = [
    '--tls-min-v1.0',
    '--tls-keylog=/tmp/k',
    '--insecure-http-parser',
    '--security-revert=CVE',
    '--use-env-proxy',
    '--env-file=x',
  ];
  test.each([...bad, ...more])('%s', (flag) => {
    expect(start({ NODE_OPTIONS: flag })).toContain('NODE_OPTIONS: lets a debugger');
    expect(start({ NODE_OPTIONS: `--max-old-space-size=512 ${flag}` })).toContain('NODE_OPTIONS: lets a debugger');
    expect(start({}, flag.split(' '))).toContain('node: was started with a flag');
    expect(complaint({ NODE_OPTIONS: flag })).toBe('');
  });

  test.each([
    '--max-old-space-size=512',
    '--enable-source-maps',
    '--no-warnings',
    '--max-http-header-size=8192',
    '--unhandled-rejections=strict',
    '--use-openssl-ca',
  ])('%s is let through', (flag) => {
    expect(start({ NODE_OPTIONS: flag }, [flag])).not.toMatch(/NODE_OPTIONS|node:/);
  });

  test('a time zone that is none', () => {
    for (const zone of ['Mars/Olympus', 'Europe/Berln', 'summer'])
      expect(start({ TZ: zone })).toContain('TZ: is no time zone');
    for (const zone of ['Europe/Berlin', 'UTC', ':/etc/localtime', 'CET-1CEST'])
      expect(start({ TZ: zone })).not.toContain('TZ: ');
  });
});

describe('X10: a line break, percent-encoded, in what becomes a header', () => {
  test.each(['a=b%0d%0ax%3A%20y', 'a=b%0A', 'a=%00', 'a=b%7f', 'a=%E2%82%AC', 'a=%20', 'a=b%0dc,d=e'])(
    '%s',
    (headers) => {
      expect(complaint({ OTEL_EXPORTER_OTLP_HEADERS: headers })).toContain(
        'OTEL_EXPORTER_OTLP_HEADERS: must be name=value',
      );
    },
  );
});
