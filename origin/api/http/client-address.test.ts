import { expect, test } from 'vitest';
import { hashOfDay, nearestStranger, readRanges } from './client-address.ts';

const own = readRanges('10.0.0.0/8, 192.0.2.1 2001:db8::/32');

test.each<[what: string, remote: string | undefined, forwarded: string[], nearest: string | undefined]>([
  ['a stranger who names another', '198.51.100.7', ['203.0.113.5'], '198.51.100.7'],
  ['behind our proxy', '10.1.2.3', ['203.0.113.5'], '203.0.113.5'],
  ['behind two of ours', '10.1.2.3', ['203.0.113.5', '192.0.2.1'], '203.0.113.5'],
  ['who forges what stands left of it', '10.1.2.3', ['127.0.0.1', '10.9.9.9', '203.0.113.5'], '203.0.113.5'],
  ['our proxy that names nobody', '10.1.2.3', [], '10.1.2.3'],
  ['our proxy that names no address', '10.1.2.3', ['203.0.113.5', 'unknown'], '10.1.2.3'],
  ['IPv4 inside of IPv6', '::ffff:10.1.2.3', ['203.0.113.5'], '203.0.113.5'],
  ['IPv6', '2001:db8::1', ['2001:db9::5'], '2001:db9::5'],
  ['no connection', undefined, ['203.0.113.5'], undefined],
])('X12: the address of %s', (_, remote, forwarded, nearest) => {
  expect(nearestStranger(remote, forwarded, own)).toBe(nearest);
});

test('X12: in logs an address is a hash of this day and this service', () => {
  const [one, other] = [{ network: '203.0.113.5' }, { network: '203.0.113.6' }];
  const dayMs = 24 * 3_600_000;
  expect(hashOfDay(one, 'secret', 0)).toMatch(/^[0-9a-f]{16}$/);
  expect(hashOfDay(one, 'secret', dayMs - 1)).toBe(hashOfDay(one, 'secret', 0));
  const others = [hashOfDay(other, 'secret', 0), hashOfDay(one, 'secret', dayMs), hashOfDay(one, 'other', 0)];
  expect(others).not.toContain(hashOfDay(one, 'secret', 0));
});
