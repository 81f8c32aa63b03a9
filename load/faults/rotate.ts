// rotate: every secret of both halves changed under load, each by the steps of docs/operating.md: both values beside each other at whoever
// receives, then the new one at whoever sends, then the old one away. Nobody who calls may be refused. Rows that the old sealing key has
// sealed are sealed again before it goes. Then the key that signs checkpoints and the database's login (rotate-kept.ts), and the keys that the
// origin shows to others (rotate-shown.ts). It says nothing of the login that migrates.

import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import * as z from 'zod';
import { openDatabase } from '../../origin/db/client.ts';
import { createSecretBox } from '../../origin/notify/secret-box.ts';
import { reseal, sealedRows } from '../../origin/secrets/reseal.ts';
import { apiOf, demo } from '../../scripts/dev/demo.ts';
import { freePort } from '../../scripts/free-port.ts';
import { startTemporaryPostgres } from '../../scripts/temporary-postgres.ts';
import { buildEdge } from '../edge-bundle.ts';
import { edgeVars } from '../edge-cards.ts';
import { makeCards } from '../origin-cards.ts';
import { startQueueServer } from '../queue-server.ts';
import { temporaryDirectory } from '../started.ts';
import { edgeNamespaces, startWorkerd, type Workerd } from '../workerd.ts';
import { type Held, startCallers } from './callers.ts';
import { type Door, startDoor } from './door.ts';
import { type OriginProcess, startOrigin } from './origin-process.ts';
import { freshLogin, freshSigningKey, makeLogin, rotateLogin, rotateSigningKey } from './rotate-kept.ts';
import { rotateShown } from './rotate-shown.ts';

const rotatedSecrets = [
  'INTERNAL_SECRET',
  'NATIVE_SECRETS',
  'MARQETA_PASSWORD',
  'MARQETA_WEBHOOK_SECRET',
  'API_KEY',
  'WEBHOOK_SECRETS_KEY',
  'AUDIT_SIGNING_KEY',
  'DATABASE_URL',
] as const;
type RotatedSecret = (typeof rotatedSecrets)[number];

interface RotateOptions {
  readonly progress: (line: string) => void;
  readonly secrets?: readonly RotatedSecret[];
  /** False: the old value goes as the new one comes, which a rehearsal must notice. */
  readonly overlap?: boolean;
}

/** Load after each step: enough for each caller to call several times. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 400));

/** All of it: what is shown to us, and what we show. */
export async function rotate(parts: AsyncDisposableStack, { progress }: Pick<RotateOptions, 'progress'>) {
  const received = await rotateReceived(parts, { progress });
  const shown = await rotateShown(parts, { progress });
  return { ...received, shown, findings: [...received.findings, ...shown.findings] };
}

export async function rotateReceived(parts: AsyncDisposableStack, options: RotateOptions) {
  const { progress, secrets = rotatedSecrets, overlap = true } = options;
  progress(`rotate: ${secrets.length} secrets; starting Postgres, origin and edge`);
  const system = await startSystem(parts);
  const { held } = system;
  const [cardToken = ''] = await makeCards(system.origin.url, 1);
  await makeEndpoint(system.origin.url);
  const places = { edgeUrl: system.edge.url, originUrl: system.origin.url, cardToken };
  const callers = startCallers({ ...places, username: edgeVars.MARQETA_USERNAME }, held);
  await settle();
  const rotations: Record<RotatedSecret, (old: string, next: string) => Promise<void>> = {
    async INTERNAL_SECRET(old, next) {
      const both = overlap ? `${next} ${old}` : next;
      for (const value of [both, next]) {
        await system.deployEdge({ INTERNAL_SECRET: value });
        held.edgesInternal = value;
        await settle();
        await system.deployOrigin({ INTERNAL_SECRET: value });
        held.originsInternal = value;
        await settle();
      }
    },
    NATIVE_SECRETS: (old, next) => received('NATIVE_SECRETS', 'edge', old, next),
    MARQETA_PASSWORD: (old, next) => received('MARQETA_PASSWORD', 'edge', old, next),
    MARQETA_WEBHOOK_SECRET: (old, next) => received('MARQETA_WEBHOOK_SECRET', 'edge', old, next),
    API_KEY: (old, next) => received('API_KEY', 'origin', old, next),
    AUDIT_SIGNING_KEY: async (old, next) => {
      findings.push(...(await rotateSigningKey({ ...system, settle, overlap }, old, next)));
    },
    DATABASE_URL: async (old, next) => {
      findings.push(...(await rotateLogin({ ...system, settle, overlap }, old, next)));
    },
    WEBHOOK_SECRETS_KEY: async (old, next) => {
      findings.push(...(await rotateSealingKey(system, old, next)));
    },
  };
  async function received(
    name: 'NATIVE_SECRETS' | 'MARQETA_PASSWORD' | 'MARQETA_WEBHOOK_SECRET' | 'API_KEY',
    at: 'edge' | 'origin',
    old: string,
    next: string,
  ): Promise<void> {
    const deploy = (value: string) =>
      at === 'edge' ? system.deployEdge({ [name]: value }) : system.deployOrigin({ [name]: value });
    await deploy(overlap ? `${next} ${old}` : next);
    await settle();
    held[name] = next;
    await settle();
    if (overlap) await deploy(next);
    await settle();
  }

  const findings: string[] = [];
  for (const name of secrets) {
    progress(`rotate: ${name}`);
    await rotations[name](system.secretOf(name), freshSecret(name, system));
  }
  await callers.stop();
  const answers = Object.fromEntries([...callers.answers].sort());
  const refused = Object.entries(answers).filter(([name]) => !/ (?:200|402)$/.test(name));
  findings.push(...refused.map(([name, count]) => `${count} calls were refused or not answered: ${name}`));
  const calls = Object.values(answers).reduce((sum, count) => sum + count, 0);
  return {
    ...{ fault: 'rotate', secrets, deployments: system.deployments(), calls },
    ...{ refused: refused.reduce((sum, [, count]) => sum + count, 0), answers, findings },
  };
}

async function rotateSealingKey(system: Rotating, old: string, next: string): Promise<string[]> {
  const findings: string[] = [];
  await system.deployOrigin({ WEBHOOK_SECRETS_KEY: `${next} ${old}` });
  const box = createSecretBox([next, old]);
  const database = openDatabase({ url: system.databaseUrl, poolMax: 1, onIdleError: () => {} });
  const { resealed } = await reseal(database.sql, box);
  if (resealed === 0) findings.push('no row was sealed again, and the endpoint of the rehearsal has one');
  const { by_key, unreadable } = await sealedRows(database.sql, box);
  await database.close();
  if (Number(by_key[1] ?? 0) + unreadable.length > 0) findings.push('a row still needs the old sealing key');
  await system.deployOrigin({ WEBHOOK_SECRETS_KEY: next });
  return findings;
}

/** So that there is something sealed. Nothing is ever sent there. */
async function makeEndpoint(originUrl: string): Promise<void> {
  const api = apiOf(originUrl);
  const merchant = await api('POST', '/merchants', { name: 'Rehearsal', currency: 'USD', destinations: {} });
  const { merchant_id } = z.object({ merchant_id: z.string() }).parse(merchant.body);
  const made = await api('POST', '/webhook-endpoints', { merchant_id, url: 'http://127.0.0.1:9/' });
  z.object({ webhook_endpoint_id: z.string() }).parse(made.body);
}

function freshSecret(name: RotatedSecret, { databaseUrl }: Rotating): string {
  if (name === 'AUDIT_SIGNING_KEY') return freshSigningKey();
  if (name === 'DATABASE_URL') return freshLogin(databaseUrl);
  if (name === 'INTERNAL_SECRET' || name === 'NATIVE_SECRETS') return `whsec_${randomBytes(32).toString('base64')}`;
  if (name === 'WEBHOOK_SECRETS_KEY') return randomBytes(32).toString('base64');
  return randomBytes(24).toString('base64url');
}

interface Rotating {
  readonly edge: Door;
  readonly origin: Door;
  readonly held: Held;
  /** As the owner. */
  readonly databaseUrl: string;
  /** Where checkpoints lie. */
  readonly checkpoints: string;
  deployEdge(changed: Readonly<Record<string, string>>): Promise<void>;
  deployOrigin(changed: Readonly<Record<string, string>>): Promise<void>;
  deployments(): number;
  secretOf(name: RotatedSecret): string;
}

/** One process of each half, each behind a door that holds calls while its process is exchanged. */
async function startSystem(parts: AsyncDisposableStack): Promise<Rotating> {
  const directory = await temporaryDirectory(parts, 'rotate');
  const bundle = await buildEdge(join(directory, 'bundle'));
  const postgres = await startTemporaryPostgres();
  parts.defer(() => postgres.stop());
  const queue = await startQueueServer(() => {});
  parts.defer(() => queue.close());
  const [edge, origin] = [await startDoor(), await startDoor()];
  parts.defer(() => edge.close());
  parts.defer(() => origin.close());
  const login = freshLogin(postgres.url);
  await makeLogin(postgres.url, login);
  const webhookSecret = randomBytes(24).toString('base64url');
  const vars: Record<string, string> = { ...edgeVars, MARQETA_WEBHOOK_SECRET: webhookSecret };
  const environment: Record<string, string> = {
    API_KEY: demo.apiKey,
    INTERNAL_SECRET: edgeVars.INTERNAL_SECRET,
    WEBHOOK_SECRETS_KEY: randomBytes(32).toString('base64'),
    ...{ AUDIT_SIGNING_KEY: freshSigningKey(), AUDIT_CHECKPOINTS: join(directory, 'checkpoints') },
    ...{ DATABASE_URL: login, MIGRATE: 'check' },
    WEBHOOK_LOOPBACK: 'allowed',
    // The callers come oftener than any partner may.
    RATE_LIMIT_PER_MINUTE: '1000000',
    RATE_LIMIT_BURST_PER_SECOND: '1000000',
  };
  let edgeProcess: Workerd | null = null;
  let originProcess: OriginProcess | null = null;
  let deployments = 0;
  parts.defer(() => edgeProcess?.stop());
  parts.defer(() => originProcess?.stop());
  const system: Rotating = {
    ...{ edge, origin, databaseUrl: postgres.url, deployments: () => deployments },
    checkpoints: join(directory, 'checkpoints'),
    secretOf: (name) => vars[name] ?? environment[name] ?? '',
    held: {
      ...{ API_KEY: demo.apiKey, NATIVE_SECRETS: edgeVars.NATIVE_SECRETS, MARQETA_PASSWORD: edgeVars.MARQETA_PASSWORD },
      ...{ MARQETA_WEBHOOK_SECRET: webhookSecret },
      ...{ originsInternal: edgeVars.INTERNAL_SECRET, edgesInternal: edgeVars.INTERNAL_SECRET },
    },
    async deployEdge(changed) {
      Object.assign(vars, changed);
      deployments += 1;
      await edge.exchange(async () => {
        await edgeProcess?.stop();
        const options = { directory: join(directory, 'edge'), bundle: bundle.path, namespaces: edgeNamespaces };
        edgeProcess = await startWorkerd({ ...options, port: await freePort(), queuePort: queue.port, vars });
        return edgeProcess.url;
      });
    },
    async deployOrigin(changed) {
      Object.assign(environment, changed);
      deployments += 1;
      await origin.exchange(async () => {
        await originProcess?.stop();
        const options = {
          port: await freePort(),
          databaseUrl: postgres.url,
          edgeUrl: edge.url,
          directory,
          environment,
        };
        originProcess = await startOrigin(options);
        return originProcess.url;
      });
    },
  };
  await system.deployEdge({});
  await system.deployOrigin({});
  return system;
}
