import { expect, test } from 'vitest';
import { licenceFindings, licencePage } from './licences.ts';
import type { Component } from './software-list.ts';

const component = (licence: string | null, isDevelopment = false): Component => ({
  name: 'some-package',
  version: '1.2.3',
  licence,
  isDevelopment,
  hasChecksum: true,
});
const objections = (licence: string | null, isDevelopment = false) =>
  licenceFindings([component(licence, isDevelopment)]).map(({ message }) => message);

test.each([
  'MIT',
  'mit',
  'Apache-2.0',
  '(MIT OR GPL-3.0-only)',
  'GPL-3.0-only OR MIT',
  '(MIT AND Zlib)',
  'MIT AND (GPL-2.0-only OR ISC)',
  'Apache-2.0 WITH LLVM-exception',
])('%s may be shipped', (licence) => {
  expect(objections(licence)).toEqual([]);
});

test.each([
  'GPL-3.0-only',
  'AGPL-3.0-or-later',
  'SSPL-1.0',
  'UNLICENSED',
  'SEE LICENSE IN LICENSE.md',
  'MIT AND GPL-3.0-only',
  // AND binds more than OR: the choice is between GPL, and MIT together with AGPL.
  'GPL-3.0-only OR MIT AND AGPL-3.0-only',
  '(GPL-2.0-only OR GPL-3.0-only) AND MIT',
  'GPL-2.0-only WITH Classpath-exception-2.0',
  'MIT OR',
  '(MIT',
  'MIT)',
  'OR MIT',
  'MIT ISC',
  '',
])('%j may not be shipped', (licence) => {
  expect(objections(licence)).toHaveLength(1);
});

test('a licence that asks for changes back is fine for a tool, and not in what is shipped', () => {
  for (const licence of ['MPL-2.0', 'LGPL-3.0-or-later', 'Apache-2.0 AND LGPL-3.0-or-later AND MIT']) {
    expect(objections(licence, true)).toEqual([]);
    expect(objections(licence, false)).toEqual([`has a licence that is not allowed in what is shipped: ${licence}`]);
  }
});

test('a package without a licence is named with its version', () => {
  expect(licenceFindings([component('MIT'), component(null)])).toEqual([
    { package: 'some-package@1.2.3', message: 'names no licence' },
  ]);
});

test('the page counts what is shipped and what is not, and names all', () => {
  const page = licencePage([component('MIT'), component('MIT', true), component('MPL-2.0', true)]);
  expect(page).toContain('| MIT | 1 | 1 |');
  expect(page).toContain('| MPL-2.0 | 0 | 1 |');
  expect(page.match(/- some-package@1\.2\.3: MIT/g)).toHaveLength(2);
});
