// Rows that another release has written: what may be read, and what must not be passed over.

import { expect, test } from 'vitest';
import { SampleCard } from '../testing/sample-lives.ts';
import { clearing, countingIds, noonMs, profile, request } from '../testing/samples.ts';
import { Card } from './card.ts';
import { NewerRelease, readRow } from './stored-row.ts';

test('a field that a newer release adds is kept, and changes nothing', () => {
  const text = '{"kind":"expiry","event_id":"evt_1","added":{"by":"tomorrow"}}';
  expect(JSON.stringify(readRow(text, 1))).toBe(text);
  expect(readRow('{"version":1,"kind":"void"}', 1)).toEqual({ version: 1, kind: 'void' });
});

test.each([
  ['{"kind":"grant","amount_minor":500}', 'event 7 (kind grant, version 1) is of a newer release'],
  ['{"version":2,"kind":"authorization"}', 'event 7 (kind authorization, version 2) is of a newer release'],
  ['{"kind":"constructor"}', 'event 7 (kind constructor, version 1) is of a newer release'],
  ['{}', 'event 7 (kind undefined, version 1) is of a newer release'],
])('%s is refused, not passed over', (text, words) => {
  expect(() => readRow(text, 7)).toThrow(NewerRelease);
  expect(() => readRow(text, 7)).toThrow(words);
});

test('a card decides the same with what it does not know beside what it knows', () => {
  const sample = new SampleCard(profile());
  sample.card.authorize(request(), noonMs);
  sample.card.receive(clearing(), noonMs + 1);
  const rows = sample.log.map(({ body, ...row }) => ({
    ...row,
    body: readRow(JSON.stringify({ ...body, of_tomorrow: [1, 2] }), row.sequence),
  }));
  const history = { append: () => undefined, at: (sequence: number) => sample.log[sequence - 1]?.body as never };
  const again = new Card({ ...history, freshIds: countingIds() }, null, rows);
  expect(again.snapshot()).toEqual(sample.card.snapshot());
});
