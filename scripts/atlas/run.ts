// Finds the command in the words, runs it, prints what it found, and says how it ended.

import { parseArgs } from 'node:util';
import { AtlasError } from '../../sdk/index.ts';
import { type Command, commonHelp, commonOptions, Unreachable, UsedWrongly } from './command.ts';
import { commands } from './commands.ts';
import { type Connection, connect, type Place } from './connection.ts';

const [well, found, usedWrongly, unreachable] = [0, 1, 2, 3];

/** Returns the exit code. */
export async function runAtlas(args: readonly string[]): Promise<number> {
  const command = commandIn(args);
  if (command === null) {
    const isAsked = args.length === 0 || args[0] === '--help' || args[0] === 'help';
    if (isAsked) process.stdout.write(`${overview()}\n`);
    else
      process.stderr.write(
        `atlas has no command ${args.filter((word) => !word.startsWith('-')).join(' ') || args[0]}\n\n${overview()}\n`,
      );
    return isAsked ? well : usedWrongly;
  }
  const rest = args.slice(command.name.split(' ').length);
  // Asked of by itself: a command whose words are not complete has a help too.
  if (rest.includes('--help')) {
    process.stdout.write(`${helpOf(command)}\n`);
    return well;
  }
  let work: ReturnType<Command['read']>;
  try {
    work = command.read(rest);
  } catch (error) {
    process.stderr.write(`${said(error)}\n\n${helpOf(command)}\n`);
    return usedWrongly;
  }
  let asked: Connection | null = null;
  try {
    const { text, answer, isWell } = await work(() => {
      asked = connect(placeIn(rest));
      return asked;
    });
    process.stdout.write(rest.includes('--json') ? `${JSON.stringify(answer)}\n` : text);
    return isWell ? well : found;
  } catch (error) {
    process.stderr.write(`${problemOf(error)}${placeAsked(error, asked)}\n`);
    return endOf(error);
  }
}

/** Of what could not be reached, or does not know the key: perhaps another was meant. */
function placeAsked(error: unknown, asked: Connection | null): string {
  const isPerhapsAnother = error instanceof AtlasError && [0, 401, 403].includes(error.status);
  return asked === null || !isPerhapsAnother ? '' : ` Asked: ${asked.url} (${asked.because})`;
}

function commandIn(args: readonly string[]): Command | null {
  const [first = '', second = ''] = args;
  return (
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first) ?? null
  );
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`);
  return ['atlas <command> [options]', '', ...rows, '', commonHelp, 'atlas <command> --help says more.'].join('\n');
}

const helpOf = ({ help }: Command) => `${help}\n\n${commonHelp}`;

/** Only where to ask: the command has looked at all of its words. */
function placeIn(args: readonly string[]): Place {
  const options = { ...commonOptions, 'edge-url': { type: 'string' } } as const;
  const { values } = parseArgs({ args: [...args], options, strict: false });
  const word = (name: 'url' | 'key' | 'inner-url' | 'edge-url') => {
    const value = values[name];
    return typeof value === 'string' ? value : undefined;
  };
  return { url: word('url'), key: word('key'), 'inner-url': word('inner-url'), 'edge-url': word('edge-url') };
}

const said = (error: unknown) => (error instanceof Error ? error.message : String(error));

function problemOf(error: unknown): string {
  if (!(error instanceof AtlasError)) return said(error);
  if (error.status === 0) return `${error.message} ${causeOf(error)}`.trim();
  const asked = error.requestId === null ? '' : ` (request ${error.requestId})`;
  return `${error.errorCode}: ${error.message}${error.status >= 500 ? asked : ''}`;
}

function causeOf({ cause }: AtlasError): string {
  const inner = cause instanceof Error ? (cause.cause ?? cause) : cause;
  // An abort has a number, which says nothing that its message does not.
  const code =
    typeof inner === 'object' && inner !== null && 'code' in inner && typeof inner.code === 'string' ? inner.code : '';
  return code === '' ? '' : `(${code})`;
}

function endOf(error: unknown): number {
  if (error instanceof UsedWrongly) return usedWrongly;
  if (error instanceof Unreachable) return unreachable;
  if (!(error instanceof AtlasError)) return found;
  if (error.status === 0 || error.status >= 500) return unreachable;
  // The wrong key, or one without the scope: nothing was looked at.
  return error.status === 401 || error.status === 403 ? usedWrongly : found;
}
