// No loop is invisible: whatever the source calls a loop stands in /health and in the metrics of an origin with everything set up.

import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, onTestFinished, test } from 'vitest';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { until } from '../scripts/test-waiting.ts';
import { readConfig } from './config.ts';
import { createLoop } from './loop.ts';
import { measureLoops } from './loops.ts';
import { pullNames } from './queue-config.ts';
import { startOrigin } from './start.ts';
import { startStandInEdge } from './testing/stand-in-edge.ts';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The names in every call of `createLoop`, and of `createPull` and `createDeadQueue`, which give their loop the name that they are given; and the list of those that pull cards' events. */
async function namesInSource(): Promise<string[]> {
  const files = (await readdir(here, { recursive: true })).filter(
    (file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && file !== 'loop.ts',
  );
  const texts = await Promise.all(files.map((file) => readFile(`${here}/${file}`, 'utf8')));
  const literal = texts.flatMap((text) => {
    const calls = text.split(/\bcreate(?:Loop|Pull|DeadQueue)\(\{/).slice(1);
    return calls.flatMap((call) => /^[\s.{]*name: '([^']+)'/.exec(call)?.[1] ?? []);
  });
  return [...literal, ...pullNames];
}

const signingKey = String(generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }));

async function sampleOrigin() {
  const edge = await startStandInEdge();
  const directory = await mkdtemp(join(tmpdir(), 'atlas-loops-'));
  await writeFile(join(directory, 'debtors.json'), '{}');
  const origin = await startOrigin(
    readConfig({
      ...{ DATABASE_URL: await createTestDatabase(), API_KEY: 'an-api-key-of-tests-000000', PORT: '0' },
      ...{ INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url, QUEUE_API_URL: 'http://127.0.0.1:1' },
      ...{
        CLOUDFLARE_ACCOUNT_ID: 'acc',
        CLOUDFLARE_QUEUE_ID: pullNames.map((_, index) => `que${index}`).join(' '),
        CLOUDFLARE_API_TOKEN: 'token',
      },
      ...{ CLOUDFLARE_DEAD_QUEUE_ID: 'dead', CLOUDFLARE_SETTLEMENT_DEAD_QUEUE_ID: 'dead-stl' },
      ...{ CLOUDFLARE_STAND_INS_QUEUE_ID: 'ins', CLOUDFLARE_STAND_INS_DEAD_QUEUE_ID: 'dead-ins' },
      ...{ CLOUDFLARE_SETTLEMENT_QUEUE_ID: 'stl', SETTLEMENT_PROVIDERS: 'iso20022' },
      ...{ ISO20022_DIRECTORY: directory, ISO20022_DEBTORS_FILE: join(directory, 'debtors.json') },
      ...{ AUDIT_CHECKPOINTS: join(directory, 'checkpoints'), AUDIT_SIGNING_KEY: signingKey },
    }),
    pino({ level: 'silent' }),
  );
  onTestFinished(async () => {
    await origin.stop();
    await edge.close();
    await rm(directory, { recursive: true });
  });
  return origin.url;
}

test('every loop of the source is in /health and in the metrics, and one that fails is told', async () => {
  const url = await sampleOrigin();
  const read = async () => {
    const body = await (await fetch(`${url}/health`)).json();
    return body as {
      dependencies: { name: string; status: string; error: string | null }[];
      loops: { name: string; lag_ms: number | null }[];
    };
  };
  const { loops, dependencies } = await read();
  const names = loops.map(({ name }) => name).toSorted();
  expect(names).toEqual((await namesInSource()).toSorted());
  expect(names.length).toBeGreaterThan(9);
  expect(dependencies.map(({ name }) => name)).toEqual(expect.arrayContaining(names.map((name) => `loop ${name}`)));

  // The queue answers nobody here.
  const pull = await until(
    async () => (await read()).dependencies.find(({ name }) => name === 'loop queue pull'),
    (seen) => seen?.status === 'degraded',
  );
  expect(pull?.error).toMatch(/^its last \d rounds failed: /);
  const metrics = await (await fetch(`${url}/metrics`)).text();
  for (const name of names) expect(metrics).toContain(`loop_failures_total{loop="${name}"}`);
  expect(metrics).toMatch(/loop_last_success_timestamp_seconds\{loop="accrual"\} \d{10}/);
  expect(metrics).toContain('loop_stands_still{loop="queue pull"} 1');
}, 60_000);

test('two loops of one name are refused: one would hide the other', () => {
  const loop = () =>
    createLoop({ name: 'one', log: pino({ level: 'silent' }), intervalMs: 1, round: () => Promise.resolve(false) });
  expect(() => measureLoops(new Registry(), [loop(), loop()])).toThrow('two loops have one name');
});
