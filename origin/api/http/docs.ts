// GET /openapi.json and a page to read it at /docs. swagger-ui-dist: the reference page for OpenAPI, served from here, so that
// nothing is loaded from elsewhere and the page works offline.

import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { refusal } from '../../errors.ts';
import { createBuckets } from '../identity/guesses.ts';
import type { ApiApp } from './mount.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
import { takesGzip } from './send-body.ts';
import { type ApiVersion, mediaType, newest, versions } from './versions.ts';

const require = createRequire(import.meta.url);

const assets = [
  ['swagger-ui.css', 'text/css; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui.css')],
  ['swagger-ui-bundle.js', 'text/javascript; charset=utf-8', require.resolve('swagger-ui-dist/swagger-ui-bundle.js')],
] as const;

const page = `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><title>Atlas API</title><meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="/docs/swagger-ui.css"></head>
<body><div id="page"></div>
<section id="versions" class="swagger-ui"><div class="wrapper"><h2>Versions</h2><ul>
${versions.map(versionItem).join('\n')}
</ul></div></section>
<script src="/docs/swagger-ui-bundle.js"></script><script src="/docs/start.js"></script></body>
</html>`;

const start = `SwaggerUIBundle({ url: '/openapi.json', dom_id: '#page', deepLinking: true, defaultModelsExpandDepth: 0 });`;

/** No script, style or connection but our own; the page's own styles are inline. */
const policy =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; frame-ancestors 'none'; base-uri 'none'";

/** Where the Link header of a deprecated version leads to. */
function versionItem(version: ApiVersion): string {
  const name = `<code>${mediaType(version)}</code>`;
  if (version.deprecated === null) return `<li>${name}: current.</li>`;
  const { since, sunset } = version.deprecated;
  const [from, until] = [since, sunset].map((instant) => instant.toISOString().slice(0, 10));
  return `<li>${name}: deprecated since ${from}, answered until ${until}. Move to ${mediaType(newest)}.</li>`;
}

interface Page {
  readonly path: string;
  readonly body: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}
export type Docs = readonly Page[];

/** Of one address in a minute: a person who reads loads five pages. */
const pagesPerMinute = 120;

/** All pages, read and put together once. */
export function makeDocs(routes: readonly Route[]): Docs {
  const script = 'text/javascript; charset=utf-8';
  const pageOf = (path: string, type: string, content: string | Buffer, more: Record<string, string> = {}): Page => {
    const body = new Uint8Array(Buffer.from(content));
    const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
    // Asked again after five minutes, and answered by 304 until a release changes it.
    const cached = { etag, 'cache-control': 'public, max-age=300', vary: 'Accept-Encoding' };
    return { path, body, headers: { 'content-type': type, ...cached, ...more } };
  };
  return [
    pageOf('/openapi.json', 'application/json', JSON.stringify(openApiDocument(routes))),
    pageOf('/docs', 'text/html; charset=UTF-8', page, { 'content-security-policy': policy }),
    pageOf('/docs/start.js', script, start),
    ...assets.map(([name, type, path]) => pageOf(`/docs/${name}`, type, readFileSync(path))),
  ];
}

const compress = promisify(gzip);

/** Each page is compressed once, when somebody asks for it so, and beside the event loop: the largest has 1.5 MB. */
export function mountDocs(app: ApiApp, docs: Docs): void {
  const perAddress = createBuckets(pagesPerMinute);
  for (const { path, body, headers } of docs) {
    let compressing: Promise<Uint8Array<ArrayBuffer>> | null = null;
    const { etag = '' } = headers;
    // Other bytes, so another name (RFC 9110, 8.8.3).
    const etagCompressed = etag.replace(/"$/, '-gzip"');
    app.get(path, async (context) => {
      if (!perAddress.take(context.get('address').network)) throw refusal('too_many_requests');
      const known = context.req.header('if-none-match');
      if (known === etag || known === etagCompressed) return context.body(null, 304, { ...headers, etag: known });
      if (!takesGzip(context.req.header('accept-encoding'))) return context.body(body, 200, headers);
      compressing ??= compress(body).then((compressed) => new Uint8Array(compressed));
      const more = { etag: etagCompressed, 'content-encoding': 'gzip' };
      return context.body(await compressing, 200, { ...headers, ...more });
    });
  }
}
