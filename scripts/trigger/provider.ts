// A part of npm start taken down, to see what the rest does about it: a simulated provider by its admin side, the origin by a kill.

import { breakerPolicy } from '../../origin/providers/guarded.ts';
import { lines } from '../atlas/shown.ts';
import { killChild } from '../dev/children.ts';
import { portBaseWords } from '../dev/home.ts';
import { awayMs } from '../dev/origin-watch.ts';
import type { Running } from '../dev/running.ts';
import type { OriginWords, ProviderWords } from './words.ts';

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
  return down ? saidOfDown(provider, providers[0]?.name ?? provider) : `${provider} is well again.\n`;
}

/** Payments at once that surely open a breaker: it concludes nothing from fewer exchanges than `exchangesMin`. */
const dozen = 12;

/** `first`: whom payments are tried at first. */
export function saidOfDown(provider: string, first: string): string {
  const more = portBaseWords();
  const { exchangesMin, threshold, samplingMs } = breakerPolicy;
  return lines([
    `${provider} is down: it refuses everything. See the other one pay: npm run settle -- --amount 10.00${more}`,
    `Its breaker opens only when ${threshold * 100} % of at least ${exchangesMin} exchanges with it within ${samplingMs / 1_000} s have failed. A dozen payments at once open it:`,
    ...(provider === first
      ? []
      : [`  npm run trigger -- provider-down ${first}${more}      (payments are tried there first)`]),
    `  npm run trigger -- pindebit --amount 20.00${more}      (so that enough is owed)`,
    `  for n in $(seq ${dozen}); do npm run settle -- --amount 1.00${more} & done; wait; npx atlas status${more}`,
    `Back again: npm run trigger -- provider-up ${provider}${more}`,
  ]);
}

export function killOrigin({ json }: OriginWords): string {
  if (!killChild('origin/main.ts')) throw new Error('No origin of npm start runs here; it comes back by itself.');
  if (json) return `${JSON.stringify({ origin: 'killed', back_after_ms: awayMs })}\n`;
  const more = portBaseWords();
  return `The origin is killed, and comes back in ${awayMs / 1_000} s. The edge goes on deciding: npm run trigger -- authorization --card plain${more}\nBooked then: npm run explain -- --card plain${more}\n`;
}
