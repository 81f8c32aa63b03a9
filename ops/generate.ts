// npm run ops: writes what Prometheus, Alertmanager and people read, from ops/catalogue/. CI fails where a file differs.

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { wordsOf } from '../scripts/words.ts';
import { dashboardFiles, provisioning } from './write/dashboards.ts';
import { alertsPage } from './write/page.ts';
import { alertmanager, prometheus } from './write/routing.ts';
import { alertingRules, recordingRules } from './write/rules.ts';
import { runbookIndex } from './write/runbook-index.ts';

const help = `npm run ops               writes Prometheus' rules, Alertmanager's routing, Grafana's dashboards and observability-alerts.md from ops/catalogue/
npm run ops -- --check    says which of them differ, and writes nothing
  --help                  this`;

const root = join(import.meta.dirname, '..');
const note = '# Written by npm run ops from ops/catalogue/: change it there.\n';
const yaml = (value: object): string => note + stringify(value, { lineWidth: 0 });

export function generated(): ReadonlyMap<string, string> {
  return new Map([
    ['ops/prometheus/recording.yml', yaml(recordingRules())],
    ['ops/prometheus/alerts.yml', yaml(alertingRules())],
    ['ops/prometheus/prometheus.yml', yaml(prometheus())],
    ['ops/grafana/provisioning.yml', yaml(provisioning())],
    ...dashboardFiles(),
    ['ops/alertmanager.yml', yaml(alertmanager())],
    ['ops/runbooks/README.md', runbookIndex()],
    ['observability-alerts.md', alertsPage()],
  ]);
}

/** Those that are not as they would be written. */
export function differing(): readonly string[] {
  return [...generated()].filter(([path, text]) => text !== textOf(path)).map(([path]) => path);
}

function textOf(path: string): string | null {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return null;
  }
}

function main({ check }: { check: boolean }): void {
  const differ = differing();
  if (check) {
    for (const path of differ) process.stdout.write(`differs: ${path}\n`);
    process.exitCode = differ.length === 0 ? 0 : 1;
    return;
  }
  for (const [path, text] of generated()) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  process.stdout.write(
    differ.length === 0 ? 'nothing differed\n' : differ.map((path) => `written: ${path}\n`).join(''),
  );
}

function readWords(args: readonly string[]): { check: boolean } | null {
  const { values } = parseArgs({
    args: [...args],
    options: { check: { type: 'boolean', default: false }, help: { type: 'boolean', default: false } },
  });
  return values.help ? null : { check: values.check };
}

if (import.meta.main) main(wordsOf(readWords, help));
