// restore-database: Postgres is set back to an earlier moment under load, while edge, queue, providers and partners go on; then the system is
// brought back by the commands of docs/recovery.md, and by nothing else. The server is restored by a base backup, taken while it was written to, and
// its archived write-ahead log, up to an instant between two commits. Of a provider's own restore it says nothing.
//
// In the lost time cards decide and are closed, settlements are asked for, sent by either provider, paid and sent back, webhooks are delivered and
// a checkpoint is signed. Afterwards: no card that was closed is open, everything that was acknowledged is held or booked once, nothing is
// paid twice, no id says two things, and the lost part of the audit trail is named.

import { generateKeyPairSync } from 'node:crypto';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { apiOf, demo } from '../../scripts/dev/demo.ts';
import { freePort } from '../../scripts/free-port.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { makeCards } from '../origin-cards.ts';
import { type ProviderProcess, setProviderFaults, startProviderProcess } from '../provider-process.ts';
import { temporaryDirectory } from '../started.ts';
import { drained } from './drained.ts';
import { gatherEvidence } from './evidence.ts';
import { judge } from './judge.ts';
import { type Network, startNetwork } from './network-clients.ts';
import { outcomeOf } from './records.ts';
import { changeSome, judgeClosed } from './restore-database/cards.ts';
import { blocksUnder, follow, type Step } from './restore-database/follow-page.ts';
import { judgePayouts } from './restore-database/judge-payouts.ts';
import { type AskedSettlement, type Partners, startPartners } from './restore-database/partners.ts';
import { bookedSettlements, entriesOf, takeBackSome, untilSent, untilSettled } from './restore-database/payouts.ts';
import { type RunningSystem, startSystem } from './system.ts';

export interface RestoreDatabaseOptions {
  readonly seed: number;
  readonly cards: number;
  readonly rate: number;
  readonly progress: (line: string) => void;
}

/** Settlements: done before the base backup; asked for just before the instant, more than the engine has in hand at once; in the lost time. */
const settlements = { before: 20, waiting: 320, lost: 40 };
/** Slow around the instant, so that some settlements are queued in it. */
const slowMs = 15_000;
const lostMs = 6_000;

export async function restoreDatabase(parts: AsyncDisposableStack, options: RestoreDatabaseOptions) {
  const { seed, progress } = options;
  progress(`restore-database: seed ${seed}; starting Postgres, providers, origin and edge`);
  const drill = await begin(parts, options);
  const { system, network, partners, providers } = drill;
  await partners.ask(settlements.before);
  await untilSettled(system.databaseUrl);
  const baseBackup = join(drill.directory, 'base');
  await system.postgres.backUpTo(baseBackup);

  for (const { adminUrl } of providers)
    await setProviderFaults(adminUrl, { latency_ms_min: slowMs, latency_ms_max: slowMs });
  await partners.ask(settlements.waiting);
  const restoreTo = await instantOf(system.databaseUrl);
  const kept = await statesOf(system.databaseUrl);
  progress(`${restoreTo}, with ${JSON.stringify(kept)}; the lost time begins`);
  const lostFrom = partners.asked.length;
  const closed = await loseTime(drill);
  const before = await auditHead(system.databaseUrl);

  const setBackMs = Date.now();
  await system.stopOrigin();
  const restored = await restoreServer(drill, { baseBackup, restoreTo });
  for (const { adminUrl } of providers) await setProviderFaults(adminUrl, {});
  const after = await auditHead(system.databaseUrl);
  progress(`set back from audit event ${before} to ${after}; following docs/recovery.md`);
  const { steps, differing } = await recover(drill, partners.asked.slice(lostFrom));
  const recoveredMs = Date.now() - setBackMs;
  differing.push(...(await partners.repeat(partners.asked.slice(lostFrom))));
  await untilSettled(system.databaseUrl);
  await network.stop();
  const judged = await judgeAll(drill, closed);
  const settled = await bookedSettlements(system.databaseUrl);
  const found = await paymentsFound(system.databaseUrl);
  // Else nothing of it was tried.
  const untried =
    found.sent === 0 || found.made === 0 || found.told_again === 0
      ? ['the lost time had no payments of each kind']
      : [];
  return {
    fault: 'restore-database',
    seed,
    restored_to: restoreTo,
    settlements_at_that_instant: kept,
    audit_events_lost: before - after,
    cards_changed_in_lost_time: closed.changed,
    cards_closed_in_lost_time: closed.tokens.length,
    settlements_asked_in_lost_time: settlements.lost,
    payments_found: found,
    recovered_ms: recoveredMs,
    steps: [restored, ...steps].map(({ commands, times, tookMs }) => ({ commands, times, took_ms: tookMs })),
    acknowledged: network.asked.filter((request) => outcomeOf(request) === 'approved').length,
    clearings_and_reversals: network.told.length,
    settlements: settled.length,
    webhooks: partners.told.size,
    ...judged.figures,
    findings: [...differing, ...judged.findings, ...untried],
  };
}
export type RestoreDatabaseReport = Awaited<ReturnType<typeof restoreDatabase>>;

/** By the commands of the page for a server of one's own; its log is in the archive seconds after it was written. */
async function restoreServer(
  { system, environment, archive }: Drill,
  { baseBackup, restoreTo }: { readonly baseBackup: string; readonly restoreTo: string },
): Promise<Step> {
  const [commands, ...rest] = await blocksUnder('### A server of your own: a base backup and its write-ahead log');
  if (commands === undefined || rest.length > 0) throw new Error('docs/recovery.md restores a server otherwise');
  const places = { BASE_BACKUP: baseBackup, WAL_ARCHIVE: archive, RESTORE_TO: restoreTo };
  let step: Step | null = null;
  await system.postgres.replaceBy(async (folder) => {
    step = await follow(commands, { ...environment, ...places, PGDATA: folder });
  });
  if (step === null) throw new Error('nothing was restored');
  return step;
}

async function instantOf(databaseUrl: string): Promise<string> {
  return (await rowsOf<{ at: string }>(databaseUrl, 'select clock_timestamp()::text as at'))[0]?.at ?? '';
}

interface Drill {
  readonly archive: string;
  readonly directory: string;
  readonly system: RunningSystem;
  readonly network: Network;
  readonly partners: Partners;
  readonly cardTokens: readonly string[];
  readonly providers: readonly ProviderProcess[];
  readonly environment: Readonly<Record<string, string>>;
  readonly random: () => number;
}

async function begin(parts: AsyncDisposableStack, { seed, cards, rate }: RestoreDatabaseOptions): Promise<Drill> {
  const directory = await temporaryDirectory(parts, 'restore-database');
  const port = await freePort();
  const callback = (name: string) => `http://127.0.0.1:${port}/provider-webhooks/${name}`;
  const primary = await startProviderProcess(parts, callback('simulated'));
  const secondary = await startProviderProcess(parts, callback('simulated_secondary'));
  const { privateKey } = generateKeyPairSync('ed25519');
  const signed = {
    AUDIT_SIGNING_KEY: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    AUDIT_CHECKPOINTS: join(directory, 'home/checkpoints'),
  };
  const archive = await temporaryDirectory(parts, 'archive');
  // Postgres's own user writes there.
  await chmod(archive, 0o777);
  const system = await startSystem(parts, {
    port,
    archive,
    flags: ['-c', 'fsync=on'],
    environment: {
      ...signed,
      SETTLEMENT_PROVIDERS: 'simulated,simulated_secondary',
      SIMULATED_PROVIDER_URL: primary.url,
      SIMULATED_SECONDARY_URL: secondary.url,
      SIMULATED_PROVIDER_KEY: primary.apiKey,
      SIMULATED_PROVIDER_WEBHOOK_SECRETS: primary.secret,
      WEBHOOK_LOOPBACK: 'allowed',
      ...{ RATE_LIMIT_PER_MINUTE: '1000000', RATE_LIMIT_BURST_PER_SECOND: '1000000' },
    },
  });
  const random = seededRandom(seed);
  const { databaseUrl, edgeUrl, origin } = system;
  const cardTokens = await makeCards(origin.url, cards);
  const partners = await startPartners(parts, { originUrl: origin.url, edgeUrl, databaseUrl, random });
  const environment = {
    ...{ ...signed, ATLAS_HOME: join(directory, 'home'), DATABASE_URL: databaseUrl },
    ...{ ATLAS_URL: origin.url, ATLAS_API_KEY: demo.apiKey, NEW_CHECKPOINTS: join(directory, 'new-checkpoints') },
  };
  const network = startNetwork({ edgeUrl, cardTokens, rate, seed });
  return {
    directory,
    archive,
    system,
    network,
    partners,
    cardTokens,
    providers: [primary, secondary],
    environment,
    random,
  };
}

/** Everything that a database may forget, while the first provider is away for half of it: then the second one pays. */
async function loseTime({ system, partners, providers, cardTokens, environment, random }: Drill) {
  const [primary, secondary] = providers;
  if (primary === undefined || secondary === undefined) throw new Error('there are two providers');
  await setProviderFaults(primary.adminUrl, { down: true });
  await setProviderFaults(secondary.adminUrl, {});
  const changed = await changeSome(apiOf(system.origin.url), system.databaseUrl, cardTokens, random);
  await partners.ask(settlements.lost / 2);
  await pause(lostMs / 2);
  await setProviderFaults(primary.adminUrl, {});
  await partners.ask(settlements.lost / 2);
  await pause(lostMs / 2);
  await untilSent(providers, partners.asked.slice(-settlements.lost));
  for (const { adminUrl } of providers) await takeBackSome(adminUrl, 3);
  await follow([`npm run audit -- checkpoint --checkpoints ${environment['AUDIT_CHECKPOINTS']}`], environment);
  await pause(1_000);
  return changed;
}

async function recover({ system, environment, partners }: Drill, lost: readonly AskedSettlement[]) {
  const [first, ...rest] = await blocksUnder('## The database was restored to an earlier instant');
  if (first === undefined || rest.length < 4) throw new Error('docs/recovery.md has other steps than these');
  const steps: Step[] = [await follow(first, environment)];
  await system.startOrigin();
  // Partners have lost answers: some ask again before anything is found.
  const differing = await partners.repeat(lost.filter((_, n) => n % 2 === 0));
  for (const commands of rest) steps.push(await follow(commands, environment));
  return { steps, differing };
}

async function judgeAll(
  { system, network, partners, providers, cardTokens }: Drill,
  closed: { tokens: readonly string[] },
) {
  const drainedMs = await drained(system, cardTokens);
  const { lost, doubleCounted, findings } = judge(
    network.asked,
    network.told,
    await gatherEvidence(system, cardTokens),
  );
  const payouts = judgePayouts({
    entries: await entriesOf(providers),
    booked: await bookedSettlements(system.databaseUrl),
    ...{ asked: partners.asked, told: partners.told },
  });
  const open = await judgeClosed(system, closed.tokens);
  const sql = await connectOwner(system.databaseUrl);
  const { faults } = await verifyAudit(sql).finally(() => sql.end());
  return {
    figures: { lost, double_counted: doubleCounted, paid_twice: payouts.paidTwice, drained_in_ms: drainedMs },
    findings: [...findings, ...payouts.findings, ...open, ...faults.map((fault) => `the audit trail: ${fault.says}`)],
  };
}

async function auditHead(databaseUrl: string): Promise<number> {
  return Number((await rowsOf<{ audit_no: string }>(databaseUrl, 'select audit_no from audit_head'))[0]?.audit_no);
}

async function statesOf(databaseUrl: string): Promise<Readonly<Record<string, number>>> {
  const rows = await rowsOf<{ state: string; count: string }>(
    databaseUrl,
    'select state, count(*) from settlements group by state order by state',
  );
  return Object.fromEntries(rows.map(({ state, count }) => [state, Number(count)]));
}

/** Of all calls of resume_payouts together: each says only what was new to it. */
async function paymentsFound(databaseUrl: string) {
  const [row] = await rowsOf<{ noted: string; made: string; told_again: string }>(
    databaseUrl,
    `select (select count(*) from provider_exchanges where outcome = 'listed') as noted,
       (select count(*) from audit_events where action = 'settlement.created' and actor = 'open_items') as made,
       (select count(*) from provider_webhooks where webhook_id like 'listed %') as told_again`,
  );
  const [noted, made, told_again] = [row?.noted, row?.made, row?.told_again].map(Number);
  return { sent: (noted ?? 0) - (made ?? 0), made: made ?? 0, told_again: told_again ?? 0 };
}

async function rowsOf<R extends object>(databaseUrl: string, text: string): Promise<R[]> {
  const sql = await connectOwner(databaseUrl);
  return await sql
    .query<R>(text)
    .then(({ rows }) => rows)
    .finally(() => sql.end());
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
