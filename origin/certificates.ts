// How long the certificates of whom we call are good for yet: read whenever a connection is made, by our own fetch and by undici, or an
// answer is read, by Node's https (object storage); both say so on Node's diagnostics channels. The database's pool hands over its
// connections itself. Only peers that the configuration names: an address of a partner's would be a label of its own. Not read: our own
// certificates, which a proxy serves.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Gauge, type Registry } from 'prom-client';
import type { Config } from './config.ts';
import { directUrl } from './db/which-postgres.ts';

const connectedChannel = 'undici:client:connected';
const answeredChannel = 'http.client.response.finish';

interface Connected {
  readonly connectParams: { readonly hostname?: string; readonly host?: string };
  readonly socket: MaybeTls;
}
interface Answered {
  readonly request: { readonly host?: string; readonly socket?: MaybeTls | null };
}
interface MaybeTls {
  readonly getPeerCertificate?: () => { readonly valid_to?: string };
}

export interface Certificates {
  /** A connection to this peer, by whatever: one without TLS tells nothing. */
  connected(peer: string, socket: MaybeTls | null | undefined): void;
  close(): void;
}

/** By host name, as a connection has it. */
export function peersOf(config: Config): ReadonlyMap<string, string> {
  const urls: readonly (readonly [string, string | undefined])[] = [
    ['edge', config.EDGE_URL],
    ['queue', config.eventQueues[0]?.api_url],
    ['object_store', config.S3_ENDPOINT],
    // Neon's driver goes by WebSocket, whose connections are undici's; the other hands its own over.
    ['database', directUrl(config.DATABASE_URL)],
    ['redis', config.UPSTASH_REDIS_REST_URL],
    ['stripe', config.STRIPE_URL ?? 'https://api.stripe.com'],
    ['simulated', config.SIMULATED_PROVIDER_URL],
    ['simulated_secondary', config.SIMULATED_SECONDARY_URL],
  ];
  return new Map(
    urls.flatMap(([peer, url]) => (url !== undefined && URL.canParse(url) ? [[new URL(url).hostname, peer]] : [])),
  );
}

export function watchCertificates(registry: Registry, peers: ReadonlyMap<string, string>): Certificates {
  /** Of each peer's newest connection. */
  const endsAtMs = new Map<string, number>();
  const left = new Gauge({
    name: 'cert_expiry_seconds',
    help: 'Until the certificate of whom we call ends, by the newest connection to it; no figure before the first by TLS',
    labelNames: ['peer'],
    registers: [registry],
    collect() {
      for (const [peer, atMs] of endsAtMs) left.set({ peer }, (atMs - Date.now()) / 1_000);
    },
  });
  const connected: Certificates['connected'] = (peer, socket) => {
    const atMs = Date.parse(socket?.getPeerCertificate?.().valid_to ?? '');
    if (!Number.isNaN(atMs)) endsAtMs.set(peer, atMs);
  };
  const see = (host: string | undefined, socket: MaybeTls | null | undefined): void => {
    const peer = peers.get(host ?? '');
    if (peer !== undefined) connected(peer, socket);
  };
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as Connected;
    see(connectParams.hostname ?? connectParams.host, socket);
  };
  const onAnswered = (message: unknown): void => {
    const { request } = message as Answered;
    see(request.host, request.socket);
  };
  subscribe(connectedChannel, onConnected);
  subscribe(answeredChannel, onAnswered);
  return {
    connected,
    close() {
      unsubscribe(connectedChannel, onConnected);
      unsubscribe(answeredChannel, onAnswered);
    },
  };
}
