// npm run supply: what the project is made of, and whether it may be shipped. Lists all packages, judges their licences and their
// known weaknesses, and looks for secrets in the tree and in the edge's bundle. Exits with 1 where something is wrong.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { buildEdge, checksumsOf, edgeFolder, idOfModules } from './build-edge.ts';
import { askForAdvisories, stopsRelease } from './supply/advisories.ts';
import { licenceFindings, licencePage } from './supply/licences.ts';
import {
  type FoundSecret,
  gitleaksIsThere,
  howToGetGitleaks,
  secretsInFolder,
  secretsInTree,
} from './supply/secret-scan.ts';
import { type Component, makeSoftwareList, missingFrom, readSoftwareList } from './supply/software-list.ts';
import { wordsOf } from './words.ts';

const help = `npm run supply -- [options]

  1. packages     a list of all software (CycloneDX) of the lock file; what is shipped has to have a checksum in it
  2. licences     each has to be one that scripts/supply/licences.ts allows
  3. weaknesses   npm audit of what is shipped; a registry that does not answer is said, and no failure
  4. bundle       the edge as it would be deployed, its SHA-256, and its id, which a deployment tells both halves
  5. secrets      gitleaks over the tree and that bundle; what may stand there is in .gitleaks.toml, with reasons

  --out FOLDER          where the list, the licences and the hash are written (default .ci/artifacts)
  --without-gitleaks    go on where gitleaks is not installed; otherwise that is a failure
  --help                this`;

interface Words {
  readonly out: string;
  readonly withoutGitleaks: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values } = parseArgs({
    args: [...args],
    options: {
      out: { type: 'string', default: '.ci/artifacts' },
      'without-gitleaks': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  return values.help ? null : { out: values.out, withoutGitleaks: values['without-gitleaks'] };
}

function supply({ out, withoutGitleaks }: Words): string[] {
  mkdirSync(out, { recursive: true });
  const problems = [...packages(out), ...weaknesses(), ...bundle(out)];
  if (gitleaksIsThere) return [...problems, ...secrets()];
  say('secrets', `NOT looked for: gitleaks is not here. To get it: ${howToGetGitleaks}`);
  return withoutGitleaks ? problems : [...problems, 'secrets: gitleaks is not installed'];
}

function packages(out: string): string[] {
  const text = makeSoftwareList();
  writeFileSync(join(out, 'packages.cdx.json'), text);
  const components = readSoftwareList(text);
  const missing = missingFrom(components, readFileSync('package-lock.json', 'utf8'));
  const shipped = components.filter(({ isDevelopment }) => !isDevelopment);
  const unchecked = components.filter(({ hasChecksum }) => !hasChecksum);
  say(
    'packages',
    `${components.length} packages, ${shipped.length} of them shipped: ${join(out, 'packages.cdx.json')}`,
  );
  if (unchecked.length > 0) say('', `${unchecked.length} have no checksum in the lock file: ${namesOf(unchecked)}`);

  writeFileSync(join(out, 'licences.md'), licencePage(components));
  const findings = licenceFindings(components);
  const licences = new Set(components.map(({ licence }) => licence)).size;
  say('licences', `${licences} different, ${findings.length} packages not allowed: ${join(out, 'licences.md')}`);
  return [
    ...missing.map((one) => `packages: ${one} is in the lock file and not in the list`),
    ...unchecked
      .filter(({ isDevelopment }) => !isDevelopment)
      .map(({ name, version }) => `packages: ${name}@${version} is shipped and has no checksum in the lock file`),
    ...findings.map((one) => `licences: ${one.package} ${one.message}`),
  ];
}

function namesOf(components: readonly Component[]): string {
  return components.map(({ name, version }) => `${name}@${version}`).join(' ');
}

function weaknesses(): string[] {
  const advisories = askForAdvisories();
  if (advisories.kind === 'not_told') {
    say('weaknesses', `NOT known: the registry does not answer npm audit (${advisories.why})`);
    return [];
  }
  const stopping = advisories.packages.filter(stopsRelease);
  say('weaknesses', `${advisories.packages.length} shipped packages have some, ${stopping.length} high or critical`);
  for (const { name, severity, range } of advisories.packages) say('', `${severity}: ${name} ${range}`);
  return stopping.map(({ name, severity, range }) => `weaknesses: ${name} ${range} is ${severity}`);
}

function bundle(out: string): string[] {
  const modules = buildEdge();
  if (modules.length === 0) return [`bundle: ${edgeFolder} has no module`];
  const checksums = checksumsOf(modules);
  writeFileSync(join(out, 'edge-bundle.sha256'), checksums);
  for (const line of checksums.trimEnd().split('\n')) say('bundle', line);
  const id = idOfModules(modules);
  writeFileSync(join(out, 'edge-bundle.id'), `${id}\n`);
  say('bundle', `${id}  is its id: BUNDLE_SHA256 of the edge, EDGE_BUNDLE_SHA256 of the origin`);
  return [];
}

function secrets(): string[] {
  const looks: readonly (readonly [where: string, look: () => FoundSecret[]])[] = [
    ['tree', secretsInTree],
    ['bundle', () => secretsInFolder(edgeFolder)],
  ];
  return looks.flatMap(([where, look]) => {
    const found = look();
    say('secrets', `${found.length} in the ${where}`);
    return found.map(({ path, line, rule }) => `secrets: ${where}: ${path}:${line} ${rule}`);
  });
}

function say(step: string, text: string): void {
  process.stdout.write(`${step.padEnd(12)} ${text}\n`);
}

const words = wordsOf(readWords, help);
const startedAtMs = performance.now();
try {
  const problems = supply(words);
  for (const problem of problems) process.stdout.write(`WRONG        ${problem}\n`);
  const seconds = Math.round((performance.now() - startedAtMs) / 1000);
  say('supply', `${problems.length === 0 ? 'nothing wrong' : `${problems.length} wrong`}, ${seconds} s`);
  if (problems.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`supply: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
