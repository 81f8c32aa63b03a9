// Which system of npm start a command means: one rule for all commands, tried as they are run, by words and environment.

import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { projectRoot } from './home.ts';

/** Beyond what a port can be, so that no system of anybody is meant. */
const base = 900_000 + process.pid;
const home = join(projectRoot, `.atlas-${base}`);
const url = `http://127.0.0.1:${base % 60_000}`;

beforeAll(() => {
  mkdirSync(home);
  writeFileSync(join(home, 'launcher.json'), JSON.stringify({ pid: process.pid }));
  writeFileSync(join(home, 'running.json'), JSON.stringify({ origin_url: url }));
});
afterAll(() => rmSync(home, { recursive: true }));

async function found(environment: Readonly<Record<string, string>>, ...words: readonly string[]) {
  const program = `const { systemHere } = await import('${join(projectRoot, 'scripts/dev/running.ts')}'); console.log(JSON.stringify(systemHere()));`;
  const { ATLAS_HOME: _home, ATLAS_URL: _url, ...others } = process.env;
  const args = ['--input-type=module', '--eval', program, '--', 'a command', ...words];
  const { stdout } = await promisify(execFile)(process.execPath, args, { env: { ...others, ...environment } });
  return JSON.parse(stdout) as { running: { origin_url: string } | null; because: string };
}

test('a port base that is named goes before ATLAS_URL, and is said', async () => {
  const because = `--port-base ${base}`;
  for (const environment of [{}, { ATLAS_URL: 'https://api.example.com' }])
    expect(await found(environment, '--port-base', `${base}`)).toEqual({ running: { origin_url: url }, because });
});

test('ATLAS_URL finds the system that it is the origin of, on whatever port base', async () => {
  for (const named of [url, `${url}/`, `http://localhost:${base % 60_000}`])
    expect(await found({ ATLAS_URL: named })).toEqual({ running: { origin_url: url }, because: 'ATLAS_URL' });
});

test('an ATLAS_URL of somewhere else is no system here: nothing else is taken for it, and what runs is named', async () => {
  const { running, because } = await found({ ATLAS_URL: 'https://api.example.com' });
  expect(running).toBeNull();
  expect(because).toContain('ATLAS_URL is https://api.example.com, and no npm start of this folder runs that.');
  expect(because).toContain(`--port-base ${base} (${url})`);
});

test('of one whose launcher is gone nothing is believed', async () => {
  writeFileSync(join(home, 'launcher.json'), JSON.stringify({ pid: 2 ** 22 + 1 }));
  const { running, because } = await found({ ATLAS_URL: url });
  expect([running, because]).toEqual([null, expect.not.stringContaining(`--port-base ${base}`)]);
});
