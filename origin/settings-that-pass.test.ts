// X10: what must not pass for a setting, tried on every one of the origin's: nothing, spaces, a list where one is meant, another's secret in
// every writing, a port that is taken, a number that is none or absurd. Their rows are in sample-settings.ts.

import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { readConfig } from './config.ts';
import { secretSettings } from './secrets/secret-settings.ts';
import { numbersInOrder } from './setting-relations.ts';
import { complaint, type SettingName as Name, names, right, rows } from './testing/sample-settings.ts';

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

/** What bounds it as large as can be, and what it bounds as small. */
function besideOf(name: Name): Record<string, string> {
  return Object.fromEntries(
    numbersInOrder.flatMap(([lesser, greater]) => [
      ...(name === lesser ? [[greater, String(rows[greater].whole?.[1])]] : []),
      ...(name === greater ? [[lesser, String(rows[lesser].whole?.[0])]] : []),
    ]),
  );
}

describe('X10: a number that is none, or absurd', () => {
  const numbers = names.filter((name) => rows[name].whole !== undefined);
  const absurd = ['1e3', '0x50', '-1', '1.5', '٥٠', 'Infinity', 'NaN', 'true', '9'.repeat(20), '1_000', '+5', 'ten'];
  test.each(numbers)('%s', (name) => {
    const [min, max] = rows[name].whole ?? [0, 0];
    const beyond = [...(min > 0 ? [String(min - 1)] : []), String(max + 1)];
    for (const number of [...absurd, ...beyond])
      expect([number, complaint({ [name]: number })]).toEqual([number, expect.stringContaining(`${name}: must be a`)]);
    for (const edge of [min, max]) expect(complaint({ ...besideOf(name), [name]: String(edge) })).toBe('');
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
        const shapeRefused =
          /must be whsec_|must be 32 bytes|must have at least|must be an Ed25519|must be name=value/.test(said);
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
