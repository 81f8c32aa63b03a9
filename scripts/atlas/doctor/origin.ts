// The origin from outside: that it is there, that the key is good, what its health says, and that health is not public.

import { AtlasError } from '../../../sdk/index.ts';
import type { Connection } from '../connection.ts';
import { isOfEdge, isTheEdges } from '../edge-address.ts';
import { healthOf } from '../health.ts';
import { isOfQueues } from '../queue-loops.ts';
import { type Check, messageOf, notLookedAt, ok, unreachable, wrong } from './check.ts';

/** What to do about a dependency of /health: docs/operating.md has more of each. */
const fixes: Readonly<Record<string, string>> = {
  database: 'DATABASE_URL, its login and its network; ops/runbooks/db-errors.md',
  edge: 'EDGE_URL, and INTERNAL_SECRET the same at both halves; a setting that the edge names is mended in wrangler.toml or by `npx wrangler secret put`',
  'edge bundle': 'deploy the half that is behind, or set EDGE_BUNDLE_SHA256',
  queue:
    "CLOUDFLARE_API_TOKEN's rights and days, CLOUDFLARE_QUEUE_ID, Cloudflare's status; ops/runbooks/queue-backlog.md",
  intake: 'atlas queue status, then atlas card reread <card_id>; docs/open-items.md, card_events_lost',
  'open items': 'atlas open-items --order oldest, and act on each; docs/open-items.md',
  settlement: 'atlas settlements stuck; ops/runbooks/settlements-slow.md',
  suspense: 'make the cards that are yours; docs/operating.md, "When /health is degraded"',
};

function fixOf(dependency: string): string {
  if (dependency.startsWith('provider ')) return 'ask the provider; ops/runbooks/provider-outage.md';
  if (dependency.startsWith('loop ')) return 'ops/runbooks/loop-stands-still.md';
  return fixes[dependency] ?? 'docs/operating.md, "When /health is degraded"';
}

const isHere = (url: string) => /^(?:localhost|127\.|\[::1\])/.test(new URL(url).hostname);

export async function originChecks(connection: Connection): Promise<Check[]> {
  const { url, innerUrl, look } = connection;
  const name = 'origin';
  let answer: Awaited<ReturnType<typeof look>>;
  try {
    answer = await look(`${url}/readyz`);
  } catch (error) {
    const fix =
      'is it running, is the URL right, does a firewall or proxy stand between? ops/runbooks/gateway-outage.md';
    return [unreachable(name, messageOf(error), fix)];
  }
  if (isOfEdge(answer)) return [wrong(name, `${url} is the edge's address`, isTheEdges)];
  const checks = [
    answer.status === 200
      ? ok(name, `${url} can serve`)
      : wrong(
          name,
          `${url}/readyz answered ${answer.status}`,
          'its database is away, or it stops; ops/runbooks/gateway-outage.md',
        ),
    ...(url.startsWith('https:') || isHere(url)
      ? []
      : [
          wrong('https', `${url} is not encrypted, and the key goes by it`, 'put a proxy with a certificate before it'),
        ]),
    await keyCheck(connection),
    ...(await healthChecks(connection)),
  ];
  return innerUrl === url || isHere(url) ? checks : [...checks, await privateCheck(connection)];
}

async function keyCheck({ send }: Connection): Promise<Check> {
  try {
    await send({ method: 'GET', path: '/open-items/counts' });
    return ok('key', 'is good, and has open_items:read');
  } catch (error) {
    // With its database away the origin knows no key: that says nothing of this one.
    if (!(error instanceof AtlasError && (error.status === 401 || error.status === 403)))
      return notLookedAt('key', messageOf(error));
    return wrong(
      'key',
      messageOf(error),
      'give an operator’s key that has not ended: POST /api-keys by one that has keys:write',
    );
  }
}

async function healthChecks(connection: Connection): Promise<Check[]> {
  try {
    const { dependencies, status } = await healthOf(connection);
    const ill = dependencies.filter((one) => one.status !== 'healthy');
    const queues = dependencies.filter(({ name }) => isOfQueues(name));
    const well = queues.every(({ status: one }) => one === 'healthy') ? [ok('queues', saidOf(queues))] : [];
    if (ill.length === 0) return [ok('health', `all of ${dependencies.length} dependencies are healthy`), ...well];
    const root = ill.find(({ name }) => name === 'database');
    const shown = root === undefined ? ill : [root];
    const rest = ill.length - shown.length;
    return [
      ...shown.map(({ name, error }) => wrong(`health: ${name}`, `${status}: ${error ?? ''}`, fixOf(name))),
      ...well,
      ...(rest === 0 ? [] : [notLookedAt('health', `${rest} more are ill, as they are without the database`)]),
    ];
  } catch (error) {
    return [notLookedAt('health', messageOf(error))];
  }
}

/** Cards' events come by a pull, or where there is none (development) by the edge's own calls. */
function saidOf(queues: readonly { name: string }[]): string {
  const names = queues.map(({ name }) => name.replace(/^loop /, ''));
  return names.some((name) => name === 'queue' || name.startsWith('queue pull'))
    ? `healthy: ${names.join(', ')}`
    : `none is pulled here, the edge brings events by itself; healthy: ${names.join(', ')}`;
}

async function privateCheck({ url, look }: Connection): Promise<Check> {
  const { status } = await look(`${url}/health`);
  return status === 404
    ? ok('inner port', 'health and metrics are not public')
    : wrong(
        'inner port',
        `${url}/health answered ${status} to a stranger`,
        'set INNER_PORT, and keep it inside of your network',
      );
}
