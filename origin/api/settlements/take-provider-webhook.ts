// POST /provider-webhooks/:provider: what a provider says by itself. Verified by its own reader over the bytes as they came,
// stored, then acknowledged; taken by the engine.

import type { Context } from 'hono';
import { Counter, type Registry } from 'prom-client';
import { limits } from '../../../contracts/limits.ts';
import { Refusal } from '../../../contracts/problem.ts';
import type { Database } from '../../db/client.ts';
import { refusal } from '../../errors.ts';
import { createProviderInbox, webhookOutcomes } from '../../payouts/provider-inbox.ts';
import type { Provider } from '../../providers/provider.ts';
import { answer } from '../http/answer.ts';
import { readText } from '../http/read-request.ts';

interface Parts {
  readonly database: Database;
  readonly providers: readonly Provider[];
  readonly registry: Registry;
}

export function takeProviderWebhook({ database, providers, registry }: Parts) {
  const webhooks = new Counter({
    name: 'webhooks_in_total',
    help: 'Signed webhooks of payment providers; kept: for a person; ignored: of a kind that tells nothing of a settlement',
    labelNames: ['psp', 'outcome'],
    registers: [registry],
  });
  const failures = new Counter({
    name: 'webhook_store_failures_total',
    help: 'Webhooks of payment providers that could not be stored: answered with an error, and sent again by the provider',
    labelNames: ['psp'],
    registers: [registry],
  });
  for (const { name: psp } of providers) {
    failures.inc({ psp }, 0);
    for (const outcome of webhookOutcomes) webhooks.inc({ psp, outcome }, 0);
  }
  const inbox = createProviderInbox(database.sql);
  return async (context: Context): Promise<Response> => {
    const provider = providers.find(({ name }) => name === context.req.param('provider'));
    if (provider === undefined) throw refusal('route_not_found');
    const body = await readText(context, limits.bodyBytesMax);
    const outcome = await inbox.receive(provider, context.req.raw.headers, body).catch((error: unknown) => {
      // A refusal is the caller's: a wrong signature.
      if (!(error instanceof Refusal)) failures.inc({ psp: provider.name });
      throw error;
    });
    webhooks.inc({ psp: provider.name, outcome });
    return answer(context, { outcome });
  };
}
