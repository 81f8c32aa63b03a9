// A body as its caller gets it: compressed where the caller takes gzip and the body is long enough to be worth it. In one stretch, by
// zlib at its fastest: for a page of a hundred 0.08 ms and a sixth of its bytes. zlib's thread pool costs twice to ten times that, and a
// stream (hono/compress, which is why it is not used) four to twenty times. No answer is compressed in which a secret stands beside
// text that a stranger chose: keys are shown once, to who asked for them, and no browser adds credentials by itself.

import { gzipSync } from 'node:zlib';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';

/** Bytes; below it a header more and the wait for the other side to unpack are worth what is saved. */
const compressedFromBytes = 1_024;

/** Bytes from which on compressing in one stretch would keep others waiting for more than a millisecond. No page is so long. */
const compressedToBytes = 512 * 1_024;

export function sendBody(
  context: Context,
  body: string | Uint8Array<ArrayBuffer>,
  { status, headers = {} }: { status: number; headers?: Readonly<Record<string, string>> },
): Response {
  // A text has at most three bytes for each of its units, so a short one need not be encoded to be known as short.
  const bytes = typeof body === 'string' && body.length * 3 < compressedFromBytes ? null : Buffer.from(body);
  if (bytes === null || !isWorthIt(bytes) || !takesGzip(context.req.header('accept-encoding')))
    return context.body(body, status as ContentfulStatusCode, { ...headers });
  const compressed = new Uint8Array(gzipSync(bytes, { level: 1 }));
  return context.body(compressed, status as ContentfulStatusCode, { ...headers, 'content-encoding': 'gzip' });
}

function isWorthIt({ byteLength }: Uint8Array): boolean {
  return byteLength >= compressedFromBytes && byteLength <= compressedToBytes;
}

/** RFC 9110, 12.5.3: by its name, or by a star where it is not named; a weight of 0 forbids it. */
export function takesGzip(header = ''): boolean {
  const offers = header.split(',').map((offer) => offer.toLowerCase().replaceAll(/\s/g, '').split(';'));
  const offer = offers.find(([coding]) => coding === 'gzip') ?? offers.find(([coding]) => coding === '*');
  return offer !== undefined && !offer.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
}
