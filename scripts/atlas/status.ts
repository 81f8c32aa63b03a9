// atlas status: how the origin and each thing it depends on is, what is wrong first.

import { AtlasError } from '../../sdk/index.ts';
import { type Command, type Found, wordsIn } from './command.ts';
import type { Connection } from './connection.ts';
import { type Health, healthOf } from './health.ts';
import { length, lines, table } from './shown.ts';

export const status: Command = {
  help: `atlas status      /health in lines, what is wrong first; the slowest loop, and what waits for a person

The key is looked at too: one that nobody knows ends with 2, for every other command needs a good one.
Found (1): anything that is not healthy. What to do about each: docs/operating.md, "When /health is degraded"; atlas doctor says it too.`,
  read(args) {
    wordsIn(args, {});
    return (connection) => run(connection());
  },
};

async function run(connection: Connection): Promise<Found> {
  const health = await healthOf(connection);
  const isKeyKnown = await knowsKey(connection);
  const key = 'THE KEY IS NOT KNOWN THERE: health needs none, every other command does (--key or ATLAS_API_KEY)';
  return {
    text: lines([
      `${connection.url} (${connection.because})   ${health.status}`,
      ...(isKeyKnown ? [] : [key]),
      '',
      ...shown(health),
    ]),
    answer: { url: connection.url, key_known: isKeyKnown, ...health },
    isWell: health.status === 'healthy',
    ...(isKeyKnown ? {} : { end: 'usedWrongly' }),
  };
}

/** Any other refusal than of the key itself says nothing of it: it may lack the scope, or the database that knows keys is away. */
async function knowsKey({ send }: Connection): Promise<boolean> {
  try {
    await send({ method: 'GET', path: '/open-items/counts' });
    return true;
  } catch (error) {
    return !(error instanceof AtlasError && error.status === 401);
  }
}

function shown({ dependencies, open_items, loops, last_proofs }: Health): string[] {
  const ill = dependencies.filter(({ status: how }) => how !== 'healthy');
  const well = dependencies.filter(({ name, status: how }) => how === 'healthy' && !name.startsWith('loop '));
  const rows = [
    ...ill.map(({ name, status: how, error }) => [`  ${name}`, how, error ?? '']),
    ...well.map(({ name, status: how, latency_ms }) => [`  ${name}`, how, `${latency_ms} ms`]),
  ];
  const moving = loops.length - ill.filter(({ name }) => name.startsWith('loop ')).length;
  const [behind] = loops.toSorted((one, other) => (other.lag_ms ?? 0) - (one.lag_ms ?? 0));
  const lag =
    behind === undefined || !behind.lag_ms
      ? ''
      : `; ${behind.name} is the furthest behind, by ${length(behind.lag_ms)}`;
  return [
    ...table(rows),
    '',
    `  ${moving} of ${loops.length} loops move${lag}`,
    `  ${itemsInWords(open_items)}`,
    ...proofsInWords(last_proofs),
  ];
}

const whatIsProved: Readonly<Record<string, string>> = {
  audit: 'audit trail proved',
  ledger: 'ledger proved',
  cards: 'cards compared with their books',
};

function proofsInWords(proofs: Health['last_proofs']): string[] {
  if (!proofs) return [];
  const ages = proofs.map(({ of, proved_at }) => {
    const ago = proved_at === null ? 'never yet' : `${length(Date.now() - Date.parse(proved_at))} ago`;
    return `${whatIsProved[of] ?? of} ${ago}`;
  });
  return [`  ${ages.join(', ')}`];
}

function itemsInWords(counts: Health['open_items']): string {
  if (counts === null) return 'the database does not say what waits for a person';
  const open = counts.reduce((sum, count) => sum + count.open, 0);
  if (open === 0) return 'nothing waits for a person';
  const oldest = Math.max(...counts.map(({ oldest_age_seconds }) => oldest_age_seconds));
  const kinds = counts.filter((count) => count.open > 0).map((count) => `${count.kind} ${count.open}`);
  return `${open} open items wait for a person, the oldest for ${length(oldest * 1_000)}: ${kinds.join(', ')}`;
}
