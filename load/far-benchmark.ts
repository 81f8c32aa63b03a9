// What the way costs: intake with its database 10 and 40 ms away and back, and profiles with the edge 80 ms away, through relays in this process
// that hand each byte on later. Locally too, so that one run tells the difference. Alone: `node load/far-benchmark.ts`.

import { join } from 'node:path';
import { pino } from 'pino';
import { newId } from '../contracts/ids.ts';
import { openDatabase } from '../origin/db/client.ts';
import { createEdgeClient } from '../origin/edge/edge-client.ts';
import { createOutbox } from '../origin/edge/outbox.ts';
import { freePort } from '../scripts/free-port.ts';
import { startTemporaryPostgres } from '../scripts/temporary-postgres.ts';
import { startTcpRelay } from '../scripts/test-relay.ts';
import { buildEdge } from './edge-bundle.ts';
import { edgeVars, everydayProfile } from './edge-cards.ts';
import { takeAll } from './intake.ts';
import { deliveryOf, freshDatabase, madeUpProgram } from './intake-program.ts';
import { startQueueServer } from './queue-server.ts';
import { started, temporaryDirectory } from './started.ts';
import { rounded } from './statistics.ts';
import { edgeNamespaces, startWorkerd } from './workerd.ts';

export interface FarFigures {
  /** By the round trip to Postgres in ms. */
  readonly intake_events_per_s: Readonly<Record<string, number>>;
  /** By the round trip to the edge in ms, with this machine's Postgres. */
  readonly profiles_per_s: Readonly<Record<string, number>>;
  /** Messages not taken, profiles that the edge has not. */
  readonly errors: number;
}

const databaseRoundTripsMs = [0, 10, 40];
const edgeRoundTripsMs = [0, 80];
const cards = 5_000;

export async function measureFar(progress: (line: string) => void): Promise<{ far: FarFigures }> {
  await using parts = started();
  const server = await startTemporaryPostgres();
  parts.defer(() => server.stop());
  const intake: Record<string, number> = {};
  const profiles: Record<string, number> = {};
  let errors = 0;
  const program = madeUpProgram();
  const events = program.reduce((sum, card) => sum + card.events.length, 0);
  for (const roundTripMs of databaseRoundTripsMs) {
    const { url, database } = await freshDatabase(server.url, `far_${roundTripMs}`, program);
    await database.close();
    const far = openDatabase({ url: await through(parts, url, roundTripMs), poolMax: 10, onIdleError: () => {} });
    const startMs = performance.now();
    errors += await takeAll(far, deliveryOf(program));
    intake[roundTripMs] = perSecond(events, startMs);
    await far.close();
    progress(`intake, ${roundTripMs} ms to Postgres and back: ${intake[roundTripMs]} events/s`);
  }
  const edgeUrl = await startEdge(parts);
  for (const roundTripMs of edgeRoundTripsMs) {
    const pushed = await pushAll(server.url, `pushed_${roundTripMs}`, await through(parts, edgeUrl, roundTripMs));
    profiles[roundTripMs] = pushed.rate;
    errors += pushed.errors;
    progress(`profiles, ${roundTripMs} ms to the edge and back: ${pushed.rate} cards/s`);
  }
  return { far: { intake_events_per_s: intake, profiles_per_s: profiles, errors } };
}

async function through(parts: AsyncDisposableStack, url: string, roundTripMs: number): Promise<string> {
  if (roundTripMs === 0) return url;
  const target = new URL(url);
  const relay = await startTcpRelay({ host: target.hostname, port: Number(target.port) }, { delayMs: roundTripMs / 2 });
  parts.defer(() => relay.close());
  target.port = String(relay.port);
  return target.toString().replace(/\/$/, '');
}

async function startEdge(parts: AsyncDisposableStack): Promise<string> {
  const directory = await temporaryDirectory(parts, 'far');
  const { path: bundle } = await buildEdge(join(directory, 'bundle'));
  const queue = await startQueueServer(() => {});
  parts.defer(() => queue.close());
  const edge = await startWorkerd({
    ...{ directory: join(directory, 'edge'), bundle, namespaces: edgeNamespaces, port: await freePort() },
    ...{ queuePort: queue.port, vars: edgeVars },
  });
  parts.defer(() => edge.stop());
  return edge.url;
}

/** Cards whose profile the edge does not have, until it has all of them: what a distribution leaves for the outbox. */
async function pushAll(serverUrl: string, name: string, edgeUrl: string) {
  const { database } = await freshDatabase(serverUrl, name, []);
  const account_id = newId('acct');
  await database.sql.query(`insert into accounts (account_id, name, currency) values ($1, 'far', 'USD')`, [account_id]);
  const made = Array.from({ length: cards }, () => everydayProfile(account_id));
  await database.sql.query(
    `insert into cards (card_id, account_id, network, card_token, profile, profile_version)
     select p ->> 'card_id', $1, 'native', $2 || (p ->> 'card_id'), p, 1 from unnest($3::json[]) as p`,
    [account_id, name, made.map((profile) => JSON.stringify(profile))],
  );
  await database.sql.query('insert into edge_outbox (card_id, version, is_bulk) select card_id, 1, true from cards');
  const log = pino({ level: 'error' });
  const edge = createEdgeClient({ url: edgeUrl, secret: edgeVars.INTERNAL_SECRET });
  const { loop } = createOutbox({ database, edge, log });
  const startMs = performance.now();
  loop.start();
  const untilMs = startMs + 120_000;
  let left = cards;
  while (left > 0 && performance.now() < untilMs) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    const { rows } = await database.sql.query<{ left: string }>('select count(*) as left from edge_outbox');
    left = Number(rows[0]?.left);
  }
  const rate = perSecond(cards - left, startMs);
  await loop.stop();
  await database.close();
  return { rate, errors: left };
}

function perSecond(count: number, sinceMs: number): number {
  return rounded(count / ((performance.now() - sinceMs) / 1_000), 0);
}

if (import.meta.main) console.log(JSON.stringify(await measureFar((line) => console.error(line))));
