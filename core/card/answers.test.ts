// What stands as the answer to a request key, by the order in which it was answered and given up.

import { expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-lives.ts';
import { advice, noonMs, profile, request } from '../testing/samples.ts';
import { isAnswered, toTakeBack } from './answers.ts';

const inPlace = (message_key: string, hold_minor: number) =>
  advice({ message_key, request_key: 'request-1', decided_by: 'edge', hold_minor });
const answerOf = ({ card }: SampleCard) => card.authorize(request(), noonMs);
const nothing = {
  ...{ outcome: 'declined', approved_minor: 0, hold_minor: 0, reason: 'request_voided', control_id: null },
  ...{ available_minor: null, profile_version: null, trace: [] },
};

test('a request that was given up is declined, and nothing is held for it, until the edge answers it after that', () => {
  const sample = new SampleCard(profile());
  answerOf(sample);
  sample.card.void('request-1', noonMs);
  expect(answerOf(sample)).toMatchObject({ decision: nothing });
  sample.card.receive(inPlace('m1', 300), noonMs);
  const approved = { ...nothing, outcome: 'approved', approved_minor: 300, hold_minor: 300, reason: null };
  expect(answerOf(sample)).toMatchObject({ decision: approved });
  sample.card.void('request-1', noonMs);
  expect(answerOf(sample)).toMatchObject({ decision: nothing });
});

test('giving it up takes back what stands: the card’s own answer once, an answer in its place each time that there is one', () => {
  const sample = new SampleCard(profile());
  const { answers } = sample.card.state;
  expect([isAnswered(answers, 'request-1'), toTakeBack(answers, 'request-1')]).toEqual([
    false,
    { byCard: undefined, inPlace: null },
  ]);
  answerOf(sample);
  expect(isAnswered(answers, 'request-1')).toBe(true);
  expect(toTakeBack(answers, 'request-1')).toEqual({ byCard: 2, inPlace: null });
  sample.card.void('request-1', noonMs);
  expect(toTakeBack(answers, 'request-1')).toBeNull();
  sample.card.receive(inPlace('m1', 300), noonMs);
  expect(toTakeBack(answers, 'request-1')).toMatchObject({ byCard: undefined, inPlace: { approved_minor: 300 } });
});
