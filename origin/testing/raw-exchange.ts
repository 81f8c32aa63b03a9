// A request as its bytes, over a socket of its own, for what no client library would write.

import { connect } from 'node:net';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { type Listening, listen } from '../listen.ts';
import { SampleApi } from './sample-api.ts';

/** The API behind a door of its own, as who connects finds it. */
export async function openSampleDoor(): Promise<{ readonly api: SampleApi; readonly door: Listening }> {
  const api = await SampleApi.start(await createTestDatabase());
  const bounds = { CONNECTIONS_MAX: 200, CONNECTIONS_PER_ADDRESS_MAX: 100, TRUSTED_PROXIES: [] };
  return { api, door: await listen(api.app.fetch, { host: '127.0.0.1', port: 0 }, bounds) };
}

/** All that comes back until the other side closes, which a last request asks for. */
export function exchangeRaw(url: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(Number(new URL(url).port), '127.0.0.1');
    let answer = '';
    socket.on('data', (chunk) => {
      answer += String(chunk);
    });
    socket.on('close', () => resolve(answer));
    socket.setTimeout(15_000, () => socket.destroy(new Error(`nothing closed it: ${answer}`)));
    socket.on('error', reject);
    socket.write(text);
  });
}

export const statusesOf = (answer: string) =>
  [...answer.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
