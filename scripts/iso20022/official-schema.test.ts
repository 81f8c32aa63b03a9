// The schemas are those that their README.md vouches for, and every file that we read or write has one.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { readBankFile } from '../../origin/providers/iso20022/read-reports.ts';
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

test('what is read has its schema, but for pain.002.001.09', () => {
  const versions = Array.from({ length: 20 }, (_, index) => String(index + 1).padStart(2, '0'));
  const read = ['pain.002', 'camt.053']
    .flatMap((kind) => versions.map((version) => `${kind}.001.${version}`))
    .filter((message) => isRead(message));
  expect([...schemaMessages, 'pain.002.001.09'].sort()).toEqual(['pain.001.001.09', ...read].sort());
});

/** An empty document of a message that is read lacks its elements; one of another is of a namespace that is not known. */
function isRead(message: string): boolean {
  try {
    readBankFile(Buffer.from(`<Document xmlns="urn:iso:std:iso:20022:tech:xsd:${message}"/>`));
    return true;
  } catch (error) {
    return !String(error).includes('namespace');
  }
}

test('a file of a message without a schema is never valid', () => {
  expect(schemaProblems('<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.99"/>')).toHaveLength(1);
});
