// What is generated is what is committed; every rule loads, fires and is silent where it should; every alert has a runbook.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ofOthers } from './asked.ts';
import { alerts } from './catalogue/catalogue.ts';
import { incidents } from './catalogue/incidents.ts';
import { objectives } from './catalogue/objectives.ts';
import { differing, generated } from './generate.ts';
import { commandsInText, commandsOf } from './runbook-commands.ts';
import { hurried } from './write/hurried.ts';
import { alertmanagerTelling, prometheus, routed } from './write/routing.ts';
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

test('Prometheus scrapes the port at which production answers metrics', () => {
  const [, inner] = /^INNER_PORT=(\d+)$/m.exec(readFileSync('docs/deploying.md', 'utf8')) ?? [];
  expect(prometheus().scrape_configs[0]?.static_configs[0]?.targets).toEqual([`127.0.0.1:${inner}`]);
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
  test('every alert, objective and incident has one, and every one is for one of them', () => {
    const named = new Set([...alerts, ...objectives, ...incidents].map(({ runbook }) => runbook));
    expect([...named].sort()).toEqual(runbooks());
  });

  const sections = ['What it means', 'How bad', 'First', 'Stop the harm', 'It is over when'];
  // That one is older, in steps of its own, and longer.
  test.each(runbooks().filter((name) => name !== 'card-data-found'))(
    '%s says what to do, in the same order',
    (name) => {
      const text = textOfRunbook(name);
      expect([...text.matchAll(/^## (.*)$/gm)].map(([, title]) => title)).toEqual(sections);
      const first = commandsOf(text.slice(text.indexOf('## First'), text.indexOf('## Stop the harm')));
      expect(first).toHaveLength(3);
      // They change nothing: tests/runbooks.test.ts runs them beside each other.
      for (const { text: command, elsewhere } of first) {
        expect(command).toMatch(
          /^(curl -s (?!.*-X)|npm run (open-items|stand-in|audit) -- (?!act|on|off|checkpoint)|npx atlas (?!.*(freeze|reread|apply|act)))/,
        );
        expect(elsewhere).toBeNull();
      }
    },
  );

  const all = runbooks().flatMap((name) => commandsOf(textOfRunbook(name)));

  test('a command that running text names is one of a block, where it is run', () => {
    for (const name of runbooks())
      for (const named of commandsInText(textOfRunbook(name)))
        expect(
          all.some(({ text }) => text.startsWith(named)),
          `${name}: ${named}`,
        ).toBe(true);
  });

  test('what cannot run here says why, and is not most of them', () => {
    const elsewhere = all.filter((command) => command.elsewhere !== null);
    for (const { text, elsewhere: why } of elsewhere) expect(why, text).toMatch(/^\w.{10,}/);
    expect(elsewhere.length).toBeLessThan(all.length / 3);
    expect(all.filter(({ text }) => /…|<[a-z_ ]+>/.test(text))).toEqual([]);
  });

  test.each(incidents)(
    '$name: its metric, alerts and command are there',
    ({ metric, alerts: woken, command, runbook }) => {
      const metrics = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8');
      expect(ofOthers.test(metric) || metrics.includes(`\n| \`${metric}\` |`), metric).toBe(true);
      for (const name of woken) expect(alerts.map((alert) => alert.name)).toContain(name);
      const runnable = commandsOf(textOfRunbook(runbook)).filter(({ elsewhere }) => elsewhere === null);
      expect(runnable.map(({ text }) => text)).toContain(command);
    },
  );

  test('links lead somewhere', () => {
    for (const name of runbooks())
      for (const [, target = ''] of textOfRunbook(name).matchAll(/\]\(([^)#]+)\)/g))
        expect(() => readFileSync(new URL(`runbooks/${target}`, import.meta.url)), `${name}: ${target}`).not.toThrow();
  });
});
