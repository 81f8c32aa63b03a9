// Runs a deployment's commands, each printed before it is run; in a dry run printed only. What a command needs of secrets goes through
// its environment, of which only the names are printed.

import { spawnSync } from 'node:child_process';
import { wranglerEnv } from '../wrangler-env.ts';

export interface Command {
  readonly program: string;
  readonly args: readonly string[];
  /** Beside this process's own. */
  readonly env?: Readonly<Record<string, string>>;
  /** Runs in a dry run too, because it changes nothing and needs no account. */
  readonly isHarmless?: boolean;
}

export interface Tools {
  readonly isDryRun: boolean;
  readonly say: (line: string) => void;
  /** What it printed. Throws where it fails. Empty in a dry run. */
  readonly run: (command: Command, when?: string) => string;
  /** What it printed; null where it says that there is no such thing; undefined in a dry run. Throws where it fails otherwise. */
  readonly look: (command: Command) => string | null | undefined;
}

export const wrangler = (...args: string[]): Command => ({ program: 'wrangler', args });

/** What wrangler and Cloudflare say of a queue or worker that is not there. */
const isNotThere = /does not exist|\[code: 10007\]/i;

export function createTools({ isDryRun, say }: Pick<Tools, 'isDryRun' | 'say'>): Tools {
  const print = (command: Command, when?: string) => say(`   $ ${shown(command)}${when ? `      # ${when}` : ''}`);
  return {
    isDryRun,
    say,
    run(command, when) {
      print(command, isDryRun ? when : undefined);
      if (isDryRun && command.isHarmless !== true) return '';
      const { status, output } = execute(command);
      if (status !== 0) throw new Error(`${shown(command)} ended with ${status}:\n${output.trim()}`);
      return output;
    },
    look(command) {
      print(command);
      if (isDryRun) return undefined;
      const { status, output, printed } = execute(command);
      if (status === 0) return printed;
      if (isNotThere.test(output)) return null;
      throw new Error(`${shown(command)} ended with ${status}:\n${output.trim()}`);
    },
  };
}

function execute({ program, args, env = {} }: Command) {
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, {
    encoding: 'utf8',
    env: { ...process.env, ...wranglerEnv, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  if (error !== undefined) throw new Error(`${program} cannot be run: ${error.message}`);
  return { status: status ?? signal, printed: stdout, output: `${stdout}${stderr}` };
}

function shown({ program, args, env = {} }: Command): string {
  const names = Object.keys(env).map((name) => `${name}=… `);
  return `${names.join('')}${[program, ...args].map(quoted).join(' ')}`;
}

function quoted(word: string): string {
  return /^[\w./:=@,%+-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
