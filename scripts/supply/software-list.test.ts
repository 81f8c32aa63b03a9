import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { licenceFindings } from './licences.ts';
import { makeSoftwareList, missingFrom, readSoftwareList } from './software-list.ts';

const lockFile = readFileSync('package-lock.json', 'utf8');
const lockWithOneMore = lockFile.replace(
  '"node_modules/zod": {',
  '"node_modules/a/node_modules/forgotten": { "version": "9.9.9" },\n    "node_modules/zod": {',
);

test('the list has every package of the lock file, each with a licence that is allowed; what is shipped has a checksum', () => {
  const components = readSoftwareList(makeSoftwareList());
  expect(components.length).toBeGreaterThan(100);
  expect(missingFrom(components, lockFile)).toEqual([]);
  expect(missingFrom(components, lockWithOneMore)).toEqual(['forgotten@9.9.9']);
  expect(licenceFindings(components)).toEqual([]);
  expect(components.filter(({ isDevelopment, hasChecksum }) => !isDevelopment && !hasChecksum)).toEqual([]);
  const shipped = components.filter(({ isDevelopment }) => !isDevelopment).map(({ name }) => name);
  expect(shipped).toEqual(expect.arrayContaining(['hono', 'zod', 'pg']));
  expect(shipped).not.toContain('vitest');
});

test('licences are read in each of the forms that CycloneDX has; several apply together', () => {
  const components = [
    { name: 'a', version: '1', licenses: [{ license: { id: 'MIT' } }] },
    { name: 'b', version: '1', licenses: [{ license: { name: 'Our own' } }] },
    { name: 'c', version: '1', licenses: [{ expression: 'MIT OR ISC' }, { license: { id: 'Zlib' } }] },
    { name: 'd', version: '1' },
  ];
  const read = readSoftwareList(JSON.stringify({ bomFormat: 'CycloneDX', components }));
  expect(read.map(({ licence }) => licence)).toEqual(['MIT', 'Our own', '(MIT OR ISC) AND Zlib', null]);
  expect(read.map(({ hasChecksum, isDevelopment }) => [hasChecksum, isDevelopment])).toEqual(
    Array(4).fill([false, false]),
  );
});

test('what is no CycloneDX document is no empty list', () => {
  expect(() => readSoftwareList('{"components":[]}')).toThrow('bomFormat');
});
