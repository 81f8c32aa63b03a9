// Signing secrets at rest open with the right key, for the right endpoint, and unchanged; otherwise not at all.

import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { createSecretBox, newSigningSecret } from './secret-box.ts';
import { signedHeaders } from './sign.ts';

const key = () => randomBytes(32).toString('base64');
const secret = newSigningSecret();

test('what is sealed opens again, looks like nothing, and never twice the same', () => {
  const box = createSecretBox([key()]);
  const sealed = box.seal(secret, 'whk_a');
  expect(box.open(sealed, 'whk_a')).toBe(secret);
  expect(sealed).not.toContain(secret.slice(6, 20));
  expect(box.seal(secret, 'whk_a')).not.toBe(sealed);
});

test('it opens for its own endpoint only, and not when a character was changed', () => {
  const box = createSecretBox([key()]);
  const sealed = box.seal(secret, 'whk_a');
  expect(() => box.open(sealed, 'whk_b')).toThrow();
  for (const place of [20, 40, sealed.length - 2]) {
    const other = sealed[place] === 'A' ? 'B' : 'A';
    expect(() => box.open(sealed.slice(0, place) + other + sealed.slice(place + 1), 'whk_a')).toThrow();
  }
  expect(() => box.open(secret, 'whk_a')).toThrow('was not sealed');
  expect(() => box.open('', 'whk_a')).toThrow('was not sealed');
});

test('keys change: the new one seals, both open; the old one alone does not open what the new one sealed', () => {
  const [before, after] = [key(), key()];
  const sealed = createSecretBox([before]).seal(secret, 'whk_a');
  const both = createSecretBox([after, before]);
  expect(both.open(sealed, 'whk_a')).toBe(secret);
  expect(() => createSecretBox([before]).open(both.seal(secret, 'whk_a'), 'whk_a')).toThrow('was not sealed');
  expect([both.keyOf(sealed), both.keyOf(both.seal(secret, 'whk_a')), createSecretBox([after]).keyOf(sealed)]).toEqual([
    1,
    0,
    null,
  ]);
  expect(createSecretBox([after]).open(both.seal(secret, 'whk_a'), 'whk_a')).toBe(secret);
});

test.each([[''], ['short'], [randomBytes(31).toString('base64')], [key(), '']])('%j is no key', (...keys) => {
  expect(() => createSecretBox(keys)).toThrow('WEBHOOK_SECRETS_KEY: must be 32 bytes in base64');
});

test('a secret is 32 random bytes, as Standard Webhooks writes it', () => {
  expect(secret).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
  expect(newSigningSecret()).not.toBe(secret);
});

test('an attempt is signed with every secret, and the reference library takes each; a changed byte is refused', () => {
  const secrets = [newSigningSecret(), newSigningSecret()];
  const payload = '{"type":"settlement.completed","data":{"reference":"Bücher €"}}';
  const headers = signedHeaders({ eventId: 'evt_1', payload }, secrets, new Date());
  expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
  for (const one of secrets) expect(new Webhook(one).verify(payload, headers)).toEqual(JSON.parse(payload));
  expect(() => new Webhook(secrets[0] ?? '').verify(payload.replace(':{', ': {'), headers)).toThrow();
  expect(() => new Webhook(newSigningSecret()).verify(payload, headers)).toThrow();
});
