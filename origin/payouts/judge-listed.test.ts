// A row of the table: a settlement as the restored database has it, what providers list of it, and what is to be done.

import { expect, test } from 'vitest';
import type { SettlementState } from '../../contracts/settlement.ts';
import { judgeListed, type ListedAt } from './judge-listed.ts';
import type { SettlementRow } from './settlement-row.ts';

type State = ListedAt['state'];
const listed = (provider: string, submission: number, state: State = 'paid', amount_minor = '300'): ListedAt => ({
  ...{ settlement_id: 'stl_1', merchant_id: 'mrch_1', provider_reference: `${provider}-${submission}`, reference: '' },
  ...{ provider, submission, state, amount_minor, currency: 'USD' },
});
const row = (state: SettlementState, provider: string | null, submissions: number): SettlementRow =>
  ({ state, provider, submissions, amount_minor: 300n, currency: 'USD', failure_code: 'x' }) as SettlementRow;

test.each<[name: string, row: SettlementRow | undefined, payments: ListedAt[], found: string[]]>([
  ['not here, paid', undefined, [listed('a', 1)], ['lost a-1']],
  ['not here, on its way', undefined, [listed('a', 2, 'pending')], ['lost a-2']],
  ['not here, and rejected', undefined, [listed('a', 1, 'rejected')], ['known']],
  ['not here, rejected and then paid', undefined, [listed('a', 1, 'rejected'), listed('b', 2)], ['lost b-2']],
  ['not here, and paid twice', undefined, [listed('a', 1), listed('b', 2)], ['lost b-2', 'contradicts a-1']],
  ['queued, and sent', row('queued', null, 0), [listed('a', 1)], ['sent a-1']],
  ['queued, and rejected', row('queued', null, 0), [listed('a', 1, 'rejected')], ['sent a-1']],
  ['queued, and paid twice', row('queued', null, 0), [listed('a', 1), listed('b', 2)], ['sent b-2', 'contradicts a-1']],
  ['queued, another amount', row('queued', null, 0), [listed('a', 1, 'paid', '299')], ['contradicts a-1']],
  ['to be tried again, sent elsewhere', row('retry_pending', 'a', 1), [listed('b', 2)], ['sent b-2']],
  ['to be tried again, and taken all the same', row('retry_pending', 'a', 1), [listed('a', 1)], ['sent a-1']],
  ['to be tried again, as it was', row('retry_pending', 'a', 1), [listed('a', 1, 'rejected')], ['known']],
  ['under way, as it is', row('processing', 'a', 1), [listed('a', 1, 'pending')], ['known']],
  ['under way, then sent elsewhere', row('processing', 'a', 1), [listed('b', 2)], ['must_wait']],
  ['under way, paid before', row('processing', 'b', 2), [listed('a', 1), listed('b', 2)], ['contradicts a-1']],
  ['paid, as it is', row('completed', 'a', 1), [listed('a', 1)], ['known']],
  ['paid, and once more', row('completed', 'a', 1), [listed('a', 1), listed('b', 2)], ['contradicts b-2']],
  ['failed, as it is', row('failed', 'a', 1), [listed('a', 1, 'rejected')], ['known']],
  ['failed, and paid', row('failed', 'a', 1), [listed('a', 1)], ['contradicts a-1']],
])('%s', (_, settlement, payments, found) => {
  for (const order of [payments, payments.toReversed()])
    expect(
      judgeListed(settlement, order).map((verdict) =>
        'payment' in verdict ? `${verdict.found} ${verdict.payment.provider_reference}` : verdict.found,
      ),
    ).toEqual(found);
});
