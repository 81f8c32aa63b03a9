// The edge from outside: that it serves, and which settings it names where it does not.

import type { Connection } from '../connection.ts';
import { type Check, messageOf, notLookedAt, ok, unreachable, wrong } from './check.ts';

export async function edgeChecks({ edgeUrl, look }: Connection): Promise<Check[]> {
  const name = 'edge';
  if (edgeUrl === null) return [notLookedAt(name, 'give --edge-url or ATLAS_EDGE_URL')];
  try {
    const { status, body } = await look(`${edgeUrl}/readyz`);
    if (status === 200) return [ok(name, `${edgeUrl} serves`)];
    const named = (body as { wrong_settings?: unknown } | null)?.wrong_settings;
    if (!Array.isArray(named))
      return [
        wrong(
          name,
          `${edgeUrl}/readyz answered ${status}`,
          'is the worker deployed under this name? npx wrangler deployments list',
        ),
      ];
    const fix =
      'a secret: npx wrangler secret put NAME; anything else: [vars] of wrangler.toml, and deploy. docs/operating.md';
    return [wrong(name, `it serves nothing, because of its settings: ${named.join(', ')}`, fix)];
  } catch (error) {
    return [
      unreachable(name, messageOf(error), "is the URL right? Cloudflare's status: https://www.cloudflarestatus.com"),
    ];
  }
}
