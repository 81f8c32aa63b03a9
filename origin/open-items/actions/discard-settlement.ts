// discard: a settlement that used up its tries is given up for good.

import * as z from 'zod';
import { discardDead } from '../../payouts/dead-letters.ts';
import { transactionAction } from '../action.ts';

export const discardSettlementAction = transactionAction({
  name: 'discard',
  summary: 'Give the settlement up for good: it fails, and what was reserved is owed again.',
  kinds: ['settlement_set_aside'],
  input: z.strictObject({}),
  async perform({ sql }, { settlement_id }, _input, doer) {
    const isDone = settlement_id !== null && (await discardDead(sql, settlement_id, doer));
    if (!isDone) return { outcome: 'refused', problem: 'cannot be done: the settlement is not set aside any more' };
    return { outcome: 'done', result: { settlement_id } };
  },
});
