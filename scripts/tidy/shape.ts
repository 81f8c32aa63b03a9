// The shape of a file: its name, its length, the length of its functions, and what it exports.

import { posix } from 'node:path';
import { type Finding, isTest } from './finding.ts';
import type { Source } from './source.ts';

const fileLinesMax = 300;
const functionLinesMax = 70;

/** What may be longer, how long at most, and why. A ratchet: figures here only go down. */
const longFiles: Readonly<Record<string, { lines: number; because: string }>> = {};
const longFunctions: Readonly<Record<string, { lines: number; because: string }>> = {};

/** Entries that a tool loads by their default export. */
const defaultExporters = [/^worker\/index\.ts$/, /^[^/]+\.config\.ts$/, /^load\/[^/]+\.ts$/];
/**
 * The worker's entry passes on the classes of its objects: that is how the platform finds them. The sdk's says what partners
 * may import.
 */
const reexporters = new Set(['worker/index.ts', 'sdk/index.ts']);

const emptyNames = /^(?:utils?|helpers?|common|managers?|services?|types?|misc|shared)$/;

export function shapeFindings(source: Source): Finding[] {
  const { file, functions, defaultExportLine, exportAllLine, isBarrel } = source;
  const { path } = file;
  const findings: Finding[] = [];
  const add = (line: number, rule: string, message: string) => findings.push({ path, line, rule, message });

  const emptyWord = nameOf(path)
    .split('-')
    .find((word) => emptyNames.test(word));
  if (emptyWord !== undefined)
    add(1, 'file-name', `"${emptyWord}" says nothing; instead name the file after the noun or verb inside it`);

  const lines = file.text.split('\n').length - 1;
  if (lines > (longFiles[path]?.lines ?? fileLinesMax))
    add(1, 'file-length', `${lines} lines, ${fileLinesMax} at most; instead split it by its nouns`);

  for (const { name, line, lines } of functions) {
    if (name === null && isTest(path)) continue;
    if (lines > (longFunctions[`${path}#${name}`]?.lines ?? functionLinesMax))
      add(
        line,
        'function-length',
        `${name ?? 'a function'} has ${lines} lines, ${functionLinesMax} at most; instead name its parts`,
      );
  }

  if (defaultExportLine !== null && !defaultExporters.some((pattern) => pattern.test(path)))
    add(
      defaultExportLine,
      'default-export',
      'only entries have one; instead export a name, so that it is one word everywhere',
    );
  if (!reexporters.has(path) && (isBarrel || exportAllLine !== null))
    add(exportAllLine ?? 1, 'barrel', 'passes on what others export; instead import from the file that owns it');
  return findings;
}

function nameOf(path: string): string {
  return posix.basename(path).replace(/\..*$/, '');
}
