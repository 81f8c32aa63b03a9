// What there is to see of the database from here: how long a commit takes until it is on the disk, and what went wrong that was not
// a refusal of a statement. Names as I13 and I15 have them.

import type { Logger } from 'pino';
import { Counter, Histogram, type Registry } from 'prom-client';
import type { DatabaseWatch } from './client.ts';
import { type FormerLogin, formerLogins } from './logins.ts';

const kinds = ['no_connection', 'connection_lost', 'no_answer', 'session_refused', 'other'] as const;

/** `log`: hears of a refused login, once a minute of each kind. */
export function databaseMetrics(registry: Registry, log?: Pick<Logger, 'warn'>): DatabaseWatch {
  const saidAtMs = new Map<FormerLogin, number>();
  const sayRefused = (former: FormerLogin) => {
    const nowMs = performance.now();
    if (nowMs - (saidAtMs.get(former) ?? Number.NEGATIVE_INFINITY) < 60_000) return;
    saidAtMs.set(former, nowMs);
    log?.warn({ setting: 'DATABASE_URL', former }, 'a login of ours was refused by the database');
  };
  const latency = new Histogram({
    name: 'sql_exec_latency',
    help: 'Seconds until the database has done it; commit: from the commit to its being on the disk, where something was written',
    labelNames: ['op'],
    // 0.05: the objective is an edge, so that the share of good commits is exact.
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5],
    registers: [registry],
  });
  const errors = new Counter({
    name: 'db_errors_total',
    help: 'The database was away, broke a connection, did not answer on one, had none left in time, or gave a session that is not as it must be; not what it refuses for its data',
    labelNames: ['kind'],
    registers: [registry],
  });
  const repeated = new Counter({
    name: 'database_transactions_repeated_total',
    help: 'Transactions that met another one (a deadlock) and were done again',
    registers: [registry],
  });
  const logins = new Counter({
    name: 'database_logins_refused_total',
    help: 'Connections whose newest login the database refused, by what the former one came to (DATABASE_URL_FORMER)',
    labelNames: ['former'],
    registers: [registry],
  });
  for (const former of formerLogins) logins.inc({ former }, 0);
  latency.zero({ op: 'commit' });
  for (const kind of kinds) errors.inc({ kind }, 0);
  return {
    committed: (seconds) => latency.observe({ op: 'commit' }, seconds),
    repeated: () => repeated.inc(),
    loginRefused: (former) => {
      logins.inc({ former });
      sayRefused(former);
    },
    failed: (error) => errors.inc({ kind: kindOf(error) }),
  };
}

function kindOf({ message }: Error): (typeof kinds)[number] {
  if (
    /timeout exceeded when trying to connect|was to be had in time|ECONNREFUSED|ENOTFOUND|57P03|starting up/.test(
      message,
    )
  )
    return 'no_connection';
  if (message.includes('gave no answer')) return 'no_answer';
  if (message.includes('session is refused')) return 'session_refused';
  return /terminat|ECONNRESET|closed|shutting down/i.test(message) ? 'connection_lost' : 'other';
}
