// A request may be answered before its body has come: a refusal by its headers, its quota or its size. The caller is still sending then.
// Closing the connection with bytes in it that nobody read makes the kernel answer with a reset, which may reach the caller
// before our answer, or end its next request on the same connection. So the rest of the body is read and thrown away first.

import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** A caller that sends on after its answer: as much of it is read; the largest body that any partner's route takes is a sixteenth of it. */
const unreadBytesMax = 1024 * 1024;
/** How long a connection that is to be closed stays open for its caller to read the answer. A reset needs one round trip. */
const lingerMs = 2_000;

/** To be called for each request, before the application is. */
export function readWhatIsLeft(incoming: IncomingMessage, outgoing: ServerResponse): void {
  // More than we would throw away: the connection ends with this answer, and the caller is told so in it. Such a body is
  // a mistake, or a batch of the edge, for which a new connection is cheap.
  if (Number(incoming.headers['content-length'] ?? 0) > unreadBytesMax) outgoing.shouldKeepAlive = false;
  outgoing.once('finish', () => {
    if (incoming.readableEnded || incoming.destroyed) return;
    let bytes = 0;
    // Whoever has begun to read is gone, and would stop the flow when its own buffer is full.
    incoming.removeAllListeners('data');
    incoming.on('data', (chunk: Buffer) => {
      bytes += chunk.byteLength;
      if (bytes > unreadBytesMax) incoming.socket.destroy();
    });
    // Broken off by its caller: nobody waits for it any more.
    incoming.on('error', () => {});
    // Ends with the body, or with the bound on a whole request (requestMsMax).
    incoming.resume();
  });
}

/**
 * Makes a connection close so that its caller reads the last answer: Node's own way (`destroySoon`, when `Connection: close` was
 * said) closes both directions at once, whatever is still coming.
 */
export function closeGently(socket: Socket): void {
  socket.destroySoon = () => endAfterAnswer(socket);
}

/** Sends `lastWords` if any, says that nothing more comes, and throws away what the other side sends until it closes too. */
export function endAfterAnswer(socket: Socket, lastWords = ''): void {
  const deadline = setTimeout(() => socket.destroy(), lingerMs);
  socket.once('close', () => clearTimeout(deadline));
  socket.once('end', () => socket.destroy());
  socket.end(lastWords);
}
