import { describe, expect, test } from 'vitest';
import { headersOf, mediaType, newest, versionOf, versions } from './versions.ts';

describe('the version of an answer', () => {
  test.each<[string | undefined, number]>([
    [undefined, 1],
    ['', 1],
    ['*/*', 1],
    ['application/*', 1],
    ['application/json', 1],
    ['APPLICATION/JSON', 1],
    ['application/vnd.atlas.v1+json', 1],
    ['application/vnd.atlas.v0+json', 0],
    ['application/vnd.atlas.v0+json; charset=utf-8', 0],
    ['application/vnd.atlas.v99+json, application/vnd.atlas.v0+json', 0],
    ['application/vnd.atlas.v99+json, */*;q=0.1', 1],
    ['application/vnd.atlas.v0+json;q=0.5, application/vnd.atlas.v1+json;q=0.9', 1],
    ['application/vnd.atlas.v1+json;q=0.2, application/vnd.atlas.v0+json', 0],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8', 1],
  ])('for Accept: %s is %i', (accept, number) => {
    expect(versionOf(accept).number).toBe(number);
  });

  test.each([
    'text/html',
    'application/vnd.atlas.v2+json',
    'application/vnd.atlas.v1+xml',
    'application/vnd.atlas.v1.1+json',
    'application/vnd.atlas.v01x+json',
    'application/json;q=0',
    ',',
    ';q=1',
  ])('for Accept: %s there is none', (accept) => {
    expect(() => versionOf(accept)).toThrow('must take application/json or one of application/vnd.atlas.v0+json');
  });
});

describe('the table of versions', () => {
  test('has the newest last and in force, and every other deprecated before its end', () => {
    expect(versions.map(({ number }) => number)).toEqual(versions.map((_, index) => index));
    expect(newest.deprecated).toBeNull();
    expect(headersOf(newest)).toEqual({});
    for (const { deprecated } of versions.slice(0, -1)) {
      expect(deprecated).not.toBeNull();
      // RFC 9745: the sunset is not before the deprecation.
      expect(deprecated?.sunset.getTime()).toBeGreaterThan(deprecated?.since.getTime() ?? 0);
    }
  });

  test('writes a structured date, an HTTP date in GMT, and links', () => {
    const [old = newest] = versions;
    expect(mediaType(old)).toBe('application/vnd.atlas.v0+json');
    const { deprecation = '', sunset = '', link = '' } = headersOf(old);
    expect(new Date(Number(deprecation.slice(1)) * 1_000).toISOString()).toBe('2026-11-01T00:00:00.000Z');
    expect(deprecation).toMatch(/^@\d+$/);
    expect(new Date(sunset).toUTCString()).toBe(sunset);
    expect(sunset).toMatch(/ GMT$/);
    expect(link).toContain('rel="deprecation"');
    expect(link).toContain('rel="sunset"');
  });

  test('turns a settlement back, wherever it stands, and nothing else', () => {
    const [old = newest] = versions;
    const page = { settlements: [{ state: 'retry_pending', amount_minor: 10n }], next_cursor: null };
    expect(old.downgrade('listSettlements', page)).toEqual({
      settlements: [{ status: 'RETRY_PENDING', amount_minor: 10n }],
      next_cursor: null,
    });
    const message = { state: 'pending' };
    expect(old.downgrade('readWebhookMessage', message)).toBe(message);
    expect(newest.downgrade('readSettlement', message)).toBe(message);
  });
});
