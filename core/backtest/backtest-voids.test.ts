// Backtests of requests that were given up before the card heard of them: their key stays declined under any draft.

import { expect, test } from 'vitest';
import { History } from '../testing/sample-history.ts';
import * as sample from '../testing/samples.ts';

const answers = (history: History, draft: Parameters<History['under']>[0]) =>
  history.under(draft).map(({ change, draft: { reason } }) => (reason === null ? change : `${change} ${reason}`));

test('a request that came after its void stays declined', () => {
  const history = new History();
  history.void('key-1');
  history.ask(100);
  expect(answers(history, [])).toEqual(['unchanged request_voided']);
});

test('so does one that our edge had answered before, of a purchase that the draft declines', () => {
  const history = new History();
  const authorization_key = history.ask(100);
  const answered = { authorization_key, request_key: 'key-3', hold_minor: 40, decided_by: 'edge' } as const;
  history.hear(sample.advice(answered));
  history.void('key-3');
  history.ask(40, { kind: 'incremental', authorization_key });
  expect(answers(history, [sample.limitPerDay(60)])).toEqual([
    'newly_declined exceeds_amount_in_window',
    'unchanged request_voided',
  ]);
});
