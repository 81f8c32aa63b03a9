// Requests whose head can be read in two ways are answered 400 before any route: a proxy, a log or a rule of a firewall would have read the
// other way. Example: `/livez/../settlements` is `/settlements` to the router, and something below `/livez` to a proxy that lets only that through. What says two
// things about where a request ends, Node refuses itself (origin/raw-requests.test.ts).

import type { IncomingMessage } from 'node:http';
import type { HttpBindings } from '@hono/node-server';
import type { Context, MiddlewareHandler } from 'hono';
import { refusal } from '../../errors.ts';
import { hasBody } from './body-bytes.ts';

/** Scheme and host of an absolute form (RFC 9112 section 3.2.2), which every server has to take. */
const absolute = /^https?:\/\/[^/?#]*/i;
/** Segments that go up or nowhere, empty ones, and signs that some take for a slash or for an end: written, or percent-encoded, once or twice. */
const ambiguous = /\/\.{1,2}(?:\/|$)|\/\/|[\\;\p{Cc}#]|%(?:25)*(?:2e|2f|5c|3b|[01][\da-f]|7f)/iu;

export function requirePlainHead(): MiddlewareHandler {
  return async (context, next) => {
    const { incoming } = (context.env ?? {}) as Partial<HttpBindings>;
    const problem = incoming === undefined ? null : problemOf(incoming);
    if (problem !== null) throw refusal('head_ambiguous', [problem]);
    if (isEncoded(context)) throw refusal('content_encoding_unsupported');
    await next();
  };
}

/** A reader that heeds the header would read another body than one that does not. */
function isEncoded(context: Context): boolean {
  const encodings = context.req.header('content-encoding');
  if (encodings === undefined || !/[^\s,]/.test(encodings.toLowerCase().replaceAll('identity', ''))) return false;
  return hasBody(context) || context.req.raw.body !== null;
}

type Head = Pick<IncomingMessage, 'url' | 'rawHeaders' | 'headers' | 'httpVersion'>;

function problemOf({ url = '', rawHeaders, headers, httpVersion }: Head) {
  // Node's parser takes `HTTP/2.0` in a request line too, in which nothing of HTTP/2 is.
  if (!/^1\.[01]$/.test(httpVersion)) return { field: 'version', problem: 'must be HTTP/1.1' };
  const [path = ''] = url.replace(absolute, '').split('?');
  if (ambiguous.test(path)) return { field: 'path', problem: 'has a segment or a sign that can be read in two ways' };
  const host = headers.host ?? '';
  if (httpVersion === '1.1' && !/^[\w.:[\]-]+$/.test(host))
    return { field: 'host', problem: 'must be one name or address, with a port where it has one' };
  const [named] = absolute.exec(url) ?? [];
  if (named !== undefined && named.replace(/^.*\/\//, '').toLowerCase() !== host.toLowerCase())
    return { field: 'host', problem: 'is another than the one of the path' };
  const names = rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  const once = ['host', 'authorization', 'content-type', 'idempotency-key'].find(
    (one) => names.indexOf(one) !== names.lastIndexOf(one),
  );
  if (once !== undefined) return { field: once, problem: 'is given more than once' };
  // Node takes `gzip, chunked`, and leaves what was compressed as it is.
  const encoding = headers['transfer-encoding'];
  if (encoding !== undefined && httpVersion === '1.0')
    return { field: 'transfer-encoding', problem: 'must be left out in HTTP/1.0, whose readers do not know it' };
  if (encoding !== undefined && encoding.trim().toLowerCase() !== 'chunked')
    return { field: 'transfer-encoding', problem: 'must be chunked, or be left out' };
  return null;
}
