// A simulated provider taken down and put up again by its admin side, to see what the settlement engine does about it.

import { portBaseWords } from '../dev/home.ts';
import type { Running } from '../dev/running.ts';
import type { ProviderWords } from './words.ts';

export async function setProvider({ providers }: Running, { event, provider, json }: ProviderWords): Promise<string> {
  const known = providers.find(({ name }) => name === provider);
  if (known === undefined)
    throw new Error(`${provider} is no provider here; there are ${providers.map(({ name }) => name).join(', ')}`);
  const down = event === 'provider-down';
  const answer = await fetch(`${known.admin_url}/faults`, {
    method: 'PUT',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ down }),
  });
  if (!answer.ok) throw new Error(`${provider} answered ${answer.status}: ${await answer.text()}`);
  if (json) return `${JSON.stringify({ provider, down })}\n`;
  const more = portBaseWords();
  return down
    ? `${provider} is down: it refuses everything. See the other one pay: npm run settle -- --amount 10.00${more}\nBack again: npm run trigger -- provider-up ${provider}${more}\n`
    : `${provider} is well again.\n`;
}
