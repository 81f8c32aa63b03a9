// A wrangler for tests: keeps queues, consumers, secrets and versions in a file, notes each call, and says what the real one says of what
// is not there. Tests put it first on the PATH. It knows no account, and takes only the words that the deployment uses.

import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export const standInWrangler = import.meta.filename;

export interface WranglerState {
  queues: Record<string, { retention: number }>;
  consumers: Record<string, { type: string; settings: { max_retries: number }; dead_letter_queue?: string }>;
  secrets: string[];
  versions: { id: string; annotations: { 'workers/tag': string } }[];
  /** Said of every call, instead of an answer. */
  fails?: string;
}

function main(words: readonly string[], file: string): void {
  const option = (name: string) => words[words.indexOf(name) + 1] ?? '';
  const state = JSON.parse(readFileSync(file, 'utf8')) as WranglerState;
  if (words.includes('--outdir')) {
    mkdirSync(option('--outdir'), { recursive: true });
    writeFileSync(join(option('--outdir'), 'index.js'), 'export default {};\n');
    return;
  }
  appendFileSync(`${file}.calls`, `wrangler ${words.join(' ')}\n`);
  if (state.fails !== undefined) end(state.fails);
  const answer = answerOf(words, state, option);
  writeFileSync(file, JSON.stringify(state));
  process.stdout.write(`${answer}\n`);
}

function answerOf(words: readonly string[], state: WranglerState, option: (name: string) => string): string {
  const command = words
    .filter((word, index) => !word.startsWith('--') && !words[index - 1]?.startsWith('--'))
    .join(' ');
  const queue = words.find((word) => word.startsWith('atlas-')) ?? '';
  const asked = command.replace(queue, '').trim();
  if (asked.startsWith('queues') && asked !== 'queues create' && state.queues[queue] === undefined)
    end(`✘ [ERROR] Queue "${queue}" does not exist. To create it, run: wrangler queues create ${queue}`);
  switch (asked) {
    case 'queues info':
      return `Queue Name: ${queue}\nQueue ID: id-of-${queue}`;
    case 'queues create':
    case 'queues update':
      state.queues[queue] = { retention: Number(option('--message-retention-period-secs')) };
      return `done ${queue}`;
    case 'queues consumer http list':
      return JSON.stringify(Object.entries(state.consumers).flatMap(([name, one]) => (name === queue ? [one] : [])));
    case 'queues consumer http remove':
      delete state.consumers[queue];
      return 'removed';
    case 'queues consumer http add':
      if (state.consumers[queue] !== undefined) end('✘ [ERROR] Queue already has a consumer [code: 11004]');
      state.consumers[queue] = {
        type: 'http_pull',
        settings: { max_retries: Number(option('--message-retries')) },
        ...(words.includes('--dead-letter-queue') ? { dead_letter_queue: option('--dead-letter-queue') } : {}),
      };
      return 'added';
    case 'secret list':
      if (state.secrets.length === 0) end('✘ [ERROR] This Worker does not exist on your account. [code: 10007]');
      return JSON.stringify(state.secrets.map((name) => ({ name, type: 'secret_text' })));
    case 'versions list':
      return JSON.stringify(state.versions);
    case 'deploy dist/edge/index.js':
      if (!words.includes('--no-bundle')) end('what was built is sent as it is');
      state.versions.unshift({
        id: `version-${state.versions.length}`,
        annotations: { 'workers/tag': option('--tag') },
      });
      return 'deployed';
    default:
      if (asked.startsWith('rollback version-')) return 'rolled back';
      return end(`✘ [ERROR] Unknown arguments: ${words.join(' ')}`);
  }
}

function end(said: string): never {
  process.stderr.write(`${said}\n`);
  process.exit(1);
}

if (import.meta.main) main(process.argv.slice(2), process.env['STAND_IN_WRANGLER'] ?? '');
