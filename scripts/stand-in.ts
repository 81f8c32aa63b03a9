// npm run stand-in: how stand-ins of a network stand, and the switch that turns them off at once, without a deployment. Each turn is in the
// audit trail, with its reason.

import { parseArgs } from 'node:util';
import { newId } from '../contracts/ids.ts';
import { type Network, networks } from '../contracts/network.ts';
import { recordAuditEvents } from '../origin/audit/audit-event.ts';
import { openDatabase } from '../origin/db/client.ts';
import { createEdgeClient } from '../origin/edge/edge-client.ts';
import { withSecretFiles } from '../origin/secrets/secret-settings.ts';
import { demo } from './dev/demo.ts';
import { portBaseOption } from './dev/home.ts';
import { systemHere } from './dev/running.ts';
import { wordsOf } from './words.ts';

const help = `npm run stand-in -- <command> --network ${networks.join('|')} [options]

  show    whether stand-ins are on, who turned them last, and the failure policy
  off     nothing is stood in for any more, within a second; cards that answer are not concerned
  on      stand-ins as the failure policy has them

  --reason TEXT   why, for the audit trail: needed for off and on
  --by NAME       who (default: the user of this shell)
  --json          one object on one line
  --port-base N   the system that npm start -- --port-base N started
  --help          this

EDGE_URL, INTERNAL_SECRET, DATABASE_URL   as the origin has them, from files too (INTERNAL_SECRET_FILE); default: those of the running npm start`;

interface Words {
  readonly command: 'show' | 'off' | 'on';
  readonly network: Network;
  readonly reason: string;
  readonly by: string;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
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
  const network = networks.find((known) => known === values.network);
  if ((command !== 'show' && command !== 'off' && command !== 'on') || more.length > 0)
    throw new Error(`one command: show, off or on, not ${positionals.join(' ') || 'none'}`);
  if (network === undefined) throw new Error(`--network: one of ${networks.join(', ')}`);
  if (command !== 'show' && values.reason.trim() === '') throw new Error('--reason: say why, for the audit trail');
  return { command, network, reason: values.reason, by: values.by, json: values.json };
}

/** Only what it needs: in an emergency nobody looks for the rest of the origin's environment. */
function readEnvironment() {
  const { environment, problems } = withSecretFiles(process.env);
  if (problems.length > 0) throw new Error(problems.join('; '));
  const { EDGE_URL: edgeUrl, INTERNAL_SECRET: secret, DATABASE_URL: databaseUrl } = environment;
  if (edgeUrl && secret && databaseUrl) return { edgeUrl, secret, databaseUrl };
  // All of one place, or all of the other: a switch turned here must not be recorded there.
  if (edgeUrl || secret || databaseUrl)
    throw new Error('EDGE_URL, INTERNAL_SECRET and DATABASE_URL are set together, or none of them');
  const { running, because } = systemHere();
  if (running === null) throw new Error(`EDGE_URL, INTERNAL_SECRET and DATABASE_URL are not set. ${because}`);
  return { edgeUrl: running.edge_url, secret: demo.internalSecret, databaseUrl: running.database_url };
}

async function run({ command, network, reason, by }: Words): Promise<object> {
  const { edgeUrl, secret, databaseUrl } = readEnvironment();
  const edge = createEdgeClient({ url: edgeUrl, secret });
  if (command === 'show') return await edge.standIn(network);
  // Turned first: in an emergency the trail's database may be what is away.
  const standing = await edge.standIn(network, { is_on: command === 'on', by });
  const database = openDatabase({ url: databaseUrl, poolMax: 1, onIdleError: () => {} });
  try {
    await recordAuditEvents(database.sql, [
      {
        ...{ actor: `operator:${by}`, action: `stand_in.turned_${command}`, subject: network, merchant_id: null },
        ...{ reason, correlation_id: newId('req') },
      },
    ]);
  } finally {
    await database.close();
  }
  return standing;
}

const words = wordsOf(readWords, help);
try {
  const standing = await run(words);
  const lines = Object.entries(standing).map(([name, value]) => `${name.padEnd(16)}${value}`);
  process.stdout.write(`${words.json ? JSON.stringify(standing) : lines.join('\n')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}
