// docs/operating.md names every metric that a running origin has, with what it says, and none that it does not have.

import { readdirSync, readFileSync } from 'node:fs';
import { pino } from 'pino';
import { beforeAll, expect, test } from 'vitest';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { readConfig } from './config.ts';
import { startOrigin } from './start.ts';
import { type StandInEdge, startStandInEdge } from './testing/stand-in-edge.ts';

const page = readFileSync(new URL('../docs/operating.md', import.meta.url), 'utf8');
/** Those of the process itself, as every service in Node has them. */
const ofNode = /^(?:process|nodejs)_/;

let edge: StandInEdge;
beforeAll(async () => {
  edge = await startStandInEdge();
  return () => edge.close();
});

function tableOfPage(): string[] {
  const [, text = ''] = /<!-- metrics -->\n(.*)<!-- \/metrics -->/s.exec(page) ?? [];
  return text.trim().split('\n').slice(2);
}

/** Names given to metrics where they are made. */
function namesInSources(): string[] {
  const files = readdirSync(new URL('.', import.meta.url), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => [
      ...readFileSync(new URL(file, import.meta.url), 'utf8').matchAll(
        /new (?:Counter|Gauge|Histogram|Summary)(?:<[^>]*>)?\(\{\s*name: '(\w+)'/g,
      ),
    ])
    .flatMap(([, name]) => name ?? []);
}

test('docs/operating.md has the metrics of a running origin, each with what it says', async () => {
  const config = readConfig({
    ...{ DATABASE_URL: await createTestDatabase(), API_KEY: 'an-api-key-of-tests-000000', PORT: '0' },
    ...{ INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url },
  });
  const origin = await startOrigin(config, pino({ level: 'silent' }));
  try {
    const text = await (await fetch(`${origin.url}/metrics`)).text();
    const told = [...text.matchAll(/^# HELP (\S+) (.*)$/gm)].filter(([, name = '']) => !ofNode.test(name));
    const rows = told.map(([, name = '', help = '']) => `| \`${name}\` | ${help.replaceAll('|', '\\|')} |`);
    expect(rows.length).toBeGreaterThan(30);
    expect(tableOfPage()).toEqual(rows.sort());
  } finally {
    await origin.stop();
  }
});

test('a scrape does not count its own questions as calls that wait for a connection', async () => {
  const config = readConfig({
    ...{ DATABASE_URL: await createTestDatabase(), API_KEY: 'an-api-key-of-tests-000000', PORT: '0' },
    ...{ INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url },
  });
  const origin = await startOrigin(config, pino({ level: 'silent' }));
  const waiting = async () => {
    const text = await (await fetch(`${origin.url}/metrics`)).text();
    return [...text.matchAll(/^database_pool_connections\{pool="\w+",state="waiting"\} (\d+)$/gm)].map(([, n]) =>
      Number(n),
    );
  };
  try {
    // Loops may wait for a moment themselves; what a scrape asks would wait in each.
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([0, 0]);
    await expect.poll(waiting, { timeout: 10_000 }).toEqual([0, 0]);
  } finally {
    await origin.stop();
  }
});

test('a metric that only some configurations make is described too', () => {
  const names = namesInSources();
  expect(names.length).toBeGreaterThan(30);
  for (const name of names) expect(page).toContain(`\`${name}`);
});
