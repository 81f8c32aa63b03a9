import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { ask, balanceOf, quickPolicy, sampleMerchant, silent, standingOf } from '../../scripts/test-settlements.ts';
import { type Database, openDatabase } from '../db/client.ts';
import type { GuardedProvider } from '../providers/guarded.ts';
import type { Provider, ProviderWord } from '../providers/provider.ts';
import { claimDue, type Task } from './claim.ts';
import { createProviderInbox } from './provider-inbox.ts';
import { takeProviderWords } from './provider-words.ts';
import { recordResults } from './record-results.ts';
import { createTransitAccounts } from './transit-accounts.ts';

let database: Database;
let merchant: `mrch_${string}`;
let parts: Parameters<typeof claimDue>[0];
let told = 0;

/** A provider whose words need no signature; nothing is sent to it here. */
const provider = {
  name: 'simulated',
  availability: () => 'closed',
  newestTrouble: () => null,
  problemOfDestination: () => null,
  readWebhook: (_: Headers, body: string) => JSON.parse(body),
} as unknown as GuardedProvider & Provider;

beforeEach(async () => {
  database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
  merchant = await sampleMerchant(database, 1_000n);
  parts = { database, providers: [provider], policy: quickPolicy, transit: createTransitAccounts(database.sql) };
  const opened = database;
  return () => opened.close();
});

/** One settlement, taken up: on its way to the provider. */
async function taken(): Promise<Task> {
  await ask(database, merchant, 100);
  const { tasks } = await claimDue(parts, 1, { token: 'test.1', ms: 60_000 });
  const [task] = tasks;
  if (task === undefined) throw new Error('nothing was taken up');
  return task;
}

async function found(task: Task, finding: Parameters<typeof recordResults>[1][number]['finding']) {
  const { settlement_id } = task.row;
  await recordResults(parts, [{ settlement_id, token: task.token, finding, exchanges: [] }]);
}

/** Tells, and returns what became of the word and of the settlement. */
async function tell({ row }: Task, word: Partial<ProviderWord>, from: string = provider.name): Promise<string> {
  told += 1;
  const { settlement_id } = row;
  const whole = {
    webhook_id: `w${told}`,
    settlement_id,
    outcome: 'paid',
    provider_reference: 'r1',
    code: null,
    ...word,
  };
  await createProviderInbox(database.sql).receive({ ...provider, name: from }, new Headers(), JSON.stringify(whole));
  const { outcomes } = await takeProviderWords(parts, { limit: 10, except: [] }, silent);
  const [standing] = await standingOf(database, [settlement_id]);
  return `${outcomes.join()}: ${standing?.state}`;
}

describe("a provider's word", () => {
  test('before its answer: it is final, and the answer that comes later changes nothing', async () => {
    const task = await taken();
    expect(await tell(task, {})).toBe('applied: completed');
    await found(task, { found: 'unknown' });
    expect(await standingOf(database, [task.row.settlement_id])).toMatchObject([{ state: 'completed' }]);
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('after its answer, paid and rejected', async () => {
    const paid = await taken();
    await found(paid, { found: 'accepted', reference: 'r1' });
    expect(await tell(paid, {})).toBe('applied: completed');
    const rejected = await taken();
    await found(rejected, { found: 'accepted', reference: 'r2' });
    expect(await tell(rejected, { outcome: 'rejected', provider_reference: 'r2', code: 'account_closed' })).toBe(
      'applied: failed',
    );
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('again, and against what is final: neither changes it', async () => {
    const task = await taken();
    await tell(task, {});
    expect(await tell(task, {})).toBe('repeated: completed');
    expect(await tell(task, { outcome: 'rejected' })).toBe('contradicts: completed');
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('of another provider than the one that has it', async () => {
    const task = await taken();
    expect(await tell(task, { outcome: 'rejected' }, 'stripe')).toBe('outdated: processing');
    expect(await tell(task, {}, 'stripe')).toBe('contradicts: processing');
  });

  test('of an earlier submission: the provider is asked about the newest', async () => {
    const first = await taken();
    await found(first, { found: 'not_taken', code: 'provider_busy' });
    await database.sql.query('update settlements set due_at = now()');
    const { tasks } = await claimDue(parts, 1, { token: 'test.2', ms: 60_000 });
    const [second] = tasks;
    if (second === undefined) throw new Error('it was not taken up again');
    await found(second, { found: 'accepted', reference: 'r2' });
    expect(await tell(second, { outcome: 'rejected', submission: 1 })).toBe('asked: processing');
    const asked = await claimDue(parts, 1, { token: 'test.3', ms: 60_000 });
    expect(asked.tasks).toMatchObject([{ kind: 'ask' }]);
    expect(await tell(second, { outcome: 'paid', submission: 2, provider_reference: 'r2' })).toBe('applied: completed');
  });

  test('that it paid after all what it had not taken: paid, and not sent again', async () => {
    const task = await taken();
    await found(task, { found: 'not_taken', code: 'provider_busy' });
    expect(await tell(task, { outcome: 'rejected' })).toBe('outdated: retry_pending');
    expect(await tell(task, {})).toBe('applied: completed');
    expect(await balanceOf(database, merchant)).toBe('1000 0 100');
  });

  test('of what was never sent', async () => {
    const settlement_id = await ask(database, merchant, 100);
    const task = { row: { settlement_id } } as unknown as Task;
    expect(await tell(task, {})).toBe('contradicts: queued');
    expect(await tell(task, { settlement_id: 'stl_nobody' })).toBe('unknown_settlement: queued');
  });

  test('two of one settlement at once: the second waits for what the first made of it', async () => {
    const task = await taken();
    const inbox = createProviderInbox(database.sql);
    const { settlement_id } = task.row;
    const word = (n: number) =>
      JSON.stringify({ webhook_id: `twin${n}`, settlement_id, outcome: 'paid', provider_reference: 'r1', code: null });
    await Promise.all([1, 2, 2].map((n) => inbox.receive(provider, new Headers(), word(n))));
    expect((await takeProviderWords(parts, { limit: 10, except: [] }, silent)).outcomes).toEqual(['applied']);
    expect((await takeProviderWords(parts, { limit: 10, except: [] }, silent)).outcomes).toEqual(['repeated']);
    expect((await takeProviderWords(parts, { limit: 10, except: [] }, silent)).outcomes).toEqual([]);
  });
});

test('a result whose lease somebody else has by now is not recorded', async () => {
  const task = await taken();
  await database.sql.query(`update settlements set due_at = now(), lease_until = now()`);
  const { tasks } = await claimDue(parts, 1, { token: 'test.9', ms: 60_000 });
  expect(tasks).toMatchObject([{ kind: 'ask' }]);
  await found(task, { found: 'not_taken', code: 'provider_busy' });
  expect(await standingOf(database, [task.row.settlement_id])).toMatchObject([{ state: 'processing' }]);
});
