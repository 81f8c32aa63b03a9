// Postgres, with its disk, is killed under load again and again (SIGQUIT: what is not on the disk is gone): what intake and writers
// were told is done must be there, and the books must prove themselves. The origin's code runs in this process and is not killed;
// the disk's own memory is not lost, which only a machine without power would.

import { setTimeout } from 'node:timers/promises';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { newId } from '../../contracts/ids.ts';
import { verifyAudit } from '../../origin/audit/verify-audit.ts';
import type { Database } from '../../origin/db/client.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { Intake } from '../../origin/intake/intake.ts';
import { createIntakeMetrics } from '../../origin/intake/intake-metrics.ts';
import { verifyLedger } from '../../origin/ledger/verify.ts';
import { seededRandom } from '../../scripts/seeded-random.ts';
import { startTemporaryPostgres } from '../../scripts/temporary-postgres.ts';
import { doer } from '../../scripts/test-settlements.ts';
import { freshDatabase } from '../intake-program.ts';
import { type MadeUpCard, madeUpCard, messagesOf } from '../made-up-events.ts';

export interface KillDatabaseReport {
  readonly fault: 'kill-database';
  readonly seed: number;
  readonly kills: number;
  /** Card events and audit events that their givers were told are done. */
  readonly acknowledged: number;
  /** Calls that were told that it is not known, or that the database is away. */
  readonly failed: number;
  readonly lost: number;
  /** From a kill until something was acknowledged again, the slowest. */
  readonly ms_until_serving_max: number;
  /** The slowest call of all, whatever it was told. */
  readonly call_ms_max: number;
  readonly findings: readonly string[];
}

export interface KillDatabaseOptions {
  readonly kills: number;
  readonly seed: number;
  readonly progress: (line: string) => void;
}

/** Writers of the audit trail, and givers of card events, at once. */
const [writers, givers] = [8, 4];

class Load {
  readonly events = new Map<string, number>();
  readonly audited: string[] = [];
  failed = 0;
  acknowledgedAtMs = 0;
  callMsMax = 0;
  isOver = false;

  async call(work: () => Promise<boolean>): Promise<void> {
    const startMs = performance.now();
    const done = await work().catch(() => false);
    this.callMsMax = Math.max(this.callMsMax, performance.now() - startMs);
    if (done) this.acknowledgedAtMs = performance.now();
    else {
      this.failed += 1;
      await setTimeout(20);
    }
  }

  async write({ transaction }: Database): Promise<void> {
    while (!this.isOver) {
      const subject = newId('req');
      await this.call(async () => {
        await transaction((sql) =>
          sql.query(
            `select append_audit_events(array[($1, 'test.written', $2, null, null, null, '', $3)::audit_entry])`,
            [doer.actor, subject, doer.correlation_id],
          ),
        );
        return this.audited.push(subject) > 0;
      });
    }
  }

  /** Card after card, each message again until it is taken, as a queue brings it. */
  async give(intake: Intake, cards: readonly MadeUpCard[]): Promise<void> {
    for (const card of cards)
      for (const message of messagesOf(card, 5)) {
        let taken = false;
        while (!taken && !this.isOver)
          await this.call(async () => {
            const [result] = await intake.take([{ id: card.card_token, body: message }]);
            taken = result?.outcome === 'done';
            if (taken)
              this.events.set(card.card_token, (this.events.get(card.card_token) ?? 0) + message.events.length);
            return taken;
          });
      }
  }
}

export async function killDatabase(
  parts: AsyncDisposableStack,
  { kills, seed, progress }: KillDatabaseOptions,
): Promise<KillDatabaseReport> {
  const random = seededRandom(seed);
  // Its own writer would flush soon enough by itself to hide that somebody does not wait for it.
  const server = await startTemporaryPostgres({ flags: ['-c', 'fsync=on', '-c', 'wal_writer_delay=2s'] });
  parts.defer(() => server.stop());
  const cards = Array.from({ length: 400 }, (_, index) => madeUpCard(`killed-${index}`, 200, random));
  const { database, url } = await freshDatabase(server.url, 'killed', []);
  parts.defer(() => database.close());
  const metrics = createIntakeMetrics(new Registry());
  const intake = new Intake({ database, metrics, log: pino({ level: 'silent' }) });
  const load = new Load();
  const working = [
    ...Array.from({ length: writers }, () => load.write(database)),
    ...Array.from({ length: givers }, (_, index) =>
      load.give(
        intake,
        cards.filter((_card, n) => n % givers === index),
      ),
    ),
  ];
  let servingMsMax = 0;
  for (let kill = 1; kill <= kills; kill += 1) {
    await setTimeout(200 + random() * 800);
    const killedAtMs = performance.now();
    await server.crash();
    const startedAtMs = performance.now();
    while (load.acknowledgedAtMs < startedAtMs) await setTimeout(10);
    servingMsMax = Math.max(servingMsMax, load.acknowledgedAtMs - killedAtMs);
    progress(
      `kill ${kill}/${kills}: ${load.audited.length} audit events and events of ${load.events.size} cards so far`,
    );
  }
  load.isOver = true;
  await Promise.all(working);
  await intake.close();
  const findings = await findingsOf(url, load);
  return {
    ...{ fault: 'kill-database', seed, kills },
    acknowledged: load.audited.length + [...load.events.values()].reduce((sum, count) => sum + count, 0),
    failed: load.failed,
    lost: findings.filter((finding) => finding.startsWith('lost')).length,
    ms_until_serving_max: Math.round(servingMsMax),
    call_ms_max: Math.round(load.callMsMax),
    findings,
  };
}

async function findingsOf(url: string, { audited, events }: Load): Promise<string[]> {
  const sql = await connectOwner(url);
  try {
    const { rows: lost } = await sql.query<{ subject: string }>(
      'select subject from unnest($1::text[]) as told (subject) where not exists (select from audit_trail e where e.subject = told.subject)',
      [audited],
    );
    const { rows: kept } = await sql.query<{ card_token: string; events: number }>(
      'select card_token, count(*)::int as events from card_events join card_streams using (stream_id) group by card_token',
    );
    const counts = new Map(kept.map((row) => [row.card_token, row.events]));
    const short = [...events].filter(([card, count]) => (counts.get(card) ?? 0) < count);
    const { differences } = await verifyLedger(sql);
    const { faults } = await verifyAudit(sql);
    return [
      ...lost.map(({ subject }) => `lost: the audit event of ${subject}`),
      ...short.map(([card, count]) => `lost: ${count - (counts.get(card) ?? 0)} events of ${card}`),
      ...differences.map((difference) => `the ledger: ${JSON.stringify(difference)}`),
      ...faults.map((fault) => `the audit trail: ${JSON.stringify(fault)}`),
    ];
  } finally {
    await sql.end();
  }
}
