// All house rules over all files: pure, so that a test can hand it a repository of its own.

import { featureFindings } from './features.ts';
import type { Finding, RepositoryFile } from './finding.ts';
import { importFindings } from './imports.ts';
import { migrationFindings } from './migrations.ts';
import { pageFindings } from './pages.ts';
import { shapeFindings } from './shape.ts';
import { parseSource } from './source.ts';
import { textFindings } from './texts.ts';
import { wordFindings } from './words.ts';

export function houseFindings(files: readonly RepositoryFile[]): Finding[] {
  const sources = files.filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts')).map(parseSource);
  return [
    ...sources.flatMap((source) => [...importFindings(source), ...wordFindings(source), ...shapeFindings(source)]),
    ...featureFindings(sources),
    ...files.flatMap(textFindings),
    ...migrationFindings(files),
    ...pageFindings(files),
  ];
}
