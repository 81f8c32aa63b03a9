// tampering: rows of the books changed as the service's login, as their owner, and past every trigger as a superuser can. The first two must be
// refused, n of n; the third, which nothing can refuse, must be detected, n of n, by what `npm run audit -- verify` does with a checkpoint off the
// host. What is tried is made from the catalogs: each column of what the chains and the ledger's sums cover, so that a new one is tried too.
// Not tried: money of one merchant moved to another by two transfers that add up, which is written in docs/security.md.

import { generateKeyPairSync } from 'node:crypto';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { sealBehind } from '../../origin/audit/sealing.ts';
import { sqlState } from '../../origin/db/away.ts';
import { type Database, openDatabase, type Sql } from '../../origin/db/client.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { Intake } from '../../origin/intake/intake.ts';
import { createIntakeMetrics } from '../../origin/intake/intake-metrics.ts';
import { createDirectoryStore } from '../../origin/object-store/directory-store.ts';
import { attemptsAt, grantsWritten, notRefused } from '../../origin/testing/powers.ts';
import { proveDatabase } from '../../scripts/audit/proof.ts';
import { randomKey } from '../../scripts/random-key.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { startTemporaryPostgres, withDatabase } from '../../scripts/temporary-postgres.ts';
import { sampleMerchant } from '../../scripts/test-settlements.ts';
import { fewAtATime } from '../few-at-a-time.ts';
import { createCards } from '../intake-program.ts';
import { madeUpCard, messagesOf } from '../made-up-events.ts';
import { temporaryDirectory } from '../started.ts';
import type { FaultOptions } from './table.ts';

const template = 'tampered_template';
/** When a seal was made is said for operators; the instants of what it seals are in its hash. */
const notProved = ['ledger_seals.sealed_at'];
const verifiesAtOnce = 2;
const merchants = 8;
/** The database itself gives these numbers; a superuser takes that away first. */
const numbered = [
  { table: 'ledger_transfers', column: 'transfer_no' },
  { table: 'ledger_seals', column: 'seal_no' },
  { table: 'audit_events', column: 'audit_no' },
];
/** What `npm run audit -- verify` proves of each column: both chains with their heads, and the balances. */
const proved = [
  'audit_events',
  'audit_head',
  'ledger_transfers',
  'ledger_seals',
  'ledger_seal_head',
  'ledger_balances',
];

export async function tampering(parts: AsyncDisposableStack, { seed, progress }: FaultOptions) {
  progress(`tampering: seed ${seed}; starting Postgres and filling the books`);
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=off'] });
  parts.defer(() => server.stop());
  const url = withDatabase(server.url, template);
  const service = await fill(server.url, url, seed);
  const directory = await temporaryDirectory(parts, 'tampering');
  const { privateKey } = generateKeyPairSync('ed25519');
  const prove = (of: string, isSigning: boolean) =>
    proveDatabase({
      ...{ url: of, because: 'tampering', place: directory, isSigning, keys: [privateKey] },
      store: createDirectoryStore(directory),
    });
  const before = await prove(url, true);
  if (!before.clean) throw new Error(`the books were wrong before anybody touched them: ${before.problems.join('; ')}`);

  const app = await asService(service, url);
  const owner = await asOwner(url);
  progress(
    `${app.tried} attempts as the service, ${owner.tried} as the owner; verifying each change past the triggers`,
  );
  const changes = await withOwner(url, changesOf);
  // Checks and keys hold without triggers too: a second head, an amount of the wrong sign.
  const [undetected, barred]: [string[], string[]] = [[], []];
  await fewAtATime(
    changes.map((statement, n) => ({ statement, name: `tampered_${n}` })),
    async ({ statement, name }) => {
      await withOwner(server.url, (sql) => sql.query(`create database ${name} template ${template}`));
      const changed = withDatabase(server.url, name);
      const isDone = await withOwner(changed, async (sql) => {
        await sql.query('set session_replication_role = replica');
        for (const { table, column } of numbered)
          await sql.query(`alter table ${table} alter column ${column} drop identity if exists`);
        return await sql.query(`${statement} returning 1`).then(({ rows }) => rows.length === 1, isConstraint);
      });
      if (!isDone) barred.push(statement);
      else if ((await prove(changed, false)).clean) undetected.push(`not detected: ${statement}`);
      await withOwner(server.url, (sql) => sql.query(`drop database ${name} with (force)`));
    },
    verifiesAtOnce,
  );
  return {
    fault: 'tampering',
    seed,
    ...{ audit_events: before.audit_events, ledger_transfers: before.ledger_transfers },
    app: { tried: app.tried, refused: app.tried - app.passed.length },
    owner: { tried: owner.tried, refused: owner.tried - owner.passed.length },
    superuser: {
      tried: changes.length - barred.length,
      detected: changes.length - barred.length - undetected.length,
      barred_by_constraints: barred.length,
    },
    findings: [
      ...app.passed.map((said) => `as the service, ${said}`),
      ...owner.passed.map((said) => `as the owner, ${said}`),
      ...undetected,
    ],
  };
}

/** False: not done. Throws whatever else was wrong with the statement. */
function isConstraint(error: unknown): false {
  if (sqlState(error)?.startsWith('23') === true) return false;
  throw error;
}

/** Cards with their events and transfers, and merchants, who fill the audit trail. Returns the service's own URL. */
async function fill(serverUrl: string, url: string, seed: number): Promise<string> {
  await withOwner(serverUrl, (sql) => sql.query(`create database ${template}`));
  const service = new URL(url);
  [service.username, service.password] = ['atlas_service', randomKey()];
  await migrate(url, { serviceUrl: service.href });
  const database: Database = openDatabase({ url, poolMax: 4, onIdleError: () => {} });
  const random = seededRandom(seed);
  const cards = Array.from({ length: 6 }, (_, n) => madeUpCard(`tampered-${n}`, 30, random));
  const intake = new Intake({ database, log: pino({ level: 'silent' }), metrics: createIntakeMetrics(new Registry()) });
  try {
    await createCards(database, cards);
    for (const card of cards)
      for (const body of messagesOf(card, 5)) await intake.take([{ id: card.card_token, body }]);
    for (let n = 0; n < merchants; n++) await sampleMerchant(database, 0n);
    // What is not chained yet can be seen to be wrong by nobody.
    while ((await sealBehind(database)) > 0);
  } finally {
    await intake.close();
    await database.close();
  }
  return service.href;
}

interface Tried {
  readonly tried: number;
  readonly passed: readonly string[];
}

async function asService(service: string, ownersUrl: string): Promise<Tried> {
  const grants = await grantsWritten();
  const attempts = await withOwner(ownersUrl, (sql) => attemptsAt(sql, grants));
  const passed: string[] = [];
  // As it works, and as its login could without the role.
  for (const role of ['atlas_app', 'none'])
    await withOwner(service, async (sql) => {
      await sql.query(`set role ${role}`);
      passed.push(...(await notRefused(sql, attempts)).map((said) => `${role}: ${said}`));
    });
  return { tried: attempts.length * 2, passed };
}

/** Every change that a table's own trigger is there to refuse, and balances by hand. */
async function asOwner(url: string): Promise<Tried> {
  const attempts = await withOwner(url, async (sql) => {
    const { rows } = await sql.query<{ table: string; column: string; verbs: string[] }>(
      `select c.relname as table, (select attname from pg_attribute where attrelid = c.oid and attnum > 0 and attidentity = '' and attgenerated = ''
           and not attisdropped limit 1) as column,
         array_remove(array[case when tgtype & 16 > 0 then 'update' end, case when tgtype & 8 > 0 then 'delete' end,
           case when tgtype & 32 > 0 then 'truncate' end], null) as verbs
       from pg_trigger join pg_class c on c.oid = tgrelid join pg_proc p on p.oid = tgfoid
       where p.proname = 'refuse_change' and not tgisinternal order by 1`,
    );
    return rows.flatMap(({ table, column, verbs }) =>
      verbs.map((verb) =>
        verb === 'update'
          ? `update ${table} set ${column} = ${column}`
          : verb === 'delete'
            ? `delete from ${table}`
            : `truncate ${table} cascade`,
      ),
    );
  });
  const byHand = ['debits_posted', 'credits_posted', 'debits_pending', 'credits_pending'].map(
    (column) => `update ledger_balances set ${column} = ${column} + 1`,
  );
  const all = [...attempts, ...byHand];
  const passed = await withOwner(url, async (sql) => {
    const done: string[] = [];
    for (const statement of all) {
      await sql.query('begin');
      // A balance alone is refused when the transaction ends.
      const said = await sql
        .query(statement)
        .then(() => sql.query('set constraints all immediate'))
        .then(
          () => 'was done',
          (error: unknown) => (/^(?:23|P0)/.test(sqlState(error) ?? '') ? null : String(error)),
        );
      await sql.query('rollback');
      if (said !== null) done.push(`${statement}: ${said}`);
    }
    return done;
  });
  return { tried: all.length, passed };
}

/** Each column of what is proved, of a row in the middle; a row taken away, and one put in. */
async function changesOf(sql: Sql): Promise<string[]> {
  const { rows } = await sql.query<{ table: string; column: string; type: string; rows: number }>(
    `select c.relname as table, attname as column, format_type(atttypid, null) as type,
       (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || c.relname, false, true, '')))[1]::text::int as rows
     from pg_class c join pg_attribute on attrelid = c.oid and attnum > 0 and not attisdropped and attgenerated = ''
     where c.relnamespace = 'public'::regnamespace and c.relname = any($1) and c.relname || '.' || attname <> all ($2)
     order by c.relname, attnum`,
    [proved, notProved],
  );
  const changed = rows.map(
    ({ table, column, type }) =>
      `update ${table} set ${column} = ${otherOf(column, type)} where ctid = (select ctid from ${table} where ${column} is not null order by ctid offset (select count(*) / 2 from ${table} where ${column} is not null) limit 1)`,
  );
  const chains = proved.filter((table) => !table.endsWith('_head'));
  return [
    ...changed,
    ...chains.map((table) => `delete from ${table} where ctid = (select max(ctid) from ${table})`),
    ...chains.map((table) => `delete from ${table} where ctid = (select min(ctid) from ${table})`),
  ];
}

/** Another value of the column's type, as near to the one that is there as can be. */
function otherOf(column: string, type: string): string {
  if (type === 'bytea') return `sha256(${column})`;
  if (type === 'timestamp with time zone') return `${column} + interval '1 microsecond'`;
  if (type === 'int8multirange') return `${column} + int8multirange(int8range(900000, 900001))`;
  // The next number is another row's.
  if (column.endsWith('_no')) return `${column} + 1000000`;
  if (/^(?:bigint|integer|numeric)$/.test(type)) return `${column} + 1`;
  if (type === 'boolean') return `not ${column}`;
  if (type === 'text') return `overlay(${column} placing 'X' from 1 for 1)`;
  throw new Error(`no other value is known for a column of the type ${type}: ${column}`);
}

async function withOwner<T>(url: string, work: (sql: Sql) => Promise<T>): Promise<T> {
  const sql = await connectOwner(url);
  return await work(sql).finally(() => sql.end());
}
