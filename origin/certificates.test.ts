// Certificates of whom we call, over real TLS.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Registry } from 'prom-client';
import { Agent, fetch } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { watchCertificates } from './certificates.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A server by a certificate of its own, which ends after so many days. */
async function served(days: number) {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-certificate-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', String(days)];
  execFileSync('openssl', [...words, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (_, answer) => answer.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const agent = new Agent({ connect: { ca: readFileSync(cert) } });
  ends.push(
    () => server.close(),
    () => agent.close(),
  );
  return async () => {
    const url = `https://localhost:${(server.address() as AddressInfo).port}/`;
    expect(await (await fetch(url, { dispatcher: agent })).text()).toBe('ok');
  };
}

const hasOpenssl = spawnSync('openssl', ['version']).error === undefined;

test.skipIf(!hasOpenssl)(
  'days left are those of the newest connection, of peers that are named and of no others',
  async () => {
    const registry = new Registry();
    ends.push(watchCertificates(registry, new Map([['localhost', 'edge']])));
    const unnamed = new Registry();
    ends.push(watchCertificates(unnamed, new Map([['elsewhere.test', 'edge']])));
    const figures = async (from: Registry) => (await from.getSingleMetric('cert_expiry_seconds')?.get())?.values ?? [];
    expect(await figures(registry)).toEqual([]);

    await (await served(10))();
    const [first] = await figures(registry);
    expect(first?.labels).toEqual({ peer: 'edge' });
    expect(Number(first?.value) / 86_400).toBeCloseTo(10, 1);

    await (await served(90))();
    const [renewed, ...others] = await figures(registry);
    expect(Number(renewed?.value) / 86_400).toBeCloseTo(90, 1);
    expect(others).toEqual([]);
    expect(await figures(unnamed)).toEqual([]);
  },
);
