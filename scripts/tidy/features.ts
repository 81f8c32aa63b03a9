// The origin's features: each file of `origin/features/` makes one, and start.ts lists them all. What a feature has (routes, loops,
// gauges, an end) is collected from that list alone, so a feature that is left out would be silent: it is found here.

import { posix } from 'node:path';
import { type Finding, isTest, isTestAid } from './finding.ts';
import type { Source } from './source.ts';

const folder = 'origin/features/';
const list = 'origin/start.ts';
/** What a feature is, and no feature. */
const contract = `${folder}feature.ts`;

export function featureFindings(sources: readonly Source[]): Finding[] {
  const features = sources.filter(({ file }) => isFeature(file.path));
  const listed = sources.find(({ file }) => file.path === list);
  return [
    ...features.flatMap(ownFindings),
    ...features.filter(({ file }) => !valuesOf(listed).includes(file.path)).map(notListed),
    ...sources.flatMap(takenElsewhere),
  ];
}

function isFeature(path: string): boolean {
  return path.startsWith(folder) && path !== contract && !isTest(path);
}

function valuesOf(source: Source | undefined): string[] {
  return (source?.imports ?? []).flatMap(({ specifier, use }) =>
    use === 'type' || !specifier.startsWith('.') ? [] : [posix.join(posix.dirname(source?.file.path ?? ''), specifier)],
  );
}

function ownFindings({ file: { path }, code }: Source): Finding[] {
  const exported = [...code.matchAll(/^export (?:async )?(?:function|const|class|let) (\w+)/gm)].map(
    ([, name]) => name,
  );
  if (exported.length === 1 && exported[0]?.startsWith('create')) return [];
  const message = `exports ${exported.join(', ') || 'nothing'}; a feature's file exports one create…(parts): { routes, loops, gauges, close }, and types`;
  return [{ path, line: 1, rule: 'feature', message }];
}

function notListed({ file: { path } }: Source): Finding {
  const message = `${list} does not list it, so that its routes are not served and its loops never start; add it to createFeatures`;
  return { path, line: 1, rule: 'feature', message };
}

/** A feature is handed what it needs of another; types may be imported. */
function takenElsewhere(source: Source): Finding[] {
  const { path } = source.file;
  if (path === list || isTest(path) || isTestAid(path)) return [];
  const message = `only ${list} makes features; take what you need of one as a part, with its type`;
  return source.imports.flatMap(({ specifier, line, use }) => {
    const isOne = specifier.startsWith('.') && isFeature(posix.join(posix.dirname(path), specifier));
    return isOne && use !== 'type' ? [{ path, line, rule: 'feature', message }] : [];
  });
}
