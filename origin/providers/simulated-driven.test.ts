// The simulated provider as a process of its own, and driven as the engine does it: no sequence of faults brings it to pay one
// settlement twice.

import { spawn } from 'node:child_process';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { inquiryFaults, submissionFaults } from '../../scripts/simulated-provider/faults.ts';
import type { SimulatedProviderOptions } from '../../scripts/simulated-provider/server.ts';
import { endsAfterEach, never, simulated, startSimulated } from '../../scripts/test-providers.ts';
import { sampleSubmission } from '../testing/sample-submission.ts';
import type { Provider } from './provider.ts';
import { createSimulatedProvider } from './simulated.ts';

const { secret, apiKey, destination, quick } = simulated;
const ends = endsAfterEach();
const started = (options?: Partial<SimulatedProviderOptions>) => startSimulated(ends, options);

test('as a process of its own: says where it is, sets faults and shows its books over HTTP', async () => {
  const child = spawn(
    process.execPath,
    ['scripts/simulated-provider.ts', '--port', '0', '--json', '--api-key', apiKey],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  ends.push(() => child.kill());
  const line = await new Promise<string>((resolve) =>
    child.stdout.once('data', (data: Buffer) => resolve(data.toString())),
  );
  const { url, admin_url } = JSON.parse(line) as { url: string; admin_url: string };
  const put = (faults: object) => fetch(`${admin_url}/faults`, { method: 'PUT', body: JSON.stringify(faults) });
  expect((await put({ latency: 1 })).status).toBe(422);
  expect((await put({ ...quick, answers: 'paid', submissions: ['too_many'] })).status).toBe(200);
  const provider = createSimulatedProvider({ url, apiKey, webhookSecrets: [secret] });
  ends.push(() => provider.close?.());
  const submission = sampleSubmission(destination);
  expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'not_taken' });
  expect(await provider.submit(submission, never)).toMatchObject({ outcome: 'paid' });
  const totals = await (await fetch(`${admin_url}/totals`)).json();
  expect(totals).toMatchObject({ payments: 1, settlements: 1, paid_twice: [], paid_minor: { EUR: '12345' } });
  const shown = await fetch(`${admin_url}/payments?settlement_id=${submission.settlement_id}`);
  expect(await shown.json()).toMatchObject({ payments: [{ state: 'paid', order: { amount_minor: '12345' } }] });
});

/** As the engine drives it: sent again only under a new number, and only after it is certain that it was not paid. */
async function drive(provider: Provider): Promise<'paid' | 'rejected' | 'given up'> {
  const settlement_id = newId('stl');
  const patient = () => AbortSignal.timeout(40);
  for (let submission = 1; submission <= 6; submission += 1) {
    const sent = sampleSubmission(destination, { settlement_id, submission });
    let known = await provider.submit(sent, patient());
    for (let asked = 0; known.outcome === 'unknown' || known.outcome === 'accepted'; asked += 1) {
      if (asked === 40) return 'given up';
      const answer = await provider.ask(sent, null, patient());
      if (answer.outcome === 'not_found') known = { outcome: 'not_taken', code: 'not_found' };
      else if (answer.outcome !== 'pending' && answer.outcome !== 'unknown') known = answer;
    }
    if (known.outcome !== 'not_taken') return known.outcome;
  }
  return 'given up';
}

test('whatever faults come in whatever order, no settlement is paid twice, and what is reported paid is paid', async () => {
  const { server, provider } = await started();
  let expectedPaid = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.constantFrom(...submissionFaults), { maxLength: 12 }),
      fc.array(fc.constantFrom(...inquiryFaults), { maxLength: 8 }),
      fc.constantFrom('paid' as const, 'accepted' as const),
      async (submissions, inquiries, answers) => {
        await server.setFaults({ ...quick, answers, submissions, inquiries });
        const ended = await Promise.all([drive(provider), drive(provider)]);
        expectedPaid += ended.filter((outcome) => outcome === 'paid').length;
        expect(server.books.totals().paid_twice).toEqual([]);
        expect(server.books.totals().payments).toBeGreaterThanOrEqual(expectedPaid);
      },
    ),
    { numRuns: 60 },
  );
  const { payments, settlements } = server.books.totals();
  expect(payments).toBe(settlements);
});
