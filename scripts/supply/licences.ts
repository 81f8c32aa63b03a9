// Which licences we may use, and whether a package's is one of them. Says nothing about whether what a package claims is true.

import type { Component } from './software-list.ts';

/** Ask for no more than that their text and names are kept. */
const permissive = new Set(
  [
    '0BSD',
    'Apache-2.0',
    'BSD-2-Clause',
    'BSD-3-Clause',
    'BlueOak-1.0.0',
    'CC0-1.0',
    'ISC',
    'MIT',
    'Unlicense',
    'Zlib',
  ].map(lower),
);

/** Ask that changes to the package itself are published: fine for tools that nobody ships, a decision of a person for anything else. */
const inDevelopment = new Set(['LGPL-3.0-or-later', 'MPL-2.0'].map(lower));

/** What npm leaves out of its list since it is no SPDX name, as a person has read it in this very version: it says `Apache 2.0`. */
const readByHand: Readonly<Record<string, string>> = { '@informalsystems/quint@0.33.1': 'Apache-2.0' };

export interface LicenceFinding {
  readonly package: string;
  readonly message: string;
}

/**
 * One finding for each package whose licence is not allowed, is not named or cannot be read. `(MIT OR GPL-3.0-only)` is allowed,
 * since we may choose MIT; `MIT AND GPL-3.0-only` is not, since both apply.
 */
export function licenceFindings(components: readonly Component[]): LicenceFinding[] {
  return components.flatMap(({ name, version, licence, isDevelopment }) => {
    const message = objectionTo(licence ?? readByHand[`${name}@${version}`] ?? null, isDevelopment);
    return message === null ? [] : [{ package: `${name}@${version}`, message }];
  });
}

function objectionTo(licence: string | null, isDevelopment: boolean): string | null {
  if (licence === null) return 'names no licence';
  const tokens = licence.match(/[()]|[^\s()]+/g) ?? [];
  const isAllowed = (id: string) => permissive.has(lower(id)) || (isDevelopment && inDevelopment.has(lower(id)));
  const rest = [...tokens];
  const allowed = anyOf(rest, isAllowed);
  if (allowed === null || rest.length > 0) return `has a licence that cannot be read: ${licence}`;
  if (allowed) return null;
  return `has a licence that is not allowed ${isDevelopment ? 'for tools' : 'in what is shipped'}: ${licence}`;
}

/** Takes `a OR b` from the tokens, binding less than AND. Null: it cannot be read. */
function anyOf(tokens: string[], isAllowed: (id: string) => boolean): boolean | null {
  return joined(tokens, 'OR', () => joined(tokens, 'AND', () => single(tokens, isAllowed)));
}

function joined(tokens: string[], by: 'AND' | 'OR', next: () => boolean | null): boolean | null {
  let result = next();
  while (tokens[0]?.toUpperCase() === by) {
    tokens.shift();
    const more = next();
    if (result === null || more === null) return null;
    result = by === 'AND' ? result && more : result || more;
  }
  return result;
}

function single(tokens: string[], isAllowed: (id: string) => boolean): boolean | null {
  const token = tokens.shift();
  if (token === '(') {
    const inner = anyOf(tokens, isAllowed);
    return tokens.shift() === ')' ? inner : null;
  }
  if (token === undefined || token === ')' || /^(?:AND|OR|WITH)$/i.test(token)) return null;
  if (tokens[0]?.toUpperCase() !== 'WITH') return isAllowed(token);
  // An exception only ever gives more rights: the licence itself decides.
  tokens.shift();
  return tokens.shift() === undefined ? null : isAllowed(token);
}

function lower(id: string): string {
  return id.toLowerCase();
}

/** A page in Markdown: how many packages have each licence, and all of them by name. */
export function licencePage(components: readonly Component[]): string {
  const byLicence = Map.groupBy(components, ({ licence }) => licence ?? 'none named');
  const rows = [...byLicence].sort(([, a], [, b]) => b.length - a.length);
  const shipped = (list: readonly Component[]) => list.filter(({ isDevelopment }) => !isDevelopment);
  return [
    '# Licences of all packages',
    '',
    'Made of the lock file by `npm run supply`. Shipped: in the edge’s bundle or beside the origin; the others are tools and tests.',
    '',
    '| licence | shipped | tools |',
    '|---|---|---|',
    ...rows.map(
      ([licence, list]) => `| ${licence} | ${shipped(list).length} | ${list.length - shipped(list).length} |`,
    ),
    '',
    '## Shipped',
    '',
    ...rows.flatMap(([licence, list]) => shipped(list).map(({ name, version }) => `- ${name}@${version}: ${licence}`)),
    '',
    '## Tools and tests',
    '',
    ...rows.flatMap(([licence, list]) =>
      list.filter(({ isDevelopment }) => isDevelopment).map(({ name, version }) => `- ${name}@${version}: ${licence}`),
    ),
    '',
  ].join('\n');
}
