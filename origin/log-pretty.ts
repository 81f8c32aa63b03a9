// Logs for a person at a terminal. Texts of strangers are written out, so that they move no cursor and begin no line.

import { type DestinationStream, pino } from 'pino';
import { prettyFactory } from 'pino-pretty';
import { writtenOut } from './log-lines.ts';

/** `to`: in the place of the terminal, without colours. */
export function pretty(to?: DestinationStream): DestinationStream {
  const colorize = to === undefined && process.stdout.isTTY;
  const options = { ignore: 'pid,hostname,service', translateTime: 'HH:MM:ss.l', singleLine: true, colorize };
  const print = prettyFactory(options);
  // Before the call returns, so that nothing said before an exit is lost.
  const out = to ?? pino.destination({ dest: 1, sync: true });
  return { write: (line) => void out.write(print(writtenOut(line)) ?? line) };
}
