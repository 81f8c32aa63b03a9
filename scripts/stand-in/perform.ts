// npm run stand-in: the switch of a network, shown or turned, and the audit event of each turn.

import { newId } from '../../contracts/ids.ts';
import type { Network } from '../../contracts/network.ts';
import { recordAuditEvents } from '../../origin/audit/audit-event.ts';
import { openDatabase } from '../../origin/db/client.ts';
import { createEdgeClient } from '../../origin/edge/edge-client.ts';
import { withSecretFiles } from '../../origin/secrets/secret-settings.ts';
import { demo } from '../dev/demo.ts';
import { systemHere } from '../dev/running.ts';

export interface StandInWords {
  readonly command: 'show' | 'off' | 'on';
  readonly network: Network;
  readonly reason: string;
  readonly by: string;
  readonly json: boolean;
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

export async function performStandIn({ command, network, reason, by }: StandInWords): Promise<object> {
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
