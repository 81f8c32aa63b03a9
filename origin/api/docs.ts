// GET /openapi.json and a page to read it at /docs. swagger-ui-dist: the reference page for OpenAPI, served from here, so that
// nothing is loaded from elsewhere and the page works offline.

import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { ApiApp } from './mount.ts';
import { openApiDocument } from './openapi.ts';
import type { Route } from './route.ts';
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

export function mountDocs(app: ApiApp, routes: readonly Route[]): void {
  const document = JSON.stringify(openApiDocument(routes), null, 2);
  app.get('/openapi.json', (context) => context.body(document, 200, { 'content-type': 'application/json' }));
  app.get('/docs', (context) => context.html(page, 200, { 'content-security-policy': policy }));
  app.get('/docs/start.js', (context) =>
    context.body(start, 200, { 'content-type': 'text/javascript; charset=utf-8' }),
  );
  for (const [name, type, path] of assets)
    app.get(`/docs/${name}`, (context) =>
      context.body(new Uint8Array(readFileSync(path)), 200, { 'content-type': type }),
    );
}
