// An operator's machine and accounts for the tests of npm run deploy: a repository, a wrangler that notes what it is told, and an edge and
// an origin that answer what `says` has. One at a time in a process.

import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { standInWrangler, type WranglerState } from './stand-in-wrangler.ts';
import { edgeSecretsOf } from './target.ts';

export const root = join(import.meta.dirname, '../..');
export const password = 'a-password-that-nobody-prints';

let folder: string;
export const inFolder = (name: string) => join(folder, name);
let world: Server;
/** What the edge and the origin say; the bundle that the edge runs is the one that was deployed last. */
export const says = { environment: '', bundle: null as string | null, ill: [] as object[], unsigned: 0 };

export const git = (...args: string[]) => execFileSync('git', args, { cwd: folder, encoding: 'utf8' }).trim();
const stateFile = () => join(folder, 'dist/wrangler.json');
export const writeState = (changes: Partial<WranglerState>) =>
  writeFileSync(
    stateFile(),
    JSON.stringify({ queues: {}, consumers: {}, secrets: edgeSecretsOf('staging'), versions: [], ...changes }),
  );
export const readState = () => JSON.parse(readFileSync(stateFile(), 'utf8')) as WranglerState;
export function calls(): string[] {
  const text = readFileSync(`${stateFile()}.calls`, 'utf8').trim();
  return text === '' ? [] : text.split('\n');
}
export const forgetCalls = () => writeFileSync(`${stateFile()}.calls`, '');

export async function openWorld(): Promise<void> {
  folder = mkdtempSync(join(tmpdir(), 'atlas-deploy-'));
  for (const name of ['dist/bin', 'origin/db', 'migrations']) mkdirSync(join(folder, name), { recursive: true });
  copyFileSync(join(root, 'wrangler.toml'), join(folder, 'wrangler.toml'));
  writeFileSync(join(folder, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n\nDeploy: origin first.\n');
  writeFileSync(join(folder, '.gitignore'), 'dist/\n');
  writeFileSync(join(folder, 'migrations/0001_one.sql'), 'select 1;\n');
  // A release that can work on a newer schema.
  writeFileSync(join(folder, 'origin/db/schema-fit.ts'), '');
  const note = `import { appendFileSync } from 'node:fs';\nappendFileSync('dist/wrangler.json.calls', 'migrate\\n');\n`;
  writeFileSync(join(folder, 'origin/migrate.ts'), note);
  writeFileSync(join(folder, 'dist/bin/wrangler'), `#!/bin/sh\nexec '${process.execPath}' '${standInWrangler}' "$@"\n`);
  chmodSync(join(folder, 'dist/bin/wrangler'), 0o755);
  git('init', '-q', '-b', 'main');
  commit('first');
  writeState({});
  forgetCalls();
  Object.assign(says, { environment: 'staging', bundle: null, ill: [], unsigned: 401 });
  world = createServer((request, response) => {
    const deployed = /BUNDLE_SHA256:(\w+)/.exec(readFileSync(`${stateFile()}.calls`, 'utf8'))?.[1];
    const { environment, bundle, ill, unsigned } = says;
    const answers: Readonly<Record<string, [number, object]>> = {
      '/livez': [200, { status: 'ok', environment, bundle: bundle ?? deployed }],
      '/networks/native/authorizations': [unsigned, {}],
      '/readyz': [200, { status: 'ok' }],
      '/health': [200, { dependencies: [{ name: 'database', status: 'healthy' }, ...ill] }],
    };
    const [status, body] = answers[request.url ?? ''] ?? [404, {}];
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => world.listen(0, '127.0.0.1', resolve));
}

export async function closeWorld(): Promise<void> {
  await new Promise((resolve) => world.close(resolve));
  rmSync(folder, { recursive: true, force: true });
}

export function commit(message: string): string {
  git('add', '-A');
  git('-c', 'user.name=test', '-c', 'user.email=test@example.com', 'commit', '-q', '--allow-empty', '-m', message);
  return git('rev-parse', 'HEAD');
}

export async function deploy(...words: string[]): Promise<{ code: number | null; output: string }> {
  const url = `http://127.0.0.1:${(world.address() as AddressInfo).port}`;
  const note = 'dist/wrangler.json.calls';
  const child = spawn(process.execPath, [join(root, 'scripts/deploy.ts'), ...words], {
    cwd: folder,
    env: {
      PATH: `${join(folder, 'dist/bin')}:${process.env['PATH']}`,
      STAND_IN_WRANGLER: stateFile(),
      DEPLOY_PATIENCE_SECONDS: '1',
      EDGE_URL: url,
      ATLAS_URL: url,
      DATABASE_OWNER_URL: `postgres://owner:${password}@db.example.com/atlas`,
      ORIGIN_DEPLOY: `echo "origin $ATLAS_RELEASE" >> ${note} # ${password}`,
      ORIGIN_ROLLBACK: `echo "origin back $ATLAS_RELEASE" >> ${note}`,
    },
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (piece) => {
      output += piece;
    });
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  return { code, output };
}
