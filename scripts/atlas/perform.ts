// A command whose words are read: connects it, prints what it found, and says how it ended.

import { parseArgs } from 'node:util';
import { AtlasError } from '../../sdk/index.ts';
import { type Command, commonOptions, exits, Unreachable, UsedWrongly } from './command.ts';
import { type Connection, connect, type Place } from './connection.ts';
import { edgeProblem } from './edge-address.ts';
import { NotThere } from './health.ts';
import { forTerminal, jsonForTerminal } from './shown.ts';

/** Returns the exit code. */
export async function perform(work: ReturnType<Command['read']>, args: readonly string[]): Promise<number> {
  let asked: Connection | null = null;
  try {
    const { text, answer, isWell, end } = await work(() => {
      asked = connect(placeIn(args));
      return asked;
    });
    process.stdout.write(args.includes('--json') ? `${jsonForTerminal(answer)}\n` : forTerminal(text));
    return exits[end ?? (isWell ? 'well' : 'found')];
  } catch (error) {
    const wrongHalf = asked !== null && isOfNoRoute(error) ? await edgeProblem(asked) : null;
    process.stderr.write(`${forTerminal(wrongHalf ?? `${problemOf(error)}${placeAsked(error, asked)}`)}\n`);
    return wrongHalf === null ? exits[endOf(error)] : exits.usedWrongly;
  }
}

/** Of what could not be reached, or does not know the key: perhaps another was meant. */
function placeAsked(error: unknown, asked: Connection | null): string {
  const isPerhapsAnother = error instanceof AtlasError && [0, 401, 403].includes(error.status);
  return asked === null || !isPerhapsAnother ? '' : ` Asked: ${asked.url} (${asked.because})`;
}

const isOfNoRoute = (error: unknown) =>
  error instanceof NotThere || (error instanceof AtlasError && error.errorCode === 'route_not_found');

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

function problemOf(error: unknown): string {
  if (!(error instanceof AtlasError)) return error instanceof Error ? error.message : String(error);
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

function endOf(error: unknown): keyof typeof exits {
  if (error instanceof UsedWrongly) return 'usedWrongly';
  if (error instanceof Unreachable) return 'unreachable';
  if (!(error instanceof AtlasError)) return 'found';
  if (error.status === 0 || error.status >= 500) return 'unreachable';
  // The wrong key, or one without the scope: nothing was looked at.
  return error.status === 401 || error.status === 403 ? 'usedWrongly' : 'found';
}
