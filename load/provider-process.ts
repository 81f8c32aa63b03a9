// The simulated provider as a process of its own, as the load's counterpart: it takes 50 ms, and confirms by webhook 50 ms later.

import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { FaultsInput } from '../scripts/simulated-provider/faults.ts';

export interface ProviderProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly apiKey: string;
  readonly secret: string;
}

export interface ProviderTotals {
  readonly payments: number;
  readonly repeats: number;
  /** Settlements with more than one payment. */
  readonly paid_twice: readonly string[];
  /** By currency, bigint as text. */
  readonly paid_minor: Readonly<Record<string, string>>;
}

const apiKey = 'simulated-provider-key-of-the-load';
const secret = `whsec_${Buffer.from('simulated provider secret of load').toString('base64')}`;

/** `callback`: where it sends its confirmations; nobody has to listen there yet. */
export async function startProviderProcess(parts: AsyncDisposableStack, callback: string): Promise<ProviderProcess> {
  const script = join(import.meta.dirname, '../scripts/simulated-provider.ts');
  const words = ['--port=0', '--json', `--api-key=${apiKey}`, `--secret=${secret}`, `--callback=${callback}`];
  const child = spawn(process.execPath, [script, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
  parts.defer(() => {
    child.kill();
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, admin_url: adminUrl } = JSON.parse(line) as { url: string; admin_url: string };
    return { url, adminUrl, apiKey, secret };
  }
  throw new Error('the simulated provider said nothing');
}

export async function providerTotals(adminUrl: string): Promise<ProviderTotals> {
  const answer = await fetch(`${adminUrl}/totals`);
  if (!answer.ok) throw new Error(`${adminUrl}/totals answered ${answer.status}`);
  return (await answer.json()) as ProviderTotals;
}

/** What is not named goes back to its default. */
export async function setProviderFaults(adminUrl: string, faults: FaultsInput): Promise<void> {
  const answer = await fetch(`${adminUrl}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  if (!answer.ok) throw new Error(`${adminUrl}/faults answered ${answer.status}`);
}
