// npm run stand-in: how stand-ins of a network stand, and the switch that turns them off at once, without a deployment. Each turn is in the
// audit trail, with its reason.

import { parseArgs } from 'node:util';
import { networkSchema } from '../contracts/network.ts';
import { portBaseOption } from './dev/home.ts';
import type { StandInWords } from './stand-in/perform.ts';
import { wordsOf } from './words.ts';

const help = `npm run stand-in -- <command> --network NAME [options]

  show    whether stand-ins are on, who turned them last, and the failure policy
  off     nothing is stood in for any more, within a second; cards that answer are not concerned
  on      stand-ins as the failure policy has them

  --reason TEXT   why, for the audit trail: needed for off and on
  --by NAME       who (default: the user of this shell)
  --json          one object on one line
  --port-base N   the system that npm start -- --port-base N started
  --help          this

EDGE_URL, INTERNAL_SECRET, DATABASE_URL   as the origin has them, from files too (INTERNAL_SECRET_FILE); default: those of the running npm start`;

function readWords(args: readonly string[]): StandInWords | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      network: { type: 'string', default: '' },
      reason: { type: 'string', default: '' },
      by: { type: 'string', default: process.env['USER'] ?? 'an operator' },
      ...portBaseOption,
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const [command, ...more] = positionals;
  const network = networkSchema.safeParse(values.network);
  if ((command !== 'show' && command !== 'off' && command !== 'on') || more.length > 0)
    throw new Error(`one command: show, off or on, not ${positionals.join(' ') || 'none'}`);
  if (!network.success) throw new Error('--network: the name of one, such as native');
  if (command !== 'show' && values.reason.trim() === '') throw new Error('--reason: say why, for the audit trail');
  return { command, network: network.data, reason: values.reason, by: values.by, json: values.json };
}

const words = wordsOf(readWords, help);
try {
  // Only for what there is to do: whoever asks for help or mistypes waits for no driver.
  const { performStandIn } = await import('./stand-in/perform.ts');
  const standing = await performStandIn(words);
  const lines = Object.entries(standing).map(([name, value]) => `${name.padEnd(16)}${value}`);
  process.stdout.write(`${words.json ? JSON.stringify(standing) : lines.join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
