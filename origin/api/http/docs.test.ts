import { beforeAll, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { SampleApi } from '../../testing/sample-api.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  return () => api.close();
});

const policyOf = (headers: Headers) =>
  new Map(
    (headers.get('content-security-policy') ?? '').split('; ').map((part) => {
      const [name = '', ...sources] = part.split(' ');
      return [name, sources.join(' ')];
    }),
  );

describe('the page at /docs', () => {
  test('is served without a key, and everything that it loads comes from here', async () => {
    const page = await api.app.request('/docs');
    expect([page.status, page.headers.get('content-type')]).toEqual([200, 'text/html; charset=UTF-8']);
    const html = await page.text();
    const loaded = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, url = '']) => url);
    expect(loaded).toEqual(['/docs/swagger-ui.css', '/docs/swagger-ui-bundle.js', '/docs/start.js']);
    const types = await Promise.all(
      loaded.map(async (url) => {
        const asset = await api.app.request(url);
        expect((await asset.text()).length).toBeGreaterThan(50);
        expect(asset.headers.get('x-content-type-options')).toBe('nosniff');
        return [asset.status, asset.headers.get('content-type')];
      }),
    );
    const script = [200, 'text/javascript; charset=utf-8'];
    expect(types).toEqual([[200, 'text/css; charset=utf-8'], script, script]);
  });

  test('lets no script, style or connection in but our own', async () => {
    const page = await api.app.request('/docs');
    const html = await page.text();
    const policy = policyOf(page.headers);
    expect(policy.get('default-src')).toBe("'none'");
    expect(policy.get('script-src')).toBe("'self'");
    expect(policy.get('connect-src')).toBe("'self'");
    expect(policy.get('frame-ancestors')).toBe("'none'");
    // What the policy would not run is not there.
    expect(html).not.toMatch(/<script(?![^>]*\ssrc=)|\son\w+=/);
    expect(await (await api.app.request('/docs/start.js')).text()).toContain("'/openapi.json'");
  });

  test('says which versions there are, where the Link of a deprecated one leads', async () => {
    const html = await (await api.app.request('/docs')).text();
    const section = /<section id="versions"[\s\S]*<\/section>/.exec(html)?.[0] ?? '';
    expect(section).toContain('application/vnd.atlas.v1+json</code>: current');
    expect(section).toContain('v0+json</code>: deprecated since 2026-11-01, answered until 2027-11-01');
  });

  test('reads the document, which names every operation with its scope', async () => {
    const answer = await api.app.request('/openapi.json');
    expect([answer.status, answer.headers.get('content-type')]).toEqual([200, 'application/json']);
    const document = (await answer.json()) as { paths: Record<string, Record<string, object>> };
    expect(document.paths['/settlements']?.['post']).toMatchObject({
      operationId: 'createSettlement',
      'x-scope': 'settlements:write',
    });
  });
});
