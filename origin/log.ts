// Structured logs: one JSON line each, readable in development. Errors are logged completely (type, message, stack, code,
// cause) and never with data: what a database quotes of a row, or drizzle of its parameters, is left out (C9).

import { type DestinationStream, type Logger, pino } from 'pino';
import { holdsCardNumber } from '../contracts/card-numbers/card-numbers.ts';
import { maskedJson } from './card-data/found.ts';
import { escaped } from './log-lines.ts';
import { currentTraceId } from './tracing/spans.ts';

export interface LogOptions {
  readonly level: string;
  /** Where lines go; to a person's terminal by `pretty()`. */
  readonly to?: DestinationStream;
}

/** Redacted wherever they stand, up to two levels deep: nobody should log them, and a mistake must not matter. */
const secretNames = [
  'authorization',
  'api_key',
  'api_token',
  'secret',
  'password',
  'card_token',
  'cookie',
  'webhook-signature',
];
const redacted = secretNames.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);

/** The trace that a line belongs to, where one is under way: from the line to the trace, and back. */
const traced = () => {
  const trace_id = currentTraceId();
  return trace_id === null ? {} : { trace_id };
};

/** Written before the call returns, so that nothing said before an exit is lost. */
const standardOutput = () => pino.destination({ dest: 1, sync: true });

export function createLog({ level, to = standardOutput() }: LogOptions): Logger {
  return pino(
    {
      level,
      base: { service: 'atlas-origin' },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: { paths: redacted, censor: '[redacted]' },
      serializers: { err: describeError },
      mixin: traced,
    },
    lastLook(to),
  );
}

/**
 * The last look at every line, whoever wrote it: a card number in an error's message, a stack or a partner's text is masked, and nothing
 * in it moves a terminal's cursor. Two passes over the line; one without either, as nearly all are, goes on as it is.
 */
function lastLook(to: DestinationStream): DestinationStream {
  return {
    write(line) {
      const kept = holdsCardNumber(line) ? `${maskedJson('log', line.trimEnd(), () => false)}\n` : line;
      to.write(escaped(kept));
    },
  };
}

interface ErrorDescription {
  readonly type: string;
  readonly message: string;
  readonly stack?: string;
  readonly code?: string;
  readonly constraint?: string;
  readonly table?: string;
  readonly cause?: ErrorDescription;
}

export function describeError(error: unknown): ErrorDescription {
  if (!(error instanceof Error)) return { type: typeof error, message: String(error) };
  // Drizzle's message is the statement with its parameters, which are people's data; its cause says what happened.
  if ('query' in error && 'params' in error && error.cause instanceof Error) return describeError(error.cause);
  const text = (name: string) => {
    const value: unknown = Reflect.get(error, name);
    return typeof value === 'string' ? { [name]: value } : {};
  };
  return {
    type: error.name,
    message: error.message,
    ...text('stack'),
    ...text('code'),
    ...text('constraint'),
    ...text('table'),
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
