// A request as its bytes, over a socket of its own, for what no client library would write.

import { connect } from 'node:net';

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
