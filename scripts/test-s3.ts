// A real S3 server for tests: versitygw, which keeps objects in a directory and carries out conditional writes under a lock.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from './free-port.ts';
import { until } from './test-waiting.ts';

const installed = resolve('.ci/bin/versitygw');
const versitygw = existsSync(installed) ? installed : 'versitygw';

/** Where it is missing, tests that need it say so and are skipped. */
export const s3IsThere = spawnSync(versitygw, ['--version']).status === 0;
if (!s3IsThere) {
  process.stderr.write(`
  ┌───────────────────────────────────────────────────────────────────────────────────────┐
  │ versitygw is not here: object storage is NOT judged by a real S3 server.               │
  │ GOBIN="$PWD/.ci/bin" go install github.com/versity/versitygw/cmd/versitygw@latest      │
  └───────────────────────────────────────────────────────────────────────────────────────┘
`);
}

export class SampleS3 {
  /** As the environment has it. */
  readonly environment: {
    readonly S3_ENDPOINT: string;
    readonly S3_REGION: string;
    readonly S3_ACCESS_KEY_ID: string;
    readonly S3_SECRET_ACCESS_KEY: string;
  };
  readonly #server: ChildProcess;
  readonly #folder: string;
  #buckets = 0;

  static async start(): Promise<SampleS3> {
    const folder = mkdtempSync(join(tmpdir(), 'sample-s3-'));
    const port = await freePort();
    const environment = {
      S3_ENDPOINT: `http://127.0.0.1:${port}`,
      S3_REGION: 'auto',
      S3_ACCESS_KEY_ID: 'access-key-of-tests',
      S3_SECRET_ACCESS_KEY: 'secret-key-of-tests',
    };
    // Metadata beside the objects: not every file system of a temporary directory has extended attributes.
    for (const name of ['buckets', 'metadata']) mkdirSync(join(folder, name));
    const server = spawn(
      versitygw,
      [
        ...['--port', `127.0.0.1:${port}`, '--region', environment.S3_REGION, '--quiet', '--keep-alive'],
        ...['posix', '--sidecar', join(folder, 'metadata'), join(folder, 'buckets')],
      ],
      {
        stdio: 'ignore',
        env: {
          PATH: process.env['PATH'],
          ROOT_ACCESS_KEY: environment.S3_ACCESS_KEY_ID,
          ROOT_SECRET_KEY: environment.S3_SECRET_ACCESS_KEY,
        },
      },
    );
    const answers = () =>
      fetch(environment.S3_ENDPOINT)
        .then(() => true)
        .catch(() => false);
    await until(answers, (isUp) => isUp, 20_000);
    return new SampleS3(environment, server, folder);
  }

  private constructor(environment: SampleS3['environment'], server: ChildProcess, folder: string) {
    this.environment = environment;
    this.#server = server;
    this.#folder = folder;
  }

  /** An empty one: to this server, a directory is a bucket. */
  bucket(): string {
    this.#buckets += 1;
    const name = `bucket-${this.#buckets}`;
    mkdirSync(join(this.#folder, 'buckets', name));
    return name;
  }

  async close(): Promise<void> {
    const ended = new Promise((resolved) => this.#server.once('exit', resolved));
    this.#server.kill();
    await ended;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
