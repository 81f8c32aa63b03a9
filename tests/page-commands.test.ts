// What runs a page's commands finds what is wrong with it: a typing error, another exit code, another answer.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runStep, Shell, stepsOf } from './page-commands.ts';

let folder: string;
let shell: Shell;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'atlas-page-'));
  shell = new Shell(folder, process.env);
});
afterAll(async () => {
  shell.close();
  await rm(folder, { recursive: true, force: true });
});

async function runPage(...blocks: readonly (readonly [form: string, text: string])[]): Promise<void> {
  const page = blocks.map(([form, text]) => `Words.\n\n\`\`\`${form}\n${text}\n\`\`\`\n`).join('\n');
  for (const step of stepsOf(page)) await runStep(shell, step);
}

describe('a page that is right', () => {
  test('values go from block to block; of JSON only what is shown counts, of a text all of it', async () => {
    await runPage(
      ['sh', 'id=acct_1'],
      ['sh', 'echo \'{"id":"\'$id\'","state":"good","parts":[{"a":1,"b":2}]}\''],
      ['json', '{ "id": "acct_…", "parts": [{ "b": 2 }] }'],
      ['sh', 'printf "one 1 ms\\ntwo\\nthree\\nfour\\n"'],
      ['text', 'one … ms\n…\nfour'],
    );
  });

  test('an exit code that is said beside its command, and tests that may be false', async () => {
    await runPage(
      ['sh', '(exit 3)   # declined; exits with 3'],
      ['sh', 'until [ -n "$asked" ]; do asked=1; done\nfalse || true'],
    );
  });

  test('a block with a name is no answer', async () => {
    await runPage(['sh', 'echo one'], ['json webhook', '{ "url": "…" }']);
  });
});

describe('a page that is wrong', () => {
  test.each<[name: string, ...blocks: [string, string][]]>([
    ['a command that is not there', ['sh', 'ehco one; echo two']],
    ['a file of broken syntax', ['sh', 'if true']],
    ['a failure before the last command', ['sh', '(exit 4)\necho two']],
    ['a failure within a pipe', ['sh', 'false | cat']],
    ['a failure whose output is kept', ['sh', 'kept=$(exit 5)\necho two']],
    ['an exit code that does not come', ['sh', 'true   # exits with 3']],
    ['another exit code', ['sh', '(exit 1)   # exits with 3']],
    ['another value', ['sh', 'echo \'{"state":"bad"}\''], ['json', '{ "state": "good" }']],
    ['another beginning', ['sh', 'echo \'{"id":"card_1"}\''], ['json', '{ "id": "acct_…" }']],
    ['an element more', ['sh', "echo '[1,2]'"], ['json', '[1]']],
    ['a field that does not come', ['sh', "echo '{}'"], ['json', '{ "id": "…" }']],
    ['no JSON', ['sh', 'echo one'], ['json', '{}']],
    ['another text', ['sh', 'echo one'], ['text', 'on']],
    ['a line more', ['sh', 'printf "one\\ntwo\\n"'], ['text', 'one']],
    ['a text across lines', ['sh', 'printf "one\\ntwo\\n"'], ['text', 'one…']],
  ])('%s', async (_, ...blocks) => {
    await expect(runPage(...blocks)).rejects.toThrow();
  });
});
