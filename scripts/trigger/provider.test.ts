// What provider-down says: how the breaker comes to open, with the commands that open it.

import { expect, test } from 'vitest';
import { breakerPolicy } from '../../origin/providers/guarded.ts';
import { saidOfDown } from './provider.ts';

test('provider-down says from how many exchanges on the breaker opens, and gives commands that make as many', () => {
  const said = saidOfDown('simulated', 'simulated');
  expect(said).toContain(`50 % of at least ${breakerPolicy.exchangesMin} exchanges with it within 10 s`);
  const [, payments = '0', amount = '0'] = /seq (\d+)\); do npm run settle -- --amount (\d+)\.00/.exec(said) ?? [];
  expect(Number(payments)).toBeGreaterThanOrEqual(breakerPolicy.exchangesMin);
  const [, owed = '0'] = /pindebit --amount (\d+)\.00/.exec(said) ?? [];
  expect(Number(owed)).toBeGreaterThanOrEqual(Number(payments) * Number(amount));
  expect(said).toContain('npm run trigger -- provider-up simulated');
});

test('of one that payments reach only when another does not take them, that one is to be taken down too', () => {
  expect(saidOfDown('simulated_secondary', 'simulated')).toContain('provider-down simulated ');
  expect(saidOfDown('simulated', 'simulated')).not.toContain('provider-down');
});
