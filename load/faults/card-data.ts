// card-data: marked test numbers, each in a spelling that filters have missed, through every channel by which a text comes in; then a
// search of everything that is kept or was sent on. Nothing may be found. What it does not send are identifiers of networks and
// providers, which are never changed (docs/decisions/0017 says why), and trace ids: a settlement keeps its caller's where tracing is on.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { type Mark, markOf, spelled } from './card-data/marks.ts';
import { searchEverywhere } from './card-data/search.ts';
import { outsideChannels } from './card-data/send-from-outside.ts';
import { piecesChannels } from './card-data/send-in-pieces.ts';
import { apiChannels } from './card-data/send-to-api.ts';
import { type CanaryWorld, startWorld } from './card-data/world.ts';
import { drained } from './drained.ts';

export interface CardDataOptions {
  readonly progress: (line: string) => void;
}

const channels = Object.entries({ ...apiChannels, ...outsideChannels, ...piecesChannels });
/** For what goes on by itself: events to the origin, the bank's folder (looked at every ten seconds), retries of webhooks. */
const settleMs = 12_000;

export async function cardData(parts: AsyncDisposableStack, { progress }: CardDataOptions) {
  progress('card-data: starting Postgres, origin, edge, provider, partner and a bank');
  const world = await startWorld(parts);
  const marks = channels.map(([channel], index) => markOf(channel, index));
  const outcomes: string[] = [];
  const answers: string[] = [];
  for (const [index, [, send]] of channels.entries()) {
    const { outcome, answer } = await send(world, spelled(marks[index] as Mark, index));
    outcomes.push(outcome);
    answers.push(answer);
  }
  progress('waiting until everything is booked, kept and told');
  await drained(world.system, [world.cardToken]);
  await new Promise((resolve) => setTimeout(resolve, settleMs));
  const { sightings, searched } = await searchEverywhere(world, marks, answers);
  const table = marks.map(({ channel }, index) => ({
    channel,
    outcome: outcomes[index] ?? '',
    found: sightings.filter((one) => one.channel === channel).length,
  }));
  for (const { channel, outcome, found } of table) progress(`${channel.padEnd(64)}${outcome.padEnd(40)}${found} found`);
  const findings = [
    ...new Set(sightings.map(({ channel, place }) => `${channel}: its number lies in ${place}`)),
    ...(await faultsOfTheSearch(world)),
  ];
  return {
    fault: 'card-data' as const,
    channels: table,
    searched,
    redis: world.redis !== null,
    found: await counted(world),
    findings,
  };
}
export type CardDataReport = Awaited<ReturnType<typeof cardData>>;

/** A search that finds nothing proves something only where it would find: a number is laid down by hand, and must be seen. */
async function faultsOfTheSearch(world: CanaryWorld): Promise<string[]> {
  const mark = markOf('planted', 999);
  const sql = await connectOwner(world.system.databaseUrl);
  await sql.query(`create table planted as select $1::text as words, convert_to($1, 'UTF8') as bytes`, [
    spelled(mark, 1),
  ]);
  await sql.end();
  await writeFile(join(world.bank, 'planted.txt'), spelled(mark, 4));
  await writeFile(join(world.system.directory, 'planted.txt'), spelled(mark, 5));
  await world.redis?.ask('SET', 'planted', spelled(mark, 0));
  const { sightings } = await searchEverywhere(world, [mark], []);
  const kinds = new Set(sightings.map(({ place }) => place.split(' ')[0]));
  const wanted = ['table', 'bank', 'file', ...(world.redis === null ? [] : ['redis'])];
  return wanted.filter((kind) => !kinds.has(kind)).map((kind) => `the search does not find what lies in a ${kind}`);
}

/** The origin's own count, by channel and outcome, of those that are not 0. */
async function counted({ system }: CanaryWorld): Promise<Record<string, number>> {
  const text = await (await fetch(`${system.origin.url}/metrics`)).text();
  const lines = text.matchAll(/^card_data_found_total\{channel="(\w+)",outcome="(\w+)"\} (\d+)/gm);
  return Object.fromEntries(
    [...lines].flatMap(([, channel, outcome, count]) =>
      count === '0' ? [] : [[`${channel} ${outcome}`, Number(count)]],
    ),
  );
}
