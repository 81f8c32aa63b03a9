// How long the certificates of whom we call are good for yet: read whenever a connection is made, by our own fetch and by undici, which say so on
// Node's diagnostics channel. Only peers that the configuration names: an address of a partner's would be a label of its own. Not read: those of
// Postgres and of object storage, whose clients make their connections otherwise, and our own, which a proxy serves.

import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Gauge, type Registry } from 'prom-client';
import type { Config } from './config.ts';

const channel = 'undici:client:connected';

interface Connected {
  readonly connectParams: { readonly hostname?: string; readonly host?: string };
  readonly socket: { readonly getPeerCertificate?: () => { readonly valid_to?: string } };
}

/** By host name, as a connection has it. */
export function peersOf(config: Config): ReadonlyMap<string, string> {
  const urls: readonly (readonly [string, string | undefined])[] = [
    ['edge', config.EDGE_URL],
    ['queue', config.queue?.api_url],
    ['redis', config.UPSTASH_REDIS_REST_URL],
    ['stripe', config.STRIPE_URL ?? 'https://api.stripe.com'],
    ['simulated', config.SIMULATED_PROVIDER_URL],
    ['simulated_secondary', config.SIMULATED_SECONDARY_URL],
  ];
  return new Map(
    urls.flatMap(([peer, url]) => (url !== undefined && URL.canParse(url) ? [[new URL(url).hostname, peer]] : [])),
  );
}

/** Returns what ends it. */
export function watchCertificates(registry: Registry, peers: ReadonlyMap<string, string>): () => void {
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
  const onConnected = (message: unknown): void => {
    const { connectParams, socket } = message as Connected;
    const peer = peers.get(connectParams.hostname ?? connectParams.host ?? '');
    const atMs = Date.parse(socket.getPeerCertificate?.().valid_to ?? '');
    if (peer !== undefined && !Number.isNaN(atMs)) endsAtMs.set(peer, atMs);
  };
  subscribe(channel, onConnected);
  return () => {
    unsubscribe(channel, onConnected);
  };
}
