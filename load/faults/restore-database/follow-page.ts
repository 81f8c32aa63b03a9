// The commands of docs/recovery.md, one after the other as a person would run them: each block until
// it ends well, since the page says of some that they wait for what comes back by itself. Nothing else is done to bring the system back.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { commandsOf } from '../../../ops/runbook-commands.ts';

const root = join(import.meta.dirname, '../../..');

export interface Step {
  readonly commands: readonly string[];
  readonly times: number;
  readonly tookMs: number;
}

/** The commands of each block below a heading, up to the next heading of its level or above. */
export async function blocksUnder(heading: string): Promise<readonly (readonly string[])[]> {
  const page = await readFile(join(root, 'docs/recovery.md'), 'utf8');
  const from = page.indexOf(`\n${heading}\n`);
  if (from < 0) throw new Error(`docs/recovery.md has no heading ${heading}`);
  const [below = ''] = page.slice(from + heading.length + 2).split(new RegExp(`^#{1,${heading.indexOf(' ')}} `, 'm'));
  const blocks = below.replaceAll(/^ {3}/gm, '').match(/^```sh\n[^`]*^```$/gm) ?? [];
  return blocks.map((block) => commandsOf(block).map(({ text }) => text));
}

const patienceMs = 120_000;
const againMs = 1_000;

/**
 * A block, from its beginning again until each of its commands ends well, or as the page says (`# exits with 1`). Throws where that
 * does not come.
 */
export async function follow(
  commands: readonly string[],
  environment: Readonly<Record<string, string>>,
): Promise<Step> {
  const startedMs = Date.now();
  for (let times = 1; ; times++) {
    const problem = await runAll(commands, environment);
    if (problem === null) return { commands, times, tookMs: Date.now() - startedMs };
    if (Date.now() - startedMs > patienceMs) throw new Error(problem);
    await new Promise((resolve) => setTimeout(resolve, againMs));
  }
}

async function runAll(commands: readonly string[], environment: Readonly<Record<string, string>>) {
  for (const command of commands) {
    const wanted = Number(/# exits with (\d+)/.exec(command)?.[1] ?? 0);
    const { code, output } = await run(command, environment);
    if (code !== wanted) return `${command} ended with ${code} and not ${wanted}: ${output}`;
  }
  return null;
}

async function run(command: string, environment: Readonly<Record<string, string>>) {
  try {
    const { stdout } = await promisify(execFile)('bash', ['-c', command], {
      cwd: root,
      env: { ...process.env, ...environment },
      timeout: patienceMs,
    });
    return { code: 0, output: stdout };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = Object(error) as { code?: number; stdout?: string; stderr?: string };
    return { code: code ?? -1, output: `${stdout}${stderr}` };
  }
}
