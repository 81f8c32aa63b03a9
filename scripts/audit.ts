// npm run audit: proves that nobody has changed the audit trail or the ledger since it was written, and signs how far it goes,
// in files that the database's owner cannot change. Exits with 1 where something is wrong, with 3 where nothing is, and nobody outside
// the database has witnessed it: its owner could have rewritten all of it.

import { parseArgs } from 'node:util';
import type { AuditWords } from './audit/perform.ts';
import { portBaseOption } from './dev/home.ts';
import { wordsOf } from './words.ts';

const help = `npm run audit -- <command> [options]

  verify       recomputes both hash chains, compares them with every checkpoint, and names the first bad row; adds up the
               ledger's balances, looks for what moved or was made without an audit event, and counts what was looked at
  checkpoint   verifies, then signs how long both chains are and what they end in, into a file of its own
  access       who read what and who was refused, of the newest seven days, refusals first; and whether the rows of
               days that are over are still those that were sealed

  set-back     says that the database was restored to an earlier instant: no payout is begun until a person has looked
               (open item database_set_back); with --reason. Before the origin is started on it: payments
               are looked for since the newest audit event that is there, or since --since

  --checkpoints PLACE a directory or s3://bucket/folder: best one that the database's owner cannot write to
                      (default .atlas/checkpoints)
  --export PLACE      verify: the audit trail that was carried off the host, without the database; its checkpoints are
                      taken from there too, where --checkpoints names no other place
  --since-checkpoint  verify: only what was chained since the newest checkpoint, in seconds where all takes hours; without the
                      ledger's balances and without looking for what has no audit event
  --day, --key, --outcome
                      access: of one UTC day (2026-11-27), one key (akey_…), one outcome (read, scope_missing, …)
  --reason TEXT       set-back: from what, to when; it is kept
  --since INSTANT     set-back: the instant it was restored to, as 2026-11-27T11:00:00Z
  --json              one object on one line
  --port-base N       the system that npm start -- --port-base N started
  --help              this

Exits with 0 where nothing was changed, 1 where something was (or could not be looked at), 3 where the chains agree with
themselves and no checkpoint has witnessed them.

DATABASE_URL        the database (default: that of the running npm start); the first line names it
AUDIT_SIGNING_KEY   Ed25519 private key, PKCS #8 in PEM, or its DER in base64; without it one is made in .atlas, for development.
                    While it changes two, the new one first: it signs, and either is believed
AUDIT_PUBLIC_KEY    enough for verify: SubjectPublicKeyInfo, likewise
S3_ENDPOINT         for a bucket: its server; S3_ACCESS_KEY_ID and S3_SECRET_ACCESS_KEY: a key to it; S3_REGION (default auto)`;

const commands = ['verify', 'checkpoint', 'access', 'set-back'] as const;

function readWords(args: readonly string[]): AuditWords | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      checkpoints: { type: 'string' },
      export: { type: 'string' },
      day: { type: 'string' },
      key: { type: 'string' },
      outcome: { type: 'string' },
      ...portBaseOption,
      reason: { type: 'string' },
      since: { type: 'string' },
      'since-checkpoint': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return null;
  const command = commands.find((one) => one === positionals[0]);
  if (command === undefined || positionals.length > 1)
    throw new Error(`one command: ${commands.join(', ')}, not ${positionals.join(' ') || 'none'}`);
  const reason = values.reason ?? null;
  if ((command === 'set-back') !== (reason !== null)) throw new Error('--reason is for set-back, which needs one');
  const since = values.since ?? null;
  if (since !== null && command !== 'set-back') throw new Error('--since is for set-back');
  if (since !== null && !/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?Z$/.test(since))
    throw new Error('--since must be an instant in UTC, as 2026-11-27T11:00:00Z');
  const { checkpoints: place = null, export: exported = null, day = null, key = null, outcome = null, json } = values;
  if (exported !== null && command !== 'verify') throw new Error('--export is for verify');
  const isSince = values['since-checkpoint'];
  if (isSince && (command !== 'verify' || exported !== null))
    throw new Error('--since-checkpoint is for verify, and not with --export');
  if (day !== null && !/^\d{4}-\d{2}-\d{2}$/.test(day)) throw new Error('--day must be a UTC day, as 2026-11-27');
  return { command, reason, since, place, exported, access: { day, key, outcome }, isSince, json };
}

const words = wordsOf(readWords, help);
try {
  // Only for what there is to do: whoever asks for help or mistypes waits for no driver and no SDK.
  const { performAudit } = await import('./audit/perform.ts');
  await performAudit(words);
} catch (error) {
  process.stderr.write(`audit: ${error instanceof Error ? error.message : error}\n`);
  process.exit(1);
}
