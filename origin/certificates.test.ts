// Certificates of whom we call, over real TLS.

import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:https';
import { type AddressInfo, connect, createServer as createNetServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { ListObjectsV2Command, S3Client } from '@aws-sdk/client-s3';
import { Registry } from 'prom-client';
import { Agent, fetch } from 'undici';
import { afterEach, expect, test } from 'vitest';
import { createTestDatabase } from '../scripts/test-postgres.ts';
import { watchCertificates } from './certificates.ts';
import { openDatabase } from './db/client.ts';

const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

/** A key and a certificate of its own, which ends after so many days. */
function certificateOf(days: number) {
  const directory = mkdtempSync(join(tmpdir(), 'atlas-certificate-'));
  ends.push(() => rmSync(directory, { recursive: true }));
  const [key, cert] = [join(directory, 'key.pem'), join(directory, 'cert.pem')];
  const words = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const subject = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost', '-days', String(days)];
  execFileSync('openssl', [...words, ...subject, '-keyout', key, '-out', cert], { stdio: 'ignore' });
  return { key: readFileSync(key), cert: readFileSync(cert) };
}

async function served(days: number) {
  const { key, cert } = certificateOf(days);
  const server = createServer({ key, cert }, (_, answer) => answer.end('ok'));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const agent = new Agent({ connect: { ca: cert } });
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
    ends.push(watchCertificates(registry, new Map([['localhost', 'edge']])).close);
    const unnamed = new Registry();
    ends.push(watchCertificates(unnamed, new Map([['elsewhere.test', 'edge']])).close);
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

test.skipIf(!hasOpenssl)('those of object storage and of the database are read too', async () => {
  const registry = new Registry();
  const certificates = watchCertificates(registry, new Map([['localhost', 'object_store']]));
  ends.push(certificates.close);
  const days = async () => {
    const { values = [] } = (await registry.getSingleMetric('cert_expiry_seconds')?.get()) ?? {};
    return Object.fromEntries(values.map(({ labels, value }) => [labels['peer'], Math.round(value / 86_400)]));
  };

  const bucket = certificateOf(20);
  const server = createServer(bucket, (_, answer) => answer.end('<ListBucketResult/>'));
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  ends.push(() => server.close());
  const endpoint = `https://localhost:${(server.address() as AddressInfo).port}`;
  const client = new S3Client({
    ...{ endpoint, region: 'auto', forcePathStyle: true, credentials: { accessKeyId: 'a', secretAccessKey: 'b' } },
    requestHandler: { httpsAgent: { ca: bucket.cert } },
  });
  await client.send(new ListObjectsV2Command({ Bucket: 'one' }));
  expect(await days()).toEqual({ object_store: 20 });

  // The tests' Postgres speaks plainly: this stands before it, says S to whoever asks for TLS, and goes on by it on the same connection.
  const key = certificateOf(30);
  const behind = new URL(await createTestDatabase());
  const postgres = createNetServer((socket) => {
    socket.once('data', () => {
      socket.write('S');
      const secure = new TLSSocket(socket, { isServer: true, ...key });
      const upstream = connect(Number(behind.port), behind.hostname);
      for (const one of [secure, upstream]) one.on('error', () => {});
      secure.pipe(upstream).pipe(secure);
    });
  });
  await new Promise<void>((resolve) => postgres.listen(0, 'localhost', resolve));
  ends.push(() => postgres.close());
  const url = new URL(behind);
  url.hostname = 'localhost';
  url.port = String((postgres.address() as AddressInfo).port);
  url.search = 'sslmode=no-verify';
  const watch = {
    ...{ committed: () => {}, failed: () => {} },
    connected: (socket: object) => certificates.connected('database', socket),
  };
  const database = openDatabase({ url: url.href, poolMax: 1, onIdleError: () => {}, watch });
  ends.push(() => database.close());
  await database.sql.query('select 1 as one');
  expect(await days()).toEqual({ object_store: 20, database: 30 });
});
