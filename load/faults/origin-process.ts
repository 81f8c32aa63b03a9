// The origin as a process of its own, as it is deployed: `node origin/main.ts` and its environment.

import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { demo } from '../../scripts/dev/demo.ts';
import { edgeVars } from '../edge-cards.ts';

export interface OriginProcess {
  readonly url: string;
  readonly pid: number;
  /** SIGTERM: it finishes what is in hand. */
  stop(): Promise<void>;
}

export interface OriginOptions {
  readonly port: number;
  readonly databaseUrl: string;
  readonly edgeUrl: string;
  /** Where its log goes. */
  readonly directory: string;
  /** Its program; this tree's where none is given. */
  readonly program?: string;
  /** Of its environment, beside what every origin needs. */
  readonly environment?: Readonly<Record<string, string>>;
}

const ownProgram = join(import.meta.dirname, '../../origin/main.ts');
/** Of a machine that does much else too; a start takes a second. */
const readyWithinMs = 90_000;

export async function startOrigin(options: OriginOptions): Promise<OriginProcess> {
  const { port, databaseUrl, edgeUrl, directory, environment = {}, program = ownProgram } = options;
  const url = `http://127.0.0.1:${port}`;
  const logPath = join(directory, 'origin.log');
  const log = openSync(logPath, 'a');
  const child = spawn(process.execPath, [program], {
    stdio: ['ignore', log, log],
    env: {
      ...process.env,
      ENVIRONMENT: 'development',
      PORT: `${port}`,
      DATABASE_URL: databaseUrl,
      EDGE_URL: edgeUrl,
      API_KEY: demo.apiKey,
      INTERNAL_SECRET: edgeVars.INTERNAL_SECRET,
      LOG_LEVEL: 'warn',
      LOG_FORMAT: 'json',
      ...environment,
    },
  });
  closeSync(log);
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const untilMs = Date.now() + readyWithinMs;
  while (!(await isReady(url))) {
    if (child.exitCode !== null || Date.now() > untilMs) {
      child.kill('SIGKILL');
      throw new Error(`the origin did not start: ${readFileSync(logPath, 'utf8').slice(-2_000)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return {
    url,
    pid: child.pid ?? 0,
    async stop() {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

async function isReady(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/readyz`);
    await answer.arrayBuffer();
    return answer.ok;
  } catch {
    return false;
  }
}
