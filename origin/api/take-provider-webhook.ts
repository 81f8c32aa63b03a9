// POST /provider-webhooks/:provider: what a provider says by itself. Verified by its own reader over the bytes as they came,
// stored, then acknowledged; taken by the engine.

import type { Context } from 'hono';
import { Counter, type Registry } from 'prom-client';
import { limits } from '../../contracts/limits.ts';
import type { Database } from '../db/client.ts';
import type { Provider } from '../providers/provider.ts';
import { createProviderInbox } from '../settlement/provider-inbox.ts';
import { answer } from './answer.ts';
import { refusal } from './errors.ts';
import { readText } from './read-request.ts';

interface Parts {
  readonly database: Database;
  readonly providers: readonly Provider[];
  readonly registry: Registry;
}

export function takeProviderWebhook({ database, providers, registry }: Parts) {
  const webhooks = new Counter({
    name: 'provider_webhooks_total',
    help: 'Signed webhooks of payment providers; kept: for a person; ignored: of a kind that tells nothing of a settlement',
    labelNames: ['psp', 'outcome'],
    registers: [registry],
  });
  const inbox = createProviderInbox(database.sql);
  return async (context: Context): Promise<Response> => {
    const provider = providers.find(({ name }) => name === context.req.param('provider'));
    if (provider === undefined) throw refusal('route_not_found');
    const body = await readText(context, limits.bodyBytesMax);
    const outcome = await inbox.receive(provider, context.req.raw.headers, body);
    webhooks.inc({ psp: provider.name, outcome });
    return answer(context, { outcome });
  };
}
