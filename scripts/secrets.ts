// npm run secrets: makes secrets, says whether those of a configuration are good, and seals old rows again under the newest key.
// Prints a secret only where one was asked for by `new`.

import { randomBytes } from 'node:crypto';
import { parseArgs } from 'node:util';
import { portBaseOption } from './dev/home.ts';
import { randomKey } from './random-key.ts';
import { wordsOf } from './words.ts';

const help = `npm run secrets -- <command> [options]

  new [signing|sealing|key]   a random one: signing (whsec_…, for INTERNAL_SECRET and NATIVE_SECRETS; the default), sealing
                              (32 bytes in base64, for WEBHOOK_SECRETS_KEY), key (for API_KEY and passwords)
  check                       whether the origin would start with this environment, and what is wrong with it
  status                      how many rows each key of WEBHOOK_SECRETS_KEY has sealed: an old one that has none can go
  reseal                      seals the rows of older keys again with the newest one; may run beside the service

  --json          one object on one line
  --port-base N   of the system that npm start -- --port-base N started, instead of this environment
  --help          this

check, status and reseal read the origin's whole environment, secrets from files (API_KEY_FILE=…) too.
How each secret is changed without a refused call: docs/operating.md.`;

const commands = ['new', 'check', 'status', 'reseal'] as const;
const kinds = ['signing', 'sealing', 'key'] as const;

interface Words {
  readonly command: (typeof commands)[number];
  readonly kind: (typeof kinds)[number];
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
      ...portBaseOption,
    },
  });
  if (values.help) return null;
  const [given, kindGiven = 'signing', ...more] = positionals;
  const command = commands.find((known) => known === given);
  const kind = kinds.find((known) => known === kindGiven);
  if (command === undefined || more.length > 0 || (command !== 'new' && positionals.length > 1))
    throw new Error(`one command: ${commands.join(', ')}, not ${positionals.join(' ') || 'none'}`);
  if (kind === undefined) throw new Error(`new makes ${kinds.join(', ')}, not ${kindGiven}`);
  return { command, kind, json: values.json };
}

function newSecret(kind: Words['kind']): string {
  switch (kind) {
    case 'signing':
      return `whsec_${randomBytes(32).toString('base64')}`;
    case 'sealing':
      return randomBytes(32).toString('base64');
    case 'key':
      return randomKey();
  }
}

async function run({ command, kind }: Words): Promise<object> {
  if (command === 'new') return { secret: newSecret(kind) };
  // Only for these three: whoever asks for help or for a new secret waits for no driver and no configuration.
  const { performWithConfiguration } = await import('./secrets/perform.ts');
  return await performWithConfiguration(command);
}

function inWords(said: object): string {
  if ('secret' in said) return String(said.secret);
  return Object.entries(said)
    .map(([name, value]) => `${name.padEnd(16)}${typeof value === 'object' ? JSON.stringify(value) : value}`)
    .join('\n');
}

const words = wordsOf(readWords, help);
try {
  const said = await run(words);
  process.stdout.write(`${words.json ? JSON.stringify(said) : inWords(said)}\n`);
  // What no key opens needs a person.
  if ('unreadable' in said && Array.isArray(said.unreadable) && said.unreadable.length > 0) process.exitCode = 1;
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 2;
}
