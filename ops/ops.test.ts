// What is generated is what is committed; every rule loads, fires and is silent where it should; every alert has a runbook.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { alerts } from './catalogue/catalogue.ts';
import { objectives } from './catalogue/objectives.ts';
import { differing, generated } from './generate.ts';
import { hurried } from './write/hurried.ts';
import { alertmanagerTelling, routed } from './write/routing.ts';
import { alertingRules, recordingRules, ruleTests } from './write/rules.ts';
import { runbooks, textOfRunbook } from './write/runbook-index.ts';

const has = (tool: string) => spawnSync(tool, ['--version']).error === undefined;

let directory: string;
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), 'atlas-ops-'));
});
afterAll(() => rmSync(directory, { recursive: true }));

/** JSON is YAML. */
function write(name: string, content: object): string {
  const path = join(directory, name);
  writeFileSync(path, JSON.stringify(content));
  return path;
}

/** What the tool said where it failed, for the test's message. */
function run(tool: string, ...words: readonly string[]): string {
  const { status, stdout, stderr } = spawnSync(tool, words, { encoding: 'utf8', cwd: directory });
  return status === 0 ? '' : `${stdout}${stderr}`;
}

test('what npm run ops would write is what is committed', () => {
  expect(differing()).toEqual([]);
  expect(generated().size).toBeGreaterThan(4);
});

describe.skipIf(!has('promtool'))('promtool', () => {
  test('every rule loads, without a finding', () => {
    for (const file of ['recording.yml', 'alerts.yml'])
      expect(
        run('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', join(import.meta.dirname, 'prometheus', file)),
      ).toBe('');
    expect(run('promtool', 'check', 'config', join(import.meta.dirname, 'prometheus/prometheus.yml'))).toBe('');
  });

  test('so does every rule at sixty times its pace', () => {
    for (const [name, rules] of Object.entries({ recording: recordingRules(), alerts: alertingRules() })) {
      const path = write(`hurried-${name}.json`, hurried(rules, 60));
      expect(run('promtool', 'check', 'rules', '--lint=all', '--lint-fatal', path)).toBe('');
    }
  });

  // Seconds each, and more on a machine that is busy.
  test.each(ruleTests())(
    '$name: every alert fires where it should, and is silent where it should',
    { timeout: 120_000 },
    ({ name, rules, tests }) => {
      write(`${name}.rules.json`, rules);
      expect(run('promtool', 'test', 'rules', write(`${name}.json`, tests))).toBe('');
    },
  );

  test('a rule that does not fire is found', () => {
    const [first] = ruleTests();
    if (first === undefined) throw new Error('no tests');
    const dead = { alert: 'PaymentsHighErrorRatePrimary', expr: 'vector(0) > 1' };
    write(`${first.name}.rules.json`, { groups: [{ name: 'dead', rules: [dead] }] });
    const path = write('dead.json', { ...first.tests, tests: first.tests.tests.slice(0, 1) });
    expect(run('promtool', 'test', 'rules', path)).toContain(dead.alert);
  });
});

describe.skipIf(!has('amtool'))('amtool', () => {
  const config = join(import.meta.dirname, 'alertmanager.yml');

  test('the routing is valid, in the repository and on a development system', () => {
    expect(run('amtool', 'check-config', config)).toBe('');
    const local = write('alertmanager.json', hurried(alertmanagerTelling('http://127.0.0.1:9'), 60));
    expect(run('amtool', 'check-config', local)).toBe('');
  });

  test.each(routed)('%j is heard by %s', (labels, receiver) => {
    const words = Object.entries(labels).map(([name, value]) => `${name}=${value}`);
    const said = execFileSync('amtool', ['config', 'routes', 'test', `--config.file=${config}`, ...words], {
      encoding: 'utf8',
    });
    expect(said.trim()).toBe(receiver);
  });
});

describe('runbooks', () => {
  test('every alert and objective has one, and every one is for an alert', () => {
    const named = new Set([...alerts, ...objectives].map(({ runbook }) => runbook));
    expect([...named].sort()).toEqual(runbooks());
  });

  const sections = ['What it means', 'How bad', 'First', 'Stop the harm', 'It is over when'];
  // That one is older, in steps of its own, and longer.
  test.each(runbooks().filter((name) => name !== 'card-data-found'))(
    '%s says what to do, in the same order',
    (name) => {
      const text = textOfRunbook(name);
      expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(sections);
      const commands = /```sh\n([^`]*)```/.exec(text)?.[1]?.trim().split('\n') ?? [];
      expect(commands).toHaveLength(3);
      for (const command of commands)
        expect(command).toMatch(/^(curl -s |npm run (open-items|stand-in|secrets|settle|audit) )/);
    },
  );

  test('links lead somewhere', () => {
    for (const name of runbooks())
      for (const [, target = ''] of textOfRunbook(name).matchAll(/\]\(([^)#]+)\)/g))
        expect(() => readFileSync(new URL(`runbooks/${target}`, import.meta.url)), `${name}: ${target}`).not.toThrow();
  });
});
