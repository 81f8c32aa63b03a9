// ops/systemd/bring-up, the program that docs/deploying.md puts on the origin's machines: run with a repository of its own, beside an npm and
// a systemctl that note what they are told and a curl that answers as `serves` says.

import { execFileSync, spawnSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';

const bringUp = join(import.meta.dirname, '../ops/systemd/bring-up');
const unit = join(import.meta.dirname, '../ops/systemd/atlas-origin.service');

let folder: string;
const at = (name: string) => join(folder, name);
const git = (...args: string[]) => execFileSync('git', args, { cwd: at('work'), encoding: 'utf8' }).trim();
const calls = () => (existsSync(at('calls')) ? readFileSync(at('calls'), 'utf8').trim().split('\n') : []);
const restart = ['systemctl daemon-reload', 'systemctl enable --quiet atlas-origin', 'systemctl restart atlas-origin'];
const fetched = 'curl -sf -m 2 -o /dev/null http://10.0.0.11:8789/readyz';

function program(name: string, does: string): void {
  writeFileSync(at(`bin/${name}`), `#!/bin/sh\necho "${name} $*" >> '${at('calls')}'\n${does}\n`);
  chmodSync(at(`bin/${name}`), 0o755);
}

function release(text: string): string {
  writeFileSync(at('work/release.txt'), text);
  git('add', '-A');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '-q', '-m', text);
  return git('rev-parse', 'HEAD');
}

function run(...words: string[]) {
  rmSync(at('calls'), { force: true });
  const env = {
    PATH: `${at('bin')}:${process.env['PATH']}`,
    ATLAS_ROOT: at('opt'),
    ATLAS_SETTINGS: at('etc'),
    ATLAS_UNITS: at('units'),
    ATLAS_TRIES: '1',
  };
  const { status, stdout, stderr } = spawnSync(bringUp, words, { encoding: 'utf8', env });
  return { status, said: `${stdout}${stderr}`.trim(), calls: calls() };
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'atlas-bring-up-'));
  for (const name of ['bin', 'etc', 'opt', 'units', 'work/ops/systemd']) mkdirSync(at(name), { recursive: true });
  copyFileSync(unit, at('work/ops/systemd/atlas-origin.service'));
  writeFileSync(at('etc/origin.env'), 'HOST=0.0.0.0\nINNER_HOST=10.0.0.11\nINNER_PORT=8789\n');
  git('init', '-q', '-b', 'main');
  release('first');
  execFileSync('git', ['clone', '-q', '--mirror', at('work'), at('opt/repository')]);
  for (const name of ['npm', 'systemctl', 'curl']) program(name, 'exit 0');
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('a release that came after the mirror was made is fetched, installed, started and asked', () => {
  const id = release('second');
  expect(run(id, 'b'.repeat(64))).toEqual({
    status: 0,
    said: `${id} serves at http://10.0.0.11:8789`,
    calls: ['npm ci --omit=dev --ignore-scripts', ...restart, fetched],
  });
  expect(readFileSync(at('opt/current/release.txt'), 'utf8')).toBe('second');
  expect(readFileSync(at('etc/edge-bundle.env'), 'utf8')).toBe(`EDGE_BUNDLE_SHA256=${'b'.repeat(64)}\n`);
  expect(readFileSync(at('units/atlas-origin.service'))).toEqual(readFileSync(unit));
});

test('again it installs nothing, and the way back brings the older release and its bundle', () => {
  const [one, two] = [git('rev-parse', 'HEAD'), release('second')];
  run(one, '1'.repeat(64));
  run(two, '2'.repeat(64));
  expect(run(two, '2'.repeat(64)).calls).toEqual([...restart, fetched]);
  expect(run(one)).toMatchObject({ status: 0, calls: [...restart, fetched] });
  expect(readlinkSync(at('opt/current'))).toBe(at(`opt/${one}`));
  expect(readFileSync(at('etc/edge-bundle.env'), 'utf8')).toBe(`EDGE_BUNDLE_SHA256=${'1'.repeat(64)}\n`);
});

test('an installation that failed changes nothing, and is begun anew', () => {
  const id = git('rev-parse', 'HEAD');
  program('npm', 'exit 1');
  expect(run(id)).toMatchObject({ status: 1, calls: ['npm ci --omit=dev --ignore-scripts'] });
  expect(existsSync(at('opt/current'))).toBe(false);
  program('npm', 'exit 0');
  expect(run(id).status).toBe(0);
});

test('an origin that does not serve fails it, so that the next machine is left as it is', () => {
  program('curl', 'exit 7');
  const id = git('rev-parse', 'HEAD');
  expect(run(id)).toMatchObject({ status: 1 });
  expect(run(id).said).toContain('does not serve at http://10.0.0.11:8789/readyz: journalctl -u atlas-origin');
});

test('without a revision it says which words it takes', () => {
  expect(run()).toMatchObject({
    status: 2,
    said: expect.stringContaining('bring-up REVISION [EDGE_BUNDLE_SHA256]'),
    calls: [],
  });
});
