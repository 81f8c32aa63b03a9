// rotate, of what the origin alone keeps: the key that signs checkpoints, and its login of the database. Each is changed under load by the steps
// of docs/operating.md; whether a call was refused is seen by the callers, and here whether the change itself has come to its end.

import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readCheckpoints } from '../../origin/audit/checkpoint.ts';
import { idOf, readSigningKeys } from '../../origin/audit/signing-key.ts';
import { migrate } from '../../origin/db/migrate.ts';
import { connectOwner } from '../../origin/db/which-postgres.ts';
import { createDirectoryStore } from '../../origin/object-store/directory-store.ts';
import { until } from '../../scripts/test-waiting.ts';

interface Rotated {
  /** As the owner. */
  readonly databaseUrl: string;
  readonly checkpoints: string;
  deployOrigin(changed: Readonly<Record<string, string>>): Promise<void>;
  settle(): Promise<unknown>;
  /** False: the old value goes as the new one comes. */
  readonly overlap: boolean;
}

/** The loop of checkpoints looks every 10 s; a login that was refused is shown again after 30 s. */
const stepMsMax = 60_000;

export function freshSigningKey(): string {
  return generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64');
}

export async function rotateSigningKey(system: Rotated, old: string, next: string): Promise<string[]> {
  const store = createDirectoryStore(system.checkpoints);
  const [newKey] = readSigningKeys('AUDIT_SIGNING_KEY', next);
  if (system.overlap) {
    await system.deployOrigin({ AUDIT_SIGNING_KEY: `${old} ${next}` });
    await system.settle();
    await system.deployOrigin({ AUDIT_SIGNING_KEY: `${next} ${old}` });
    const signers = async () => {
      const { checkpoints } = await readCheckpoints(store, readSigningKeys('AUDIT_SIGNING_KEY', `${next} ${old}`));
      return checkpoints.flatMap((one) => ('key_id' in one ? [one.key_id] : []));
    };
    await until(signers, (ids) => ids.includes(idOf(newKey)), stepMsMax).catch(() => {});
  }
  await system.deployOrigin({ AUDIT_SIGNING_KEY: next });
  await system.settle();
  const { checkpoints, problems } = await readCheckpoints(store, [newKey]);
  const signed = new Set(checkpoints.map((one) => ('key_id' in one ? one.key_id : '')));
  return [
    ...problems,
    ...(signed.has(idOf(newKey)) ? [] : ['no checkpoint was signed with the new key']),
    ...(signed.size > 1 ? [] : ['there was no checkpoint of the former key, so nothing was rehearsed']),
  ];
}

/** A login of the service that nobody has made yet. */
export function freshLogin(ownerUrl: string): string {
  const url = new URL(ownerUrl);
  [url.username, url.password] = [`rehearsal_${randomBytes(4).toString('hex')}`, randomBytes(16).toString('hex')];
  return url.href;
}

/** As `npm run migrate` does it. */
export async function makeLogin(ownerUrl: string, login: string): Promise<void> {
  await migrate(ownerUrl, { serviceUrl: login });
}

export async function rotateLogin(system: Rotated, old: string, next: string): Promise<string[]> {
  const { databaseUrl } = system;
  const oldLogin = new URL(old).username;
  const sessions = async () => {
    const rows = await asOwner(
      databaseUrl,
      `select count(*)::int as n from pg_stat_activity where usename = '${oldLogin}'`,
    );
    return Number(rows[0]?.['n']);
  };
  await system.deployOrigin({ DATABASE_URL: next, ...(system.overlap ? { DATABASE_URL_FORMER: old } : {}) });
  await system.settle();
  const before = await sessions();
  await makeLogin(databaseUrl, next);
  const left = await until(sessions, (n) => n === 0, stepMsMax).catch(sessions);
  await asOwner(databaseUrl, `drop role ${oldLogin}`);
  await system.settle();
  await system.deployOrigin({ DATABASE_URL: next, DATABASE_URL_FORMER: '' });
  await system.settle();
  return [
    ...(before > 0 ? [] : ['the former login was never needed, so nothing was rehearsed']),
    ...(left === 0 ? [] : [`${left} sessions of the former login were left a minute after the new one was made`]),
  ];
}

async function asOwner(ownerUrl: string, statement: string): Promise<readonly Record<string, unknown>[]> {
  const sql = await connectOwner(ownerUrl);
  try {
    return (await sql.query<Record<string, unknown>>(statement)).rows;
  } finally {
    await sql.end();
  }
}
