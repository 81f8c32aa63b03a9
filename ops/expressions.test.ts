// Every expression of the rules and the dashboards is PromQL, and asks for metrics that somebody has.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { askedExpressions, ofOthers, recorded } from './asked.ts';
import { familyOf, selectedBy } from './promql.ts';
import { dashboardFiles } from './write/dashboards.ts';

const asked = askedExpressions();

/** What docs/operating.md lists, which a test holds to a running origin. */
const page = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8');
const known = new Set([...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
const records = new Set(recorded().map(({ record }) => record));

const isKnown = (metric: string) =>
  ofOthers.test(metric) || records.has(metric) || known.has(metric) || known.has(familyOf(metric));

test('every expression is one of PromQL', () => {
  for (const { where, expr } of asked) expect(() => selectedBy(expr), where).not.toThrow();
  expect(asked.length).toBeGreaterThan(150);
});

// Lezer knows the grammar, and not what a function takes.
test.skipIf(spawnSync('promtool', ['--version']).error !== undefined)('Prometheus itself takes every one', () => {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-ops-'));
  try {
    const rules = asked.map(({ expr }, index) => ({ record: `asked:${index}`, expr }));
    const path = join(directory, 'asked.json');
    writeFileSync(path, JSON.stringify({ groups: [{ name: 'asked', rules }] }));
    const { status, stderr } = spawnSync('promtool', ['check', 'rules', '--lint=none', path], { encoding: 'utf8' });
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  } finally {
    rmSync(directory, { recursive: true });
  }
});

test('every metric of a rule or panel is one that a running origin has, or it says who else has it', () => {
  const unknown = asked
    .filter(({ needs }) => needs === undefined)
    .flatMap(({ where, expr }) => selectedBy(expr).map(({ metric }) => ({ where, metric })))
    .filter(({ metric }) => !isKnown(metric));
  expect(unknown).toEqual([]);
});

test('whoever says that somebody else has a metric asks for one that is not ours', () => {
  for (const { where, expr, needs } of asked)
    if (needs !== undefined)
      expect(
        selectedBy(expr).some(({ metric }) => !isKnown(metric)),
        where,
      ).toBe(true);
});

describe('what is no expression is found', () => {
  test.each(['sum(rate(x[5m])', 'rate(x{job=payments}[5m])', 'x >', '{job="payments"}'])('%s', (expr) => {
    expect(() => selectedBy(expr)).toThrow();
  });

  test('and what one asks for is read to the letter', () => {
    expect(selectedBy('sum by (le) (rate(a_bucket{job="x",op=~"y"}[5m])) / on (z) group_left b:c offset 1h')).toEqual([
      { metric: 'a_bucket', labels: ['job', 'op', 'le'] },
      { metric: 'b:c', labels: [] },
    ]);
    expect(selectedBy('sum by (c) (label_replace(rate(a[5m]), "c", "$1", "b", "(.)"))')).toEqual([
      { metric: 'a', labels: [] },
    ]);
  });
});

describe('dashboards', () => {
  const built = [...dashboardFiles()].map(([path, text]) => ({ path, dashboard: JSON.parse(text) }));

  test('each has a name of its own, and a panel says what it shows', () => {
    const uids = built.map(({ dashboard }) => dashboard.uid);
    expect(new Set(uids).size).toBe(uids.length);
    for (const { panels, title } of built.map(({ dashboard }) => dashboard))
      for (const panel of panels) expect(panel.title, title).toMatch(/\S/);
  });

  test('no panel lies on another, and each asks the source that its dashboard offers', () => {
    for (const { path, dashboard } of built) {
      const offered = dashboard.templating.list.map(({ name }: { name: string }) => `\${${name}}`);
      const places = dashboard.panels.map(
        ({ gridPos }: { gridPos: { x: number; y: number } }) => `${gridPos.x} ${gridPos.y}`,
      );
      expect(new Set(places).size, path).toBe(places.length);
      for (const { type, datasource, targets } of dashboard.panels) {
        if (type === 'row') continue;
        expect(offered, path).toContain(datasource.uid);
        expect(targets.length, path).toBeGreaterThan(0);
      }
    }
  });
});
