// Words of providers for tests: a settlement that is under way, and a provider whose words need no signature.

import { beforeEach } from 'vitest';
import { type Database, openDatabase } from '../origin/db/client.ts';
import { claimDue, type EngineParts, type Task } from '../origin/payouts/claim.ts';
import { createProviderInbox } from '../origin/payouts/provider-inbox.ts';
import { takeProviderWords } from '../origin/payouts/provider-words.ts';
import { recordResults } from '../origin/payouts/record-results.ts';
import { createTransitAccounts } from '../origin/payouts/transit-accounts.ts';
import type { GuardedProvider } from '../origin/providers/guarded.ts';
import type { Provider, ProviderWord } from '../origin/providers/provider.ts';
import { createTestDatabase } from './test-postgres.ts';
import { ask, quickPolicy, sampleMerchant, silent, standingOf } from './test-settlements.ts';

/** Nothing is sent to it. */
export const tellingProvider = {
  name: 'simulated',
  availability: () => 'closed',
  newestTrouble: () => null,
  problemOfDestination: () => null,
  amounts: () => ({ unit_minor: 1n, min_minor: 1n, max_minor: 10n ** 18n }),
  readWebhook: (_: Headers, body: string) => JSON.parse(body),
} as unknown as GuardedProvider & Provider;

/** Partial: what is not given is that of a word `paid` without more. */
export type Telling = { readonly [Key in keyof ProviderWord]?: unknown } & Readonly<Record<string, unknown>>;

export class WordsWorld {
  readonly database: Database;
  readonly parts: EngineParts;
  readonly merchant: `mrch_${string}`;
  #told = 0;
  #claims = 0;

  constructor(database: Database, merchant: `mrch_${string}`) {
    this.database = database;
    this.merchant = merchant;
    const transit = createTransitAccounts(database.sql);
    this.parts = { database, providers: [tellingProvider], policy: quickPolicy, transit };
  }

  /** One settlement, taken up: on its way to the provider. */
  async taken(amountMinor = 100): Promise<Task> {
    await ask(this.database, this.merchant, amountMinor);
    return await this.takenUp();
  }

  /** What is due, taken up. */
  async takenUp(): Promise<Task> {
    this.#claims += 1;
    const { tasks } = await claimDue(this.parts, 1, { token: `test.${this.#claims}`, ms: 60_000 });
    const [task] = tasks;
    if (task === undefined) throw new Error('nothing was taken up');
    return task;
  }

  async found(task: Task, finding: Parameters<typeof recordResults>[1][number]['finding']): Promise<void> {
    const { settlement_id } = task.row;
    await recordResults(this.parts, [{ settlement_id, token: task.token, finding, exchanges: [] }]);
  }

  /** Tells, and returns what became of the word and of the settlement. */
  async tell(
    { row }: { readonly row: Pick<Task['row'], 'settlement_id'> },
    word: Telling,
    from: string = tellingProvider.name,
  ): Promise<string> {
    await this.store(row.settlement_id, word, from);
    const outcomes = await this.takeWords();
    const [standing] = await standingOf(this.database, [row.settlement_id]);
    return `${outcomes.join()}: ${standing?.state}`;
  }

  async store(settlement_id: string, word: Telling, from: string = tellingProvider.name): Promise<void> {
    this.#told += 1;
    const plain = { outcome: 'paid', provider_reference: 'r1', code: null, amount_minor: null, currency: null };
    const whole = { webhook_id: `w${this.#told}-${this.merchant}`, settlement_id, ...plain, ...word };
    const inbox = createProviderInbox(this.database.sql);
    await inbox.receive({ ...tellingProvider, name: from }, new Headers(), JSON.stringify(whole));
  }

  /** Rounds until nothing is left to take. */
  async takeWords(): Promise<string[]> {
    const outcomes: string[] = [];
    for (;;) {
      const taken = await takeProviderWords(this.parts, { limit: 10, except: [] }, silent);
      if (taken.outcomes.length === 0) return outcomes;
      outcomes.push(...taken.outcomes);
    }
  }

  /** Open items, without what differs from run to run. */
  async items(): Promise<Record<string, unknown>[]> {
    const { rows } = await this.database.sql.query<Record<string, unknown>>(
      `select kind, status, amount_minor, currency, times, resolution, summary from open_items order by open_item_no`,
    );
    return rows;
  }

  async query<Row extends Record<string, unknown>>(text: string, values: unknown[] = []): Promise<Row[]> {
    return (await this.database.sql.query<Row>(text, values)).rows;
  }
}

/** A fresh one before each test: a merchant that is owed 10.00 USD. */
export function eachWordsWorld(owedMinor = 1_000n): () => WordsWorld {
  let world: WordsWorld | null = null;
  beforeEach(async () => {
    const database = openDatabase({ url: await createTestDatabase(), poolMax: 8, onIdleError: () => {} });
    world = new WordsWorld(database, await sampleMerchant(database, owedMinor));
    return () => database.close();
  });
  return () => {
    if (world === null) throw new Error('a world is made before each test');
    return world;
  };
}
