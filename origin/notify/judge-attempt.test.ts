// Only 2xx is success; what else an answer asks for.

import { expect, test } from 'vitest';
import { type AttemptOutcome, judgeAttempt } from './judge-attempt.ts';
import type { Reached } from './safe-fetch.ts';

const answered = (status: number, retryAfter?: string): Reached => ({
  ...{ outcome: 'answered', status, retryAfter, answer: new Uint8Array(), answerCut: false },
});

test.each<[status: number, outcome: AttemptOutcome]>([
  [200, 'taken'],
  [201, 'taken'],
  [204, 'taken'],
  [299, 'taken'],
  [301, 'redirected'],
  [302, 'redirected'],
  [304, 'redirected'],
  [308, 'redirected'],
  [400, 'refused'],
  [401, 'refused'],
  [404, 'refused'],
  [410, 'gone'],
  [429, 'throttled'],
  [500, 'server_error'],
  [502, 'throttled'],
  [503, 'throttled'],
  [504, 'throttled'],
  [599, 'server_error'],
])('%i: %s', (status, outcome) => {
  const verdict = judgeAttempt(answered(status), 0);
  expect(verdict).toMatchObject({ outcome, status });
  expect(verdict.error === null).toBe(outcome === 'taken');
});

test('an overloaded endpoint is left alone for as long as it asks, or for five seconds', () => {
  expect(judgeAttempt(answered(429, '30'), 0)).toMatchObject({ pauseMs: 30_000, retryAfterMs: 30_000 });
  expect(judgeAttempt(answered(429), 0)).toMatchObject({ pauseMs: 5_000, retryAfterMs: null });
  expect(judgeAttempt(answered(500, '30'), 0)).toMatchObject({ pauseMs: null, retryAfterMs: null });
});

test('what was not reached keeps its reason', () => {
  expect(judgeAttempt({ outcome: 'unreached', reason: 'timeout' }, 0)).toMatchObject({
    ...{ outcome: 'unreached', status: null, error: 'timeout' },
  });
});
