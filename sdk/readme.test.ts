// The package as partners get it: built, installed into a project of its own, its types checked there, and the README's first
// example run against a server that speaks the API's contract.

import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createStandInApi } from './testing/stand-in-api.ts';

const run = promisify(execFile);
const here = import.meta.dirname;
const tsc = join(here, '../node_modules/typescript/bin/tsc');

let project: string;
let installed: string;
beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 'atlas-sdk-'));
  installed = join(project, 'node_modules/@atlas/sdk');
  await mkdir(installed, { recursive: true });
  await run(process.execPath, [tsc, '-p', join(here, 'tsconfig.build.json'), '--outDir', join(installed, 'dist')]);
  await cp(join(here, 'package.json'), join(installed, 'package.json'));
}, 120_000);
afterAll(() => rm(project, { recursive: true, force: true }));

async function firstExample(): Promise<string> {
  const readme = await readFile(join(here, 'README.md'), 'utf8');
  return /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? expect.fail('the README has no example');
}

/** The stand-in behind a real port. */
async function serve(api: ReturnType<typeof createStandInApi>) {
  const server = createServer(async (request, response) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk as Uint8Array);
    const answer = await api.fetch(`http://localhost${request.url}`, {
      method: request.method ?? 'GET',
      headers: new Headers(request.headers as Record<string, string>),
      ...(chunks.length > 0 ? { body: Buffer.concat(chunks) } : {}),
    });
    response.writeHead(answer.status, Object.fromEntries(answer.headers)).end(await answer.text());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => server.close() };
}

test("the README's first example runs", async () => {
  const api = createStandInApi();
  const server = await serve(api);
  try {
    await writeFile(join(project, 'example.mjs'), await firstExample());
    const MERCHANT_ID = `mrch_${'0'.repeat(26)}`;
    const env = { ...process.env, ATLAS_URL: server.url, ATLAS_API_KEY: 'key_of_a_test', MERCHANT_ID };
    const { stdout } = await run(process.execPath, ['example.mjs'], { cwd: project, env });
    expect(stdout).toBe('INV-1001: completed\n');
    expect([...api.settlements.values()]).toMatchObject([{ merchant_id: MERCHANT_ID, amount_minor: 1_250 }]);
  } finally {
    server.close();
  }
}, 60_000);

test.each(['nodenext', 'bundler'])(
  'its types serve a project that resolves modules as %s does',
  async (resolution) => {
    await writeFile(
      join(project, 'example.ts'),
      `declare const process: { env: Record<string, string> };\n${await firstExample()}`,
    );
    await writeFile(join(project, 'package.json'), '{"type":"module"}');
    const module = resolution === 'nodenext' ? 'nodenext' : 'esnext';
    const strict = [
      '--strict',
      '--noEmit',
      '--exactOptionalPropertyTypes',
      '--target',
      'es2022',
      '--lib',
      'es2022,dom',
    ];
    const how = ['--module', module, '--moduleResolution', resolution, '--types', ''];
    const checked = run(process.execPath, [tsc, ...strict, ...how, 'example.ts'], { cwd: project });
    await expect(checked.catch((error: { stdout: string }) => error.stdout)).resolves.toMatchObject({ stdout: '' });

    await writeFile(join(project, 'wrong.ts'), `import { Atlas } from '@atlas/sdk';\nnew Atlas({ baseUrl: 1 });\n`);
    const wrong = run(process.execPath, [tsc, ...strict, ...how, 'wrong.ts'], { cwd: project });
    await expect(wrong).rejects.toMatchObject({ stdout: expect.stringContaining("'number' is not assignable") });
  },
  60_000,
);

test('nothing in the package reaches outside of it, and it depends on nothing', async () => {
  const files = await readdir(join(installed, 'dist'));
  expect(files).toContain('index.d.ts');
  expect(files.filter((name) => name.includes('stand-in') || name.includes('test'))).toEqual([]);
  for (const name of files) {
    const text = await readFile(join(installed, 'dist', name), 'utf8');
    for (const [, specifier = ''] of text.matchAll(/(?:from|import\()\s*['"]([^'"]+)['"]/g))
      expect(specifier, name).toMatch(/^\.\/[a-z-]+\.(?:js|ts)$/);
    expect(text, name).not.toMatch(/\b(?:node:|Buffer\b|require\()/);
  }
  const { dependencies, peerDependencies } = JSON.parse(await readFile(join(here, 'package.json'), 'utf8'));
  expect({ dependencies, peerDependencies }).toEqual({});
});
