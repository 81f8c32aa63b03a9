// What one tenant feels of another that asks for the worst of a route as often as its quota lets it: a usual read of the one, in rounds
// alone and beside the other in turn, route by route. The promise is a p99 of at most twice the quiet one. The two clients are
// processes of their own; the machine is shared all the same, which a client elsewhere would not be.

import { demo } from '../scripts/dev/demo.ts';
import { type Client, startClient } from './neighbour-client.ts';
import type { FloodCall } from './neighbour-program.ts';
import { routesOf, type Target } from './neighbour-routes.ts';
import { type SettlementsUnderLoad, startOwnOrigin } from './settlements-under-load.ts';
import { median, percentile, rounded } from './statistics.ts';

interface NeighbourFigures {
  readonly route: string;
  /** Which of the tried requests was the worst. */
  readonly worst: string;
  /** Calls of the noisy tenant, by status. */
  readonly asked: Readonly<Record<string, number>>;
  readonly quiet_p50_ms: number;
  readonly beside_p50_ms: number;
  readonly quiet_p99_ms: number;
  readonly beside_p99_ms: number;
  readonly ratio: number;
}

/** Of one round, in seconds: short, so that what else the machine does meets both kinds alike. */
const roundSeconds = 4;
/** Reads in a second: 160 in a round, within a key's quota of 1,000 a minute; each round has a key of its own. */
const perSecond = 40;

const merchantScopes = ['settlements:read', 'settlements:write', 'merchants:read', 'webhooks:read', 'webhooks:write'];

/** `parts`: what is started, ended by the caller. `seconds`: of each route, alone and beside the neighbour each. `only`: routes by name; all where none are named. */
export async function measureNeighbours(
  parts: AsyncDisposableStack,
  progress: (line: string) => void,
  { seconds, only }: { seconds: number; only: readonly string[] },
): Promise<{ neighbours: { routes: NeighbourFigures[]; worst_ratio: number; errors: number } }> {
  const origin = await startOwnOrigin(parts, 2, { RATE_LIMIT_PER_MINUTE: '1000', RATE_LIMIT_BURST_PER_SECOND: '100' });
  const clients = { reader: startClient(parts), flooder: startClient(parts) };
  const world = await worldOf(origin);
  const targets = (await routesOf(origin.url, world.noisy)).filter(
    ({ name }) => only.length === 0 || only.includes(name),
  );
  const routes: NeighbourFigures[] = [];
  let errors = 0;
  for (const target of targets) {
    const measured = await measureRoute(world, clients, target, Math.max(1, Math.round(seconds / roundSeconds)));
    routes.push(measured.figures);
    for (const count of Object.values(measured.errors)) errors += count;
    progress(`neighbours: ${JSON.stringify({ ...measured.figures, errors: measured.errors })}`);
  }
  return { neighbours: { routes, worst_ratio: Math.max(...routes.map(({ ratio }) => ratio)), errors } };
}

interface World {
  readonly url: string;
  readonly noisy: string;
  readonly quiet: string;
}

/** Both have settlements to list: a page of the noisy one is as long as pages are. */
async function worldOf({ url, merchants }: SettlementsUnderLoad): Promise<World> {
  const [noisy, quiet] = merchants;
  if (noisy === undefined || quiet === undefined) throw new Error('two merchants were asked for');
  for (const [{ merchant_id }, count] of [
    [noisy, 150],
    [quiet, 20],
  ] as const) {
    const key = await newKey(url, merchant_id);
    for (let n = 0; n < count; n++)
      await post(`${url}/settlements`, key, { merchant_id, amount_minor: 100, currency: 'USD', reference: `N-${n}` });
  }
  return { url, noisy: noisy.merchant_id, quiet: quiet.merchant_id };
}

async function measureRoute(
  { url, noisy, quiet }: World,
  { reader, flooder }: { reader: Client; flooder: Client },
  { method, name, forMerchants, calls }: Target,
  rounds: number,
) {
  const noisyKey = () => newKey(url, forMerchants ? noisy : null);
  const { what, call } = await worstOf(url, await noisyKey(), calls);
  const times: Record<'alone' | 'beside', number[]> = { alone: [], beside: [] };
  const asked: Counts = {};
  const errors: Counts = {};
  for (let round = 0; round < rounds * 2; round++) {
    const kind = round % 2 === 0 ? 'alone' : 'beside';
    const seconds = roundSeconds;
    const read = {
      do: 'read',
      url: `${url}/settlements?limit=10`,
      key: await newKey(url, quiet),
      seconds,
      perSecond,
    } as const;
    const flood = { do: 'flood', url, key: await noisyKey(), seconds, call } as const;
    const [reads, floods] = await Promise.all([reader(read), kind === 'beside' ? flooder(flood) : null]);
    times[kind].push(...reads.times);
    // The quiet tenant is never refused. The noisy one is, and that is an answer; a reset or a failure of ours is none.
    addTo(errors, reads.statuses, (status) => status !== '200');
    addTo(errors, floods?.statuses ?? {}, (status) => status.startsWith('error') || status === '500');
    addTo(asked, floods?.statuses ?? {}, () => true);
  }
  const [quietMs, besideMs] = [percentile(times.alone, 99), percentile(times.beside, 99)];
  const figures: NeighbourFigures = {
    ...{ route: `${method} ${name}`, worst: what, asked },
    ...{ quiet_p50_ms: rounded(median(times.alone), 1), beside_p50_ms: rounded(median(times.beside), 1) },
    ...{ quiet_p99_ms: rounded(quietMs, 1), beside_p99_ms: rounded(besideMs, 1) },
    ratio: rounded(besideMs / quietMs, 2),
  };
  return { figures, errors };
}

type Counts = Record<string, number>;

function addTo(counts: Counts, others: Readonly<Counts>, which: (status: string) => boolean): void {
  for (const [status, count] of Object.entries(others))
    if (which(status)) counts[status] = (counts[status] ?? 0) + count;
}

/** Of the requests that may be a route's worst the one that takes longest: the median of five. */
async function worstOf(url: string, key: string, calls: Target['calls']): Promise<{ what: string; call: FloodCall }> {
  let worst: { what: string; call: FloodCall; ms: number } | null = null;
  for (const [what, call] of calls) {
    const times: number[] = [];
    for (let n = 0; n < 5; n++) {
      const startMs = performance.now();
      const answer = await fetch(url + call.path, {
        method: call.method,
        headers: {
          authorization: `Bearer ${key}`,
          'idempotency-key': crypto.randomUUID(),
          ...(call.body === null ? {} : { 'content-type': 'application/json' }),
        },
        ...(call.body === null ? {} : { body: call.body.replace('#', `w${n}`) }),
      });
      await answer.arrayBuffer();
      times.push(performance.now() - startMs);
    }
    const ms = median(times);
    if (worst === null || ms > worst.ms) worst = { what, call, ms };
  }
  if (worst === null) throw new Error('a route has no request');
  return worst;
}

/** Null: an operator's. */
async function newKey(url: string, merchant_id: string | null): Promise<string> {
  const scopes = merchant_id === null ? operatorScopes : merchantScopes;
  const owner = merchant_id === null ? {} : { merchant_id };
  const { api_key = '' } = await post(`${url}/api-keys`, demo.apiKey, { name: 'neighbours', ...owner, scopes });
  return api_key;
}
const operatorScopes = [
  ...merchantScopes,
  ...['merchants:write', 'open_items:read', 'open_items:write', 'dead_letters:read', 'dead_letters:write', 'keys:read'],
  ...['cards:read', 'cards:write', 'controls:read', 'controls:write', 'ledger:read', 'ledger:write', 'audit:read'],
  'keys:write',
];

async function post(url: string, key: string, body: object): Promise<Readonly<Record<string, string>>> {
  for (;;) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: {
        ...{ authorization: `Bearer ${key}`, 'content-type': 'application/json' },
        'idempotency-key': crypto.randomUUID(),
      },
      body: JSON.stringify(body),
    });
    const said = await answer.text();
    if (answer.ok) return JSON.parse(said);
    if (answer.status !== 429) throw new Error(`POST ${url} answered ${answer.status}: ${said}`);
    await new Promise((resolve) => setTimeout(resolve, 1_000 * Number(answer.headers.get('retry-after') ?? 1)));
  }
}
