// The origin's process: configuration, start, and an orderly end on SIGTERM or SIGINT.

import { misspeltIn, readConfig } from './config.ts';
import { createLog } from './log.ts';
import { pretty } from './log-pretty.ts';
import { startOrigin } from './start.ts';

const config = readConfigOrExit();
const log = createLog({ level: config.LOG_LEVEL, ...(config.LOG_FORMAT === 'pretty' ? { to: pretty() } : {}) });
for (const { name, meant } of misspeltIn(process.env)) log.warn({ name, meant }, 'unknown setting');

try {
  const origin = await startOrigin(config, log);
  let stopping = false;
  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    process.on(signal, () => {
      // A second signal changes nothing: what is in hand is finished either way.
      if (stopping) return;
      stopping = true;
      log.info({ signal }, 'stopping');
      origin.stop().then(
        () => process.exit(0),
        (error: unknown) => {
          log.fatal({ err: error }, 'could not stop in order');
          process.exit(1);
        },
      );
    });
} catch (error) {
  log.fatal({ err: error }, 'could not start');
  process.exit(1);
}

function readConfigOrExit() {
  try {
    return readConfig(process.env, process.execArgv);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(1);
  }
}
