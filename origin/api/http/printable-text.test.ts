import { expect, test } from 'vitest';
import { givenReason } from './printable-text.ts';

test('S3 kind: a reason of spaces is none; one of three letters is', () => {
  for (const none of ['   ', ' a  b ', '\u00a0\u00a0\u00a0\u00a0'])
    expect(givenReason.safeParse(none).success).toBe(false);
  for (const said of ['bug', ' b u g ', 'разобрались', '確認済'])
    expect(givenReason.safeParse(said).success).toBe(true);
});
