// S1 with payouts going on: a shop's name that Postgres cannot read stands between the clearings of two shops that are paid out.

import { randomBytes } from 'node:crypto';
import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { freePorts } from '../scripts/free-port.ts';
import { startSimulatedProvider } from '../scripts/simulated-provider/server.ts';
import { asOwner, createTestDatabase } from '../scripts/test-postgres.ts';
import { until } from '../scripts/test-waiting.ts';
import { readConfig } from './config.ts';
import { startOrigin } from './start.ts';
import { sampleCaller } from './testing/sample-caller.ts';
import { SampleCard } from './testing/sample-card.ts';
import { startStandInEdge } from './testing/stand-in-edge.ts';

const apiKey = randomBytes(24).toString('base64url');
const providerKey = randomBytes(24).toString('base64url');
const secret = `whsec_${randomBytes(32).toString('base64')}`;

async function sampleOrigin() {
  const [url, port, edge] = [await createTestDatabase(), await freePorts(1), await startStandInEdge()];
  const callbackUrl = `http://127.0.0.1:${port}/provider-webhooks/simulated`;
  const provider = await startSimulatedProvider({ apiKey: providerKey, secret, callbackUrl });
  const config = readConfig({
    ...{ DATABASE_URL: url, API_KEY: apiKey, INTERNAL_SECRET: edge.secret, EDGE_URL: edge.url, PORT: String(port) },
    ...{ SETTLEMENT_PROVIDERS: 'simulated', SIMULATED_PROVIDER_URL: provider.url, SIMULATED_PROVIDER_KEY: providerKey },
    SIMULATED_PROVIDER_WEBHOOK_SECRETS: secret,
  });
  const origin = await startOrigin(config, pino({ level: 'silent' }));
  onTestFinished(async () => {
    await origin.stop();
    await Promise.all([edge.close(), provider.close()]);
  });
  const { call, deliver } = sampleCaller({ url: origin.url, apiKey, secret: edge.secret });
  return { url, call, deliver };
}

test('S1, S2: clearings at odd names, then 20.00 and 30.00 elsewhere: owed within seconds, and paid by a scheduled run', async () => {
  const { url, call, deliver } = await sampleOrigin();
  const merchant = async (id: string) => {
    const body = {
      name: id,
      currency: 'USD',
      network_merchant_ids: [id],
      destinations: { simulated: { account: 'a' } },
    };
    return String((await call('POST', '/merchants', body)).body['merchant_id']);
  };
  const [one, two] = [await merchant('one'), await merchant('two')];
  const card = new SampleCard('odd-shops');
  const buy = (id: string, name: string, amount: number) => {
    const shop = { id, name, category: null, country: null };
    card.clear(card.authorize(amount, { merchant: shop }), amount);
  };
  buy('OTHER', `${'A'.repeat(119)}\ud83d`, 100);
  buy('OTHER', 'A\ud83dB', 100);
  buy('one', 'A\u0000', 2_000);
  buy('two', 'Two', 3_000);
  expect((await deliver(card.message())).status).toBe(200);
  const owed = async () =>
    Promise.all([one, two].map(async (id) => (await call('GET', `/merchants/${id}`)).body['owed_minor']));
  await until(owed, (seen) => String(seen) === '2000,3000', 5_000);

  await asOwner(url, (sql) =>
    sql.query(
      `update merchants set created_at = now() - interval '2 days', schedule_time = '00:00', schedule_zone = 'UTC'`,
    ),
  );
  const settled = async () => {
    const { rows } = await asOwner(url, (sql) =>
      sql.query(`select amount_minor::int as amount from settlements where state = 'completed' order by 1`),
    );
    return rows;
  };
  await until(settled, (rows) => rows.length === 2, 20_000);
  expect([await settled(), await owed()]).toEqual([
    [{ amount: 2_000 }, { amount: 3_000 }],
    [0, 0],
  ]);
  expect((await call('GET', '/health')).body).toMatchObject({ status: 'healthy' });
  const listed = await call('GET', '/unassigned-clearings');
  expect(listed.body['unassigned_clearings']).toMatchObject([{ network_merchant_id: 'OTHER', net_minor: 200 }]);
}, 60_000);
