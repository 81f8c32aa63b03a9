// A relay of TCP connections that can be cut: what is behind it looks away to who connects, and is not touched.

import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';

export interface TcpRelay {
  readonly port: number;
  /** Connections are refused, and those that were open are reset. */
  cut(): Promise<void>;
  /** On the same port. */
  mend(): Promise<void>;
  /** What is open stays open, and nothing passes in either way: as of a router that has forgotten its connections, or a frozen host. */
  silence(): void;
  /** Only those that come from now on pass: what was silent stays so. */
  passNewOnes(): void;
  close(): Promise<void>;
}

/** Passes what comes that much later, in its order: half of a round trip. */
function later(ms: number): Transform {
  return new Transform({
    // Several are under way at one time, as on a wire: a chunk is taken at once, and handed on when its time has come.
    transform(chunk, _encoding, taken) {
      setTimeout(() => {
        if (!this.destroyed) this.push(chunk);
      }, ms);
      taken();
    },
    flush(ended) {
      setTimeout(ended, ms);
    },
  });
}

interface RelayOptions {
  /** Of each way; 0 where it is not said. */
  readonly delayMs?: number;
}

export async function startTcpRelay(
  target: { readonly host: string; readonly port: number },
  { delayMs = 0 }: RelayOptions = {},
): Promise<TcpRelay> {
  const sockets = new Set<Socket>();
  const keep = (socket: Socket, other: () => Socket): void => {
    sockets.add(socket);
    // Whatever ends one side ends the other.
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      other().destroy();
    });
  };
  const pairs = new Set<readonly [Socket, Socket]>();
  let isSilent = false;
  const stopPassing = ([near, far]: readonly [Socket, Socket]): void => {
    near.unpipe(far);
    far.unpipe(near);
    near.pause();
    far.pause();
  };
  const server = createServer((near) => {
    const far = connect(target);
    keep(near, () => far);
    keep(far, () => near);
    if (delayMs === 0) near.pipe(far).pipe(near);
    else near.pipe(later(delayMs)).pipe(far).pipe(later(delayMs)).pipe(near);
    const pair = [near, far] as const;
    pairs.add(pair);
    near.on('close', () => pairs.delete(pair));
    if (isSilent) stopPassing(pair);
  });
  const listen = (port: number) =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(port, '127.0.0.1', () => {
        server.off('error', reject);
        resolve();
      });
    });
  await listen(0);
  const { port } = server.address() as AddressInfo;
  const cut = async () => {
    if (!server.listening) return;
    const closed = new Promise((resolve) => server.close(resolve));
    for (const socket of sockets) socket.resetAndDestroy();
    await closed;
  };
  const silence = () => {
    isSilent = true;
    for (const pair of pairs) stopPassing(pair);
  };
  const passNewOnes = () => {
    isSilent = false;
  };
  return { port, cut, mend: () => listen(port), silence, passNewOnes, close: cut };
}
