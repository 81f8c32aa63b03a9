// A door before a process that is exchanged: calls that come meanwhile wait, as they do in a deployment without a pause. It changes nothing
// of a call or of its answer, so whatever is refused was refused by the process behind it.

import { createServer, type IncomingMessage, type ServerResponse, request as send } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Door {
  readonly url: string;
  /** Lets what is inside finish, exchanges what is behind it, and opens again. The first exchange opens it. */
  exchange(behind: () => Promise<string>): Promise<void>;
  close(): Promise<void>;
}

export async function startDoor(): Promise<Door> {
  let inside = 0;
  let target = '';
  let open = Promise.withResolvers<void>();
  let left: (() => void) | null = null;

  async function pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    await open.promise;
    inside += 1;
    const leave = () => {
      inside -= 1;
      if (inside === 0) left?.();
    };
    answer.once('close', leave);
    const { method, headers, url } = asked;
    const onward = send(new URL(url ?? '/', target), { method, headers, agent: false }, (answered) => {
      answer.writeHead(answered.statusCode ?? 502, answered.headers);
      answered.pipe(answer);
    });
    onward.once('error', () => answer.destroy());
    asked.pipe(onward);
  }

  const server = createServer((asked, answer) => void pass(asked, answer));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async exchange(behind) {
      const wasOpen = target !== '';
      if (wasOpen) open = Promise.withResolvers<void>();
      if (inside > 0)
        await new Promise<void>((resolve) => {
          left = resolve;
        });
      left = null;
      target = await behind();
      open.resolve();
    },
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
