import { type AddressInfo, connect } from 'node:net';
import { neonConfig } from '@neondatabase/serverless';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createWebSocketStream, WebSocketServer } from 'ws';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { sqlState } from './away.ts';
import { type Database, openDatabase, type Sql } from './client.ts';
import { migrate } from './migrate.ts';
import { accounts } from './tables/cards.ts';
import { directUrl } from './which-postgres.ts';

const opened: Database[] = [];

function open(url: string, poolMax = 4): Database {
  const database = openDatabase({ url, poolMax, onIdleError: () => {} });
  opened.push(database);
  return database;
}

afterEach(async () => {
  await Promise.all(opened.splice(0).map((database) => database.close()));
});

/** Must hold of either driver. */
function behavesAsDatabase(urlOf: () => string) {
  test('works as the role that owns nothing', async () => {
    const { rows } = await open(urlOf()).sql.query('select current_user as role');
    expect(rows).toEqual([{ role: 'atlas_app' }]);
  });

  test('a transaction that throws leaves nothing behind, and its connection can be used again', async () => {
    const database = open(urlOf(), 1);
    const account = { account_id: 'acct_rolled_back', name: 'x', currency: 'USD' };
    await expect(
      database.transaction(async (sql) => {
        await sql.query(
          'insert into accounts (account_id, name, currency) values ($1, $2, $3)',
          Object.values(account),
        );
        throw new Error('changed my mind');
      }),
    ).rejects.toThrow('changed my mind');
    const { rows } = await database.sql.query('select 1 from accounts where account_id = $1', [account.account_id]);
    expect(rows).toEqual([]);
  });

  test('drizzle reads what it wrote', async () => {
    const { orm } = open(urlOf());
    const account = { account_id: `acct_${Math.random()}`, name: 'Zoë', currency: 'USD' };
    await orm.insert(accounts).values(account);
    expect(await orm.select().from(accounts)).toContainEqual(
      expect.objectContaining({ ...account, kind: 'network', budget_minor: null, created_at: expect.any(Date) }),
    );
  });

  test('the pool never opens more connections than its bound, whatever waits', async () => {
    const database = open(urlOf(), 3);
    const used: number[] = [];
    await Promise.all(
      Array.from({ length: 50 }, async () => {
        await database.sql.query('select pg_sleep(0.002)');
        used.push(database.use().open);
      }),
    );
    expect(Math.max(...used)).toBe(3);
    expect(database.use()).toMatchObject({ max: 3, waiting: 0 });
  });
}

describe('Postgres over TCP', () => {
  let url: string;
  beforeAll(async () => {
    url = await createTestDatabase();
  });

  behavesAsDatabase(() => url);

  test('a connection that dies in use is an error for its user, and the pool goes on', async () => {
    const database = open(url);
    const dying = database.transaction(async (sql) => {
      const { rows } = await sql.query<{ pid: number }>('select pg_backend_pid() as pid');
      await asOwner(url, (owner) => owner.query('select pg_terminate_backend($1)', [rows[0]?.pid]));
      await sql.query('select 1');
    });
    await expect(dying).rejects.toThrow();
    expect((await database.sql.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
  });

  test('I6: two transactions that wait for each other are both done, the one that was undone a second time', async () => {
    let repeated = 0;
    const watch = {
      committed: () => {},
      failed: () => {},
      repeated() {
        repeated += 1;
      },
    };
    const database = openDatabase({ url, poolMax: 4, onIdleError: () => {}, watch });
    opened.push(database);
    const lock = (sql: Sql, key: number) => sql.query('select pg_advisory_xact_lock($1)', [key]);
    const both = Promise.withResolvers<void>();
    let first = 0;
    const inOrder = (keys: readonly number[]) =>
      database.transaction(async (sql) => {
        await lock(sql, keys[0] ?? 0);
        first += 1;
        if (first === 2) both.resolve();
        await both.promise;
        await lock(sql, keys[1] ?? 0);
        return keys.join();
      });
    expect(await Promise.all([inOrder([71, 72]), inOrder([72, 71])])).toEqual(['71,72', '72,71']);
    expect(repeated).toBe(1);
  });

  test('a refused statement costs no connection, through drizzle neither', async () => {
    const { sql, orm } = open(url, 1);
    const pid = async () => (await sql.query('select pg_backend_pid() as pid')).rows;
    const before = await pid();
    await expect(sql.query('select 1 / 0')).rejects.toThrow('division by zero');
    await expect(orm.insert(accounts).values({ account_id: 'a', name: 'n', currency: 'no' })).rejects.toThrow();
    expect(await pid()).toEqual(before);
  });

  test('a refusal is known by its SQLSTATE, through drizzle too', async () => {
    const { sql, orm } = open(url);
    const direct = await sql.query('insert into accounts values (null)').catch((error: unknown) => error);
    const wrapped = await orm
      .insert(accounts)
      .values({ account_id: 'a', name: 'n', currency: 'not a currency' })
      .catch((error: unknown) => error);
    expect([sqlState(direct), sqlState(wrapped), sqlState(new Error('no'))]).toEqual(['23502', '23514', undefined]);
  });
});

describe('Neon over its WebSocket driver', () => {
  let proxy: WebSocketServer;
  let url: string;

  // What stands between the driver and Postgres at Neon: a WebSocket whose bytes go to Postgres' own port and back.
  beforeAll(async () => {
    const local = new URL(await createTestDatabase({ empty: true }));
    proxy = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    proxy.on('connection', (socket) => {
      const postgres = connect(Number(local.port), local.hostname);
      const stream = createWebSocketStream(socket);
      stream.on('error', () => postgres.destroy());
      postgres.on('error', () => stream.destroy());
      stream.pipe(postgres).pipe(stream);
    });
    await new Promise((resolve) => proxy.once('listening', resolve));
    const { port } = proxy.address() as AddressInfo;
    neonConfig.wsProxy = () => `127.0.0.1:${port}/`;
    neonConfig.useSecureWebSocket = false;
    neonConfig.pipelineTLS = false;
    neonConfig.pipelineConnect = false;
    url = `postgresql://postgres:postgres@ep-quiet-sea-123-pooler.eu-central-1.aws.neon.tech${local.pathname}`;
    await migrate(url);
  });
  afterAll(() => {
    for (const client of proxy.clients) client.terminate();
    proxy.close();
  });

  behavesAsDatabase(() => url);

  test('its pooler, where a session keeps no role and no lock, is passed by', () => {
    expect(new URL(directUrl(url)).hostname).toBe('ep-quiet-sea-123.eu-central-1.aws.neon.tech');
    expect(directUrl('postgresql://u:p@db-pooler.example.com/x')).toBe('postgresql://u:p@db-pooler.example.com/x');
  });
});
