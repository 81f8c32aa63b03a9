// What the origin of a development system is started with; and the same settings for a command that looks at one that runs.

import { join } from 'node:path';
import { bundleId } from './bundle-id.ts';
import { demo } from './demo.ts';
import { home } from './home.ts';
import { withServiceLogin } from './own-login.ts';
import { requireRunning } from './running.ts';
import { developmentSigningKey } from './signing-key.ts';

interface Places {
  readonly port: string;
  readonly edgeUrl: string;
  /** DATABASE_URL, and the owner's where the origin may migrate. */
  readonly database: Readonly<Record<string, string>>;
  readonly providers: { readonly simulated: number; readonly secondary: number };
}

export function originSettings({ port, edgeUrl, database, providers }: Places): Record<string, string> {
  return {
    ENVIRONMENT: 'development',
    PORT: port,
    ...database,
    API_KEY: demo.apiKey,
    INTERNAL_SECRET: demo.internalSecret,
    EDGE_URL: edgeUrl,
    EDGE_BUNDLE_SHA256: bundleId(),
    WEBHOOK_LOOPBACK: 'allowed',
    SETTLEMENT_PROVIDERS: 'simulated,simulated_secondary',
    SIMULATED_PROVIDER_URL: `http://127.0.0.1:${providers.simulated}`,
    SIMULATED_SECONDARY_URL: `http://127.0.0.1:${providers.secondary}`,
    SIMULATED_PROVIDER_KEY: demo.providerKey,
    SIMULATED_PROVIDER_WEBHOOK_SECRETS: demo.providerSecret,
    AUDIT_SIGNING_KEY_FILE: developmentSigningKey(),
    AUDIT_CHECKPOINTS: join(home, 'checkpoints'),
    LOG_FORMAT: 'pretty',
  };
}

/** Of the system that --port-base names. Throws where it does not run. A database of somebody else's needs its own DATABASE_URL. */
export function settingsOfRunning(): Record<string, string> {
  const { origin_url, edge_url, database_url } = requireRunning();
  const edgePort = Number(new URL(edge_url).port);
  return originSettings({
    port: new URL(origin_url).port,
    edgeUrl: edge_url,
    database: { DATABASE_URL: process.env['DATABASE_URL'] || withServiceLogin(database_url) },
    providers: { simulated: edgePort + 4, secondary: edgePort + 6 },
  });
}
