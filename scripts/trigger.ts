// npm run trigger: one message of Marqeta's to the running system, in Marqeta's real shape; then what came of it, from the
// answer to the ledger. For trying things out by hand.

import { help, readWords, refusedStatus } from './trigger/words.ts';
import { wordsOf } from './words.ts';

const words = wordsOf(readWords, help);
// The ledger's part comes after the answer: whoever read only that, as `| head -1` does, has gone by then.
process.stdout.on('error', () => process.exit());
try {
  // Loaded when it runs: the help needs none of it.
  const running = (await import('./dev/running.ts')).requireRunning();
  if ('provider' in words)
    process.stdout.write(await (await import('./trigger/provider.ts')).setProvider(running, words));
  else if (words.event === 'origin-down')
    process.stdout.write((await import('./trigger/provider.ts')).killOrigin(words));
  else await (await import('./trigger/message.ts')).message(running, words);
} catch (error) {
  const away = error instanceof Error && String(error.cause).includes('ECONNREFUSED');
  const said = error instanceof Error ? error.message : String(error);
  process.stderr.write(`${away ? (await import('./dev/running.ts')).notAnswering() : said}\n`);
  process.exitCode = refusedStatus;
}
