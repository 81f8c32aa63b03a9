// The pool's bound, counted by the server itself: whatever its callers do, and whatever dies under them.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { withDatabase } from '../../scripts/temporary-postgres.ts';
import { createTestDatabase, ownerUrl } from '../../scripts/test-postgres.ts';
import { until } from '../../scripts/test-waiting.ts';
import { type Database, openDatabase, type Sql } from './client.ts';
import { connectOwner } from './which-postgres.ts';

type Owner = Sql & { end(): Promise<void> };

let url: string;
/** Not of the pool: one kills and looks, one counts. */
let owner: Owner;
let watcher: Owner;
/** On another database: none can be closed to new connections from its own. */
let doorkeeper: Owner;

beforeAll(async () => {
  url = await createTestDatabase();
  owner = await connectOwner(ownerUrl(url));
  watcher = await connectOwner(ownerUrl(url));
  doorkeeper = await connectOwner(withDatabase(ownerUrl(url), 'postgres'));
  return async () => {
    await Promise.all([owner.end(), watcher.end(), doorkeeper.end()]);
  };
});

const deeds = [
  ...[
    'query',
    'refused query',
    'refused query',
    'transaction',
    'transaction',
    'thrown',
    'swallowed',
    'locked and thrown',
  ],
  ...['dies between', 'dies before its commit', 'dies while it asks', 'idle ones die', 'no new ones'],
] as const;
type Deed = (typeof deeds)[number];

/** What its caller was told, and the account that it may have written. */
interface Told {
  readonly deed: Deed;
  readonly account_id: string;
  readonly error: unknown;
}

class Run {
  readonly database: Database;
  readonly told: Told[] = [];
  /** A backend that was ended is seen for a moment after its connection is gone: it is nobody's any more. */
  readonly killed = new Set<number>();
  mostOpen = 0;

  constructor(poolMax: number) {
    this.database = openDatabase({ url, poolMax, onIdleError: () => {} });
  }

  async call(deed: Deed): Promise<void> {
    const account_id = newId('acct');
    const error = await this.#do(deed, account_id).then(
      () => null,
      (failure: unknown) => failure,
    );
    this.told.push({ deed, account_id, error });
  }

  async #do(deed: Deed, account_id: string): Promise<unknown> {
    const { sql } = this.database;
    if (deed === 'query') return await sql.query('select pg_sleep(0.001)');
    if (deed === 'refused query') return await sql.query('select 1 / 0');
    if (deed === 'idle ones die') return await this.#kill(`state = 'idle'`);
    if (deed === 'no new ones') return await this.#closed(() => this.#kill('random() < 0.5'));
    return await this.database.transaction((inside) => this.#write(inside, deed, account_id));
  }

  async #write(sql: Sql, deed: Deed, account_id: string): Promise<void> {
    const insert = () =>
      sql.query(`insert into accounts (account_id, name, currency) values ($1, 'pool', 'USD')`, [account_id]);
    await insert();
    if (deed === 'locked and thrown') await sql.query('select pg_advisory_xact_lock(42)');
    if (deed === 'thrown' || deed === 'locked and thrown') throw new Error('changed my mind');
    if (deed === 'swallowed') await insert().catch(() => {});
    if (!deed.startsWith('dies')) return;
    const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
    const kill = () => this.#kill(`pid = ${rows[0]?.pid}`);
    if (deed === 'dies while it asks') await Promise.all([sql.query('select pg_sleep(10)'), kill()]);
    else await kill();
    if (deed === 'dies between') await sql.query('select 1');
  }

  async #kill(which: string): Promise<void> {
    const { rows } = await owner.query<{ pid: number }>(
      `select pid, pg_terminate_backend(pid) from pg_stat_activity where ${ofPool} and ${which}`,
    );
    for (const { pid } of rows) this.killed.add(pid);
  }

  /** As while the server starts again: what is open goes, and nothing new opens. */
  async #closed(meanwhile: () => Promise<void>): Promise<void> {
    const name = new URL(url).pathname.slice(1);
    await doorkeeper.query(`alter database ${name} allow_connections false`);
    await meanwhile().finally(() => doorkeeper.query(`alter database ${name} allow_connections true`));
  }

  /** Looks until it is over: how many connections the server has of this pool. */
  async watch(over: () => boolean): Promise<void> {
    while (!over()) {
      const { rows } = await watcher.query<{ pid: number }>(`select pid from pg_stat_activity where ${ofPool}`);
      this.mostOpen = Math.max(this.mostOpen, rows.filter(({ pid }) => !this.killed.has(pid)).length);
    }
  }
}

const ofPool = `datname = current_database() and application_name = 'atlas-origin'`;

/** What the server still holds for the pool: open transactions, and locks of any kind. */
async function held(): Promise<unknown[]> {
  const { rows } = await owner.query(
    `select pid, state, l.locktype, l.mode from pg_stat_activity left join pg_locks l using (pid)
     where ${ofPool} and (state <> 'idle' or xact_start is not null or l.locktype is not null)`,
  );
  return rows;
}

/** As many transactions at once as there are places: each gets one while all the others have theirs. */
async function allAtOnce({ database }: Run): Promise<number> {
  const { max } = database.use();
  const full = Promise.withResolvers<void>();
  const pids = new Set<number>();
  const pidIn = async (sql: Sql) => {
    const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
    pids.add(rows[0]?.pid ?? 0);
    if (pids.size === max) full.resolve();
    await full.promise;
  };
  const one = () =>
    database.transaction(pidIn).catch((error: unknown) => {
      // A connection that had died idle: those who wait for all wait no longer.
      full.resolve();
      throw error;
    });
  const all = await Promise.allSettled(Array.from({ length: max }, one));
  return all.filter(({ status }) => status === 'fulfilled').length;
}

async function written(ids: readonly string[]): Promise<Set<string>> {
  const { rows } = await owner.query<{ account_id: string }>(
    'select account_id from accounts where account_id = any($1::text[])',
    [ids],
  );
  return new Set(rows.map(({ account_id }) => account_id));
}

const writes: readonly Deed[] = ['transaction'];
const undone: readonly Deed[] = ['thrown', 'swallowed', 'locked and thrown', 'dies between', 'dies while it asks'];

test('pool bounds: never more connections than the bound, an answer or an error for everybody, and a whole pool afterwards', async () => {
  const callers = fc.array(fc.array(fc.constantFrom(...deeds), { minLength: 1, maxLength: 6 }), {
    minLength: 1,
    maxLength: 16,
  });
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 4 }), callers, async (poolMax, scripts) => {
      const run = new Run(poolMax);
      let over = false;
      const watching = run.watch(() => over);
      try {
        const calls = scripts.map(async (script) => {
          for (const deed of script) await run.call(deed);
        });
        await until(
          () => run.told.length,
          (answered) => answered === scripts.flat().length,
        );
        await Promise.all(calls);
        const kept = await written(run.told.map(({ account_id }) => account_id));
        for (const { deed, account_id, error } of run.told) {
          if (error === null && writes.includes(deed)) expect(kept).toContain(account_id);
          if (undone.includes(deed))
            expect([deed, error, kept.has(account_id)]).toEqual([deed, expect.anything(), false]);
        }
        expect(await until(held, (rows) => rows.length === 0)).toEqual([]);
        // A connection that was ended while idle may be found out by whoever uses it next.
        await until(
          () => allAtOnce(run),
          (places) => places === poolMax,
        );
        await until(
          () => run.database.use(),
          ({ open, idle, waiting }) => open === poolMax && idle === open && waiting === 0,
        );
        expect(run.mostOpen).toBeLessThanOrEqual(poolMax);
      } finally {
        over = true;
        await watching;
        await run.database.close();
      }
      const left = () => owner.query(`select pid from pg_stat_activity where ${ofPool}`);
      expect((await until(left, ({ rows }) => rows.length === 0)).rows).toEqual([]);
    }),
    // Not made smaller: some failures are only found after a deadline.
    { numRuns: 60, endOnFailure: true },
  );
});
