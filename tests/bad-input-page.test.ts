// docs/bad-input.md says what the battery tries (worker/networks/bad-input-battery.test.ts): its tables are those of the classes.

import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import {
  type ClassName,
  classes,
  type FieldKind,
  fieldKinds,
  isRead,
  outcomes,
} from '../worker/testing/bad-input-classes.ts';

const page = readFileSync(new URL('../docs/bad-input.md', import.meta.url), 'utf8');

function tableIn(name: string): string[][] {
  const [, text = ''] = new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(page) ?? [];
  const rows = text
    .trim()
    .split('\n')
    .map((line) =>
      line
        .split('|')
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
  // Without the line between the head and the rows.
  return rows.filter((_, index) => index !== 1);
}

test('what becomes of each kind of message', () => {
  const rows = Object.entries(outcomes).map(([message, { read, unreadable }]) => [message, read, unreadable]);
  expect(tableIn('outcomes').slice(1)).toEqual(rows);
});

test('whether it can be read, for each class of input in each kind of field', () => {
  const kinds = Object.keys(fieldKinds) as FieldKind[];
  const rows = Object.entries(classes).map(([name, { says }]) => [
    says,
    ...kinds.map((kind) => (isRead(name as ClassName, kind) ? 'yes' : 'no')),
  ]);
  expect(tableIn('classes')).toEqual([['input', ...Object.values(fieldKinds)], ...rows]);
});
