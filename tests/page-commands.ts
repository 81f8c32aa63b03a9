// The commands of a page, run as a reader would: in one shell, block after block, and each answer on the page held against what came.
// A block `sh` is run. A block `json` or `text` after it, with no name beside it, is what came back: of JSON the fields that are shown,
// of a text all of it; `…` stands for anything within a line, and a line of `…` alone for any lines. What a command exits with stands
// beside it (`# exits with 3`); all others exit with 0.

import { type ChildProcess, spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect } from 'vitest';

export interface Step {
  readonly line: number;
  readonly commands: string;
  readonly answer: { readonly form: 'json' | 'text'; readonly shown: string } | null;
}

interface Block {
  readonly line: number;
  readonly form: string;
  readonly text: string;
}

function blocksOf(page: string): Block[] {
  return Array.from(page.matchAll(/^```([^\n]*)\n([\s\S]*?)^```$/gm), ({ index, 1: form = '', 2: text = '' }) => {
    return { line: page.slice(0, index).split('\n').length, form, text };
  });
}

export function stepsOf(page: string): Step[] {
  const blocks = blocksOf(page);
  return blocks.flatMap(({ line, form, text }, index) => {
    if (form !== 'sh') return [];
    const next = blocks[index + 1];
    const answer = next?.form === 'json' || next?.form === 'text' ? { form: next.form, shown: next.text } : null;
    return [{ line, commands: text, answer } as Step];
  });
}

/** The text of the block that is named so, as ```json webhook. */
export function namedBlock(page: string, name: string): string {
  return blocksOf(page).find(({ form }) => form.endsWith(` ${name}`))?.text ?? expect.fail(`no block is named ${name}`);
}

interface Ran {
  readonly output: string;
  readonly complaints: string;
  /** What failed: exit code and command, in their order. */
  readonly failed: readonly string[];
}

export class Shell {
  readonly #process: ChildProcess;
  readonly #said: AsyncIterator<string>;
  readonly #folder: string;
  #count = 0;

  /** `folder`: where blocks, and what came of each, are kept as files. */
  constructor(folder: string, environment: NodeJS.ProcessEnv) {
    // With a group of its own, so that what a block still runs ends with it.
    const shell = spawn('bash', ['--norc'], { env: environment, stdio: ['pipe', 'pipe', 'inherit'], detached: true });
    shell.stdin.write(`set -o pipefail; trap 'echo "$? $BASH_COMMAND" >&9' ERR\n`);
    this.#said = createInterface({ input: shell.stdout })[Symbol.asyncIterator]();
    this.#process = shell;
    this.#folder = folder;
  }

  async run(commands: string): Promise<Ran> {
    const file = join(this.#folder, `block-${++this.#count}`);
    // Its last command is true, so that what failed in it is not told once more of the whole.
    await writeFile(file, `${commands}\n:\n`);
    this.#process.stdin?.write(
      `exec 9> ${file}.failed; source ${file} < /dev/null > ${file}.out 2> ${file}.err; echo ended\n`,
    );
    const { done } = await this.#said.next();
    if (done === true) throw new Error('the shell has ended');
    const [output, complaints, failed] = await Promise.all(
      ['out', 'err', 'failed'].map((part) => readFile(`${file}.${part}`, 'utf8')),
    );
    return { output: output ?? '', complaints: complaints ?? '', failed: failed?.split('\n').slice(0, -1) ?? [] };
  }

  close(): void {
    if (this.#process.pid !== undefined) process.kill(-this.#process.pid, 'SIGKILL');
  }
}

/** Runs a step, and holds what came against the page. */
export async function runStep(shell: Shell, { line, commands, answer }: Step): Promise<void> {
  const { output, complaints, failed } = await shell.run(commands);
  const stated = Array.from(commands.matchAll(/# .*\bexits with (\d+)/g), ([, status = '']) => status);
  const where = `the commands of line ${line}: ${failed.join('; ')}\n${output}\n${complaints}\n`;
  expect(
    failed.map((one) => one.split(' ')[0]),
    where,
  ).toEqual(stated);
  if (answer?.form === 'json') expect(JSON.parse(output), where).toMatchObject(shownValue(JSON.parse(answer.shown)));
  if (answer?.form === 'text') expect(output.trimEnd(), where).toMatch(shownText(answer.shown.trimEnd()));
}

function shownValue(value: unknown): object {
  const shown = (one: unknown): unknown => {
    if (typeof one === 'string' && one.includes('…')) return expect.stringMatching(shownText(one));
    if (Array.isArray(one)) return one.map(shown);
    if (typeof one !== 'object' || one === null) return one;
    return Object.fromEntries(Object.entries(one).map(([name, inner]) => [name, shown(inner)]));
  };
  return shown(value) as object;
}

function shownText(text: string): RegExp {
  const lines = text.split('\n').map((line) =>
    line === '…'
      ? '[\\s\\S]*'
      : line
          .split('…')
          .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
          .join('.*'),
  );
  return new RegExp(`^${lines.join('\n')}$`);
}
