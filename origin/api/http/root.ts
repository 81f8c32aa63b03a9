// GET /: where to go from here. A browser is led to the page of the API; a program gets the addresses that there are.

import { accepts } from 'hono/accepts';
import { answer } from './answer.ts';
import type { ApiApp } from './mount.ts';

export function mountRoot(app: ApiApp, { hasDocs }: { readonly hasDocs: boolean }): void {
  const addresses = {
    livez: '/livez',
    readyz: '/readyz',
    ...(hasDocs ? { docs: '/docs', openapi: '/openapi.json' } : {}),
  };
  app.get('/', (context) => {
    context.header('vary', 'Accept');
    const type = accepts(context, {
      header: 'Accept',
      supports: ['application/json', 'text/html'],
      default: 'application/json',
    });
    if (hasDocs && type === 'text/html') return context.redirect('/docs');
    return answer(context, { service: 'atlas', ...addresses });
  });
}
