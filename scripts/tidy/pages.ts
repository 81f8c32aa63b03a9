// Rules on Markdown pages: every link leads to a file or a heading that is there, and docs/README.md lists every page of docs/. Addresses
// of other places are not asked.

import { posix } from 'node:path';
import { type Finding, lineAt, type RepositoryFile } from './finding.ts';

const indexPath = 'docs/README.md';

export function pageFindings(files: readonly RepositoryFile[]): Finding[] {
  const pages = files.filter(({ path }) => path.endsWith('.md'));
  const headings = new Map(pages.map(({ path, text }) => [path, headingsOf(text)]));
  const places = placesOf(files);
  const links = pages.flatMap(linksOf);
  return [...links.flatMap((link) => brokenLink(link, places, headings)), ...unlistedPages(pages, links)];
}

interface Link {
  readonly page: string;
  readonly line: number;
  readonly written: string;
  /** From the repository's top. */
  readonly target: string;
  readonly heading: string | null;
}

function linksOf({ path, text }: RepositoryFile): Link[] {
  const prose = withoutCode(text);
  // [text](target), ![text](target) and [name]: target
  const found = [...prose.matchAll(/\]\(([^)\s]+)(?:\s+"[^"]*")?\)|^\[[^\]]+\]: (\S+)/gm)];
  return found.flatMap(({ index, 1: inline, 2: reference }) => {
    const written = inline ?? reference ?? '';
    if (/^(?:[a-z]+:|\/\/)/i.test(written)) return [];
    const [file = '', heading = null] = written.split('#');
    const target = file === '' ? path : posix.join(posix.dirname(path), decodeURI(file)).replace(/\/$/, '');
    return [{ page: path, line: lineAt(text, index), written, target, heading }];
  });
}

function brokenLink(
  { page, line, written, target, heading }: Link,
  places: ReadonlySet<string>,
  headings: ReadonlyMap<string, ReadonlySet<string>>,
): Finding[] {
  const finding = (message: string) => [{ path: page, line, rule: 'link', message }];
  if (!places.has(target)) return finding(`${written} leads to ${target}, which is not there`);
  const known = headings.get(target);
  if (heading === null || known === undefined || known.has(heading)) return [];
  return finding(`${written}: ${target} has no heading #${heading}; it has ${[...known].join(', ')}`);
}

function unlistedPages(pages: readonly RepositoryFile[], links: readonly Link[]): Finding[] {
  if (!pages.some(({ path }) => path === indexPath)) return [];
  const listed = new Set(links.filter(({ page }) => page === indexPath).map(({ target }) => target));
  return pages
    .filter(({ path }) => path.startsWith('docs/') && path !== indexPath && !listed.has(path))
    .map(({ path }) => ({
      ...{ path, line: 1, rule: 'index' },
      message: `is not in ${indexPath}; instead add a line there that says what one learns from it`,
    }));
}

/** Every file, and every folder that has one. */
function placesOf(files: readonly RepositoryFile[]): ReadonlySet<string> {
  const places = new Set<string>(['.']);
  for (const { path } of files) for (let place = path; place !== '.'; place = posix.dirname(place)) places.add(place);
  return places;
}

/** As GitHub names them: of two that are alike, the second has -1 at its end. */
function headingsOf(text: string): ReadonlySet<string> {
  const headings = new Set<string>();
  for (const [, title = ''] of withoutFences(text).matchAll(/^#{1,6} +(.*?)(?: +#+)? *$/gm)) {
    const name = title
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1')
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_\- ]/gu, '')
      .replaceAll(' ', '-');
    let own = name;
    for (let count = 1; headings.has(own); count++) own = `${name}-${count}`;
    headings.add(own);
  }
  return headings;
}

/** Blanked, every line at its place: what stands in code is no link and no heading. */
function withoutCode(text: string): string {
  return withoutFences(text).replace(/(`+)(?!`)[^\n]*?[^`]\1(?!`)/g, blanked);
}

function withoutFences(text: string): string {
  return text.replace(/^(```+)[^\n]*\n[\s\S]*?^\1`*$/gm, blanked);
}

function blanked(code: string): string {
  return code.replace(/[^\n]/g, ' ');
}
