// The edge and the origin of the release before and of this tree. The edge each as one file for workerd, with the same few waits made shorter: as deployed, a busy
// card writes its snapshot at an alarm that comes once a minute, and a fault test would never see one release read what the other wrote.

import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { type Bundle, buildWorker } from '../edge-bundle.ts';

const root = new URL('../../', import.meta.url).pathname;
const originSource = ['contracts', 'core', 'origin', 'migrations', 'package.json'];
const source = ['contracts', 'core', 'durable-objects', 'worker', 'tsconfig.json'];

/** Of contracts/limits.ts, in the relations that it asserts. */
const shorter = {
  snapshotRowsMin: 30,
  publishDelayMs: 100,
  publishIntervalMs: 400,
  publishAlarmMs: 800,
  publishAlarmBusyMs: 1_500,
  publishRetryMsMax: 1_500,
};

/** The same of this tree, which the release before does not have. */
const shorterNow = { publishIntervalMsMax: 700, snapshotAlarmMs: 1_500 };

/** The commit of the release that a deployment of this tree would replace, and that a rollback would bring back. */
export function previousRelease(): string {
  return readFileSync(join(root, 'ops', 'previous-release'), 'utf8').trim();
}

/** With the libraries that are installed here: what is compared is our own code. */
export async function buildBoth(
  parts: AsyncDisposableStack,
  commit: string,
  directory: string,
): Promise<{ before: Bundle; now: Bundle; origins: Origins }> {
  // Below this tree, so that imports find the libraries.
  const trees = join(root, 'dist', 'releases');
  const [before, now] = [join(trees, 'before'), join(trees, 'now')];
  await rm(trees, { recursive: true, force: true });
  for (const tree of [before, now]) await mkdir(tree, { recursive: true });
  parts.defer(() => rm(trees, { recursive: true, force: true }));
  await extract(commit, source, before);
  const originBefore = join(trees, 'origin-before');
  await extract(commit, originSource, originBefore);
  for (const name of source) await cp(join(root, name), join(now, name), { recursive: true });
  return {
    before: await build(before, shorter, join(directory, 'before.js')),
    now: await build(now, { ...shorter, ...shorterNow }, join(directory, 'now.js')),
    origins: {
      before: join(originBefore, 'origin', 'main.ts'),
      now: join(root, 'origin', 'main.ts'),
      showNewerSchema: () => showNewerSchema(originBefore),
    },
  };
}

/** Programs of the two, on one database. */
interface Origins {
  readonly before: string;
  readonly now: string;
  /** Before the one of before is started on a schema that this one has migrated. */
  showNewerSchema(): Promise<void>;
}

async function extract(commit: string, names: readonly string[], into: string): Promise<void> {
  await mkdir(into, { recursive: true });
  const archive = `${into}.tar`;
  await promisify(execFile)('git', ['archive', '-o', archive, commit, ...names], { cwd: root }).catch((error) => {
    const message = `ops/previous-release names ${commit}, which is not in this clone: git fetch --unshallow`;
    throw new Error(message, { cause: error });
  });
  await promisify(execFile)('tar', ['-xf', archive, '-C', into]);
}

/** A release of before `compatible-from` refuses every schema that is newer than its folder: it is shown this one's, and then what it does is seen. */
async function showNewerSchema(tree: string): Promise<void> {
  if (existsSync(join(tree, 'origin', 'db', 'schema-fit.ts'))) return;
  const here = join(root, 'migrations');
  for (const file of await readdir(here))
    if (/^\d{4}_.*\.sql$/.test(file)) await cp(join(here, file), join(tree, 'migrations', file));
}

async function build(tree: string, waits: Readonly<Record<string, number>>, outfile: string): Promise<Bundle> {
  const path = join(tree, 'contracts', 'limits.ts');
  let text = await readFile(path, 'utf8');
  for (const [name, value] of Object.entries(waits)) {
    const changed = text.replace(new RegExp(`^  ${name}: [\\d_]+,$`, 'm'), `  ${name}: ${value},`);
    if (changed === text) throw new Error(`${path} has no ${name}`);
    text = changed;
  }
  await writeFile(path, text);
  return buildWorker(pathToFileURL(join(tree, 'worker', 'index.ts')), outfile);
}
