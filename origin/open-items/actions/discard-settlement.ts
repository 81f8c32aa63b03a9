// discard: a settlement that used up its tries is given up for good.

import * as z from 'zod';
import { discardDead } from '../../settlement/dead-letters.ts';
import { openItemAction } from '../action.ts';

export const discardSettlementAction = openItemAction({
  name: 'discard',
  summary: 'Give the settlement up for good: it fails, and what was reserved is owed again.',
  kinds: ['settlement_set_aside'],
  input: z.strictObject({}),
  effect: 'transaction',
  async perform({ sql }, { settlement_id }, _input, doer) {
    const isDone = settlement_id !== null && (await discardDead(sql, settlement_id, doer));
    if (!isDone) return { outcome: 'refused', problem: 'cannot be done: the settlement is not set aside any more' };
    return { outcome: 'done', result: { settlement_id } };
  },
});
