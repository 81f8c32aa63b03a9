// The schemas are those that their README.md vouches for, with the digests that are written there.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schemaMessages, schemaOf, schemaProblems } from './official-schema.ts';

const fileOf = (name: string) =>
  readFileSync(new URL(`../../origin/providers/iso20022/schemas/${name}`, import.meta.url));

test('every schema has the digest of its row, and the namespace of its name', () => {
  const rows = [
    ...fileOf('README.md')
      .toString()
      .matchAll(/^\| ([a-z0-9.]+) \|.*`([0-9a-f]{64})` \|$/gm),
  ];
  expect(rows.map(([, message]) => message)).toEqual(schemaMessages);
  for (const [, message = '', digest] of rows) {
    expect(
      createHash('sha256')
        .update(fileOf(`${message}.xsd`))
        .digest('hex'),
      message,
    ).toBe(digest);
    const schema = schemaOf(message);
    expect(schema.root.attr('targetNamespace')?.value).toBe(`urn:iso:std:iso:20022:tech:xsd:${message}`);
    schema.dispose();
  }
});

test('a file of a message without a schema is never valid', () => {
  expect(schemaProblems('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.99"/>')).toHaveLength(1);
});
