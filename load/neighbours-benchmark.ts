// What one tenant feels of another that asks for the worst of a route as often as its quota lets it: the p99 of a usual read of the one,
// alone and beside the other, route by route. A ratio of 2 is the promise; a quiet p99 of a few milliseconds on a shared machine
// wanders by as much, so the quiet one is measured before each route.

import { demo } from '../scripts/dev/demo.ts';
import { startOwnOrigin } from './settlements-under-load.ts';
import { started } from './started.ts';
import { percentile, rounded } from './statistics.ts';

interface NeighbourFigures {
  readonly route: string;
  /** Calls of the noisy tenant that were answered, and how many of them were refused for their number. */
  readonly asked: number;
  readonly refused: number;
  readonly quiet_p99_ms: number;
  readonly beside_p99_ms: number;
  readonly ratio: number;
}

/** Calls of the quiet tenant in a second: well within its quota of 1,000 a minute for a run of one route. */
const readsPerSecond = 40;
/** The noisy one has as many calls in flight as a client that means harm; its quota and its turns are what bounds it. */
const inFlight = 50;

interface Documented {
  readonly operationId: string;
  readonly 'x-for-merchants': boolean;
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: { properties?: object } }>> };
}
interface Target {
  readonly name: string;
  readonly method: string;
  readonly path: string;
  readonly body: string | null;
}

export async function measureNeighbours(
  progress: (line: string) => void,
  { seconds }: { seconds: number },
): Promise<{ neighbours: { routes: NeighbourFigures[]; worst_ratio: number; errors: number } }> {
  await using parts = started();
  const origin = await startOwnOrigin(parts, 2, { RATE_LIMIT_PER_MINUTE: '1000', RATE_LIMIT_BURST_PER_SECOND: '100' });
  const [noisy, quiet] = origin.merchants;
  if (noisy === undefined || quiet === undefined) throw new Error('two merchants were asked for');
  const targets = await targetsOf(origin.url, noisy.merchant_id);
  const routes: NeighbourFigures[] = [];
  for (const target of targets) {
    const keys = await Promise.all([newKey(origin.url, noisy.merchant_id), newKey(origin.url, quiet.merchant_id)]);
    const alone = await readFor(origin.url, keys[1], seconds);
    const over = new AbortController();
    const asking = ask(origin.url, target, keys[0], over.signal);
    const beside = await readFor(origin.url, keys[1], seconds);
    over.abort();
    const { asked, refused } = await asking;
    const [quietMs, besideMs] = [percentile(alone, 99), percentile(beside, 99)];
    routes.push({
      ...{ route: `${target.method} ${target.name}`, asked, refused },
      ...{ quiet_p99_ms: rounded(quietMs, 1), beside_p99_ms: rounded(besideMs, 1) },
      ratio: rounded(besideMs / quietMs, 2),
    });
    progress(`neighbours: ${JSON.stringify(routes.at(-1))}`);
  }
  return { neighbours: { routes, worst_ratio: Math.max(...routes.map(({ ratio }) => ratio)), errors: 0 } };
}

/** The routes that a merchant's key may call, each with the largest body that fits, or the largest page. */
async function targetsOf(url: string, merchant_id: string): Promise<Target[]> {
  const document = (await (await fetch(`${url}/openapi.json`)).json()) as {
    paths: Record<string, Record<string, Documented>>;
  };
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation['x-for-merchants'])
      .map(([method, { operationId, requestBody }]) => {
        const filled = path.replaceAll(/\{(\w+)_id\}/g, (_, of: string) => idOf(of, merchant_id));
        const fields = Object.keys(requestBody?.content['application/json']?.schema.properties ?? {});
        return {
          ...{ name: operationId, method: method.toUpperCase() },
          path: method === 'get' && !path.includes('{') ? `${filled}?limit=100` : filled,
          body: requestBody === undefined ? null : largest(fields),
        };
      }),
  );
}

function idOf(of: string, merchant_id: string): string {
  const prefixes: Record<string, string> = { settlement: 'stl', webhook_endpoint: 'whk', webhook_message: 'whm' };
  return of === 'merchant' ? merchant_id : `${prefixes[of] ?? 'x'}_${'0'.repeat(26)}`;
}

/** Lists of empty objects, which cost the most to look through for their bytes. */
function largest(fields: readonly string[]): string {
  const each = Math.floor(62_000 / Math.max(1, fields.length) / 3) - 10;
  return JSON.stringify(Object.fromEntries(fields.map((name) => [name, Array.from({ length: each }, () => ({}))])));
}

async function newKey(url: string, merchant_id: string): Promise<string> {
  const scopes = ['settlements:read', 'settlements:write', 'merchants:read', 'webhooks:read', 'webhooks:write'];
  const answer = await fetch(`${url}/api-keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${demo.apiKey}`, 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'neighbours', merchant_id, scopes }),
  });
  return ((await answer.json()) as { api_key: string }).api_key;
}

/** Reads at a fixed rate; a read's time counts from when it was due, so that one that waits does not hide the next. */
async function readFor(url: string, key: string, seconds: number): Promise<number[]> {
  const times: number[] = [];
  const reads: Promise<void>[] = [];
  const startMs = performance.now();
  for (let n = 0; n < seconds * readsPerSecond; n += 1) {
    const dueMs = startMs + (n * 1_000) / readsPerSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, dueMs - performance.now())));
    reads.push(
      fetch(`${url}/settlements?limit=10`, { headers: { authorization: `Bearer ${key}` } }).then(async (answer) => {
        await answer.arrayBuffer();
        if (!answer.ok) throw new Error(`a read of the quiet tenant was answered ${answer.status}`);
        times.push(performance.now() - dueMs);
      }),
    );
  }
  await Promise.all(reads);
  return times;
}

async function ask(url: string, { method, path, body }: Target, key: string, over: AbortSignal) {
  let [asked, refused] = [0, 0];
  const headers = {
    authorization: `Bearer ${key}`,
    ...(body === null ? {} : { 'content-type': 'application/json' }),
  };
  const one = async () => {
    while (!over.aborted) {
      const answer = await fetch(url + path, {
        ...{ method, headers: { ...headers, 'idempotency-key': crypto.randomUUID() } },
        ...(body === null ? {} : { body }),
      });
      await answer.arrayBuffer();
      asked += 1;
      if (answer.status !== 429) continue;
      refused += 1;
      // As a client does that keeps to what it is told, but no longer: its quota is to be full all the time.
      await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  await Promise.all(Array.from({ length: inFlight }, one));
  return { asked, refused };
}
