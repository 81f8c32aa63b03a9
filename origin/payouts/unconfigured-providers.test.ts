// P7: a provider taken out of the configuration while payments of it are under way.

import { pino } from 'pino';
import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { eachWordsWorld } from '../../scripts/test-provider-words.ts';
import { guard, sampleEngine } from '../../scripts/test-settlements.ts';
import { until } from '../../scripts/test-waiting.ts';
import { scripted } from '../testing/scripted-provider.ts';
import { createSettlementMetrics } from './settlement-metrics.ts';
import { UnconfiguredProviders } from './unconfigured-providers.ts';

const world = eachWordsWorld(500n);

function logged() {
  const lines: Record<string, unknown>[] = [];
  const log = pino({ level: 'error' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
  return { lines, log };
}

test('P7: is said at the start: in the log, in the state for /health, as a gauge, as an open item', async () => {
  const task = await world().taken(300);
  await world().found(task, { found: 'accepted', reference: 'r1' });
  const { database } = world();
  const { lines, log } = logged();
  const registry = new Registry();
  const metrics = createSettlementMetrics(registry);
  const engine = sampleEngine({ database, providers: [guard(scripted('stripe'))], log, metrics });
  engine.start();
  await until(
    () => engine.state().unconfigured,
    (seen) => seen.length === 1,
  );
  await engine.stop();
  expect(engine.state().unconfigured).toEqual([{ provider: 'simulated', payments: 1 }]);
  expect(lines).toContainEqual(expect.objectContaining({ psp: 'simulated', payments: 1 }));
  expect(await registry.metrics()).toContain('settlement_payments_of_unconfigured_providers{psp="simulated"} 1');
  expect(await world().items()).toMatchObject([
    { kind: 'provider_not_configured', status: 'open', amount_minor: '300', currency: 'USD' },
  ]);
});

test('P7: its messages are still taken, and the item is gone when its payments have come to an end', async () => {
  const { database } = world();
  const task = await world().taken(300);
  const unconfigured = new UnconfiguredProviders([], logged().log);
  await unconfigured.look(database.sql);
  await unconfigured.look(database.sql);
  expect(await world().items()).toMatchObject([{ kind: 'provider_not_configured', times: 1 }]);
  // The engine knows of no provider at all now.
  Object.assign(world().parts, { providers: [] });
  expect(await world().tell(task, {})).toBe('applied: completed');
  await unconfigured.look(database.sql);
  expect(unconfigured.seen()).toEqual([]);
  expect(await world().items()).toMatchObject([{ resolution: 'gone' }]);
});

test('P7: configured again it is gone, and back in front of a person when it is taken out once more', async () => {
  const { database } = world();
  await world().taken(300);
  const look = (...configured: string[]) => new UnconfiguredProviders(configured, logged().log).look(database.sql);
  await look('stripe');
  await look('stripe', 'simulated');
  expect(await world().items()).toMatchObject([{ resolution: 'gone' }]);
  await look('stripe');
  expect(await world().items()).toMatchObject([{ status: 'open', resolution: null, times: 2 }]);
});

test('one that is tried again after its provider is gone stops nobody, and goes elsewhere', async () => {
  const task = await world().taken(300);
  await world().found(task, { found: 'not_taken', code: 'provider_busy' });
  await world().query('update settlements set due_at = now()');
  Object.assign(world().parts, { providers: [guard(scripted('stripe'))] });
  // Its merchant has a destination with the one that is gone alone.
  await expect(world().takenUp()).rejects.toThrow('nothing was taken up');
  expect(await world().query('select state, failure_code from settlements')).toEqual([
    { state: 'failed', failure_code: 'destination_missing' },
  ]);
});
