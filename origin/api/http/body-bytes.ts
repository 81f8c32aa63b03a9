// The bytes of a request's body, taken from Node's own message where there is one: the standard's stream on top of it (`Request.body`)
// costs a seventh of all that the process computes for a request.

import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context } from 'hono';

export type BodyBytes = Buffer | 'too_large' | 'broken_off';

/** Whether the request has a body, by its headers (RFC 9112, 6.3), without touching it. */
export function hasBody(context: Context): boolean {
  const length = context.req.header('content-length');
  return (length !== undefined && length !== '0') || context.req.header('transfer-encoding') !== undefined;
}

/** Read piece by piece: a body that does not declare its length must not fill the memory first. Empty where none was sent. */
export async function bodyBytes(context: Context, bytesMax: number): Promise<BodyBytes> {
  const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
  if (incoming !== undefined && 'readableEnded' in incoming) return await fromMessage(incoming, bytesMax);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of context.req.raw.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) return 'too_large';
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** What is not read stays in the message, which is not destroyed: its answer has to reach the caller first (unread-bodies.ts). */
function fromMessage(incoming: IncomingMessage, bytesMax: number): Promise<BodyBytes> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const { promise, resolve } = Promise.withResolvers<BodyBytes>();
  const end = (result: BodyBytes): void => {
    incoming.off('data', add).off('end', finish).off('error', breakOff).off('close', breakOff);
    incoming.pause();
    resolve(result);
  };
  const add = (chunk: Buffer): void => {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) end('too_large');
    else chunks.push(chunk);
  };
  const finish = () => end(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks));
  const breakOff = () => end('broken_off');
  if (incoming.readableEnded || incoming.destroyed) finish();
  else incoming.on('data', add).on('end', finish).on('error', breakOff).on('close', breakOff);
  return promise;
}
