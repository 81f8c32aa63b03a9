// The Dockerfile copies every room that the origin reads, and the packages that it imports are not for development alone. There may be no
// container engine where this runs; `.ci/run` builds the image where there is one.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');
const textOf = (name: string) => readFileSync(join(root, name), 'utf8');

test('the Dockerfile has all that the origin needs', async () => {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: ['origin/main.ts', 'origin/migrate.ts'],
    ...{ bundle: true, write: false, outdir: 'dist', metafile: true, logLevel: 'silent' },
    ...{ platform: 'node', format: 'esm', packages: 'external' },
  });
  const rooms = new Set(Object.keys(metafile.inputs).map((path) => path.split('/')[0]));
  const copied = [...textOf('Dockerfile').matchAll(/^COPY (\w+) \1$/gm)].map(([, name]) => name);
  expect(copied.toSorted()).toEqual([...rooms, 'migrations'].toSorted());
  const shown = textOf('.dockerignore').split('\n');
  for (const room of copied) expect(shown).toContain(`!${room}`);

  const { dependencies } = JSON.parse(textOf('package.json')) as { dependencies: Record<string, string> };
  const imported = Object.values(metafile.inputs).flatMap(({ imports }) =>
    imports.filter(({ external, path }) => external === true && !path.startsWith('node:')).map(({ path }) => path),
  );
  const names = new Set(
    imported.map((path) =>
      path
        .split('/')
        .slice(0, path.startsWith('@') ? 2 : 1)
        .join('/'),
    ),
  );
  expect([...names].filter((name) => !(name in dependencies))).toEqual([]);
});

test('it runs as another user than root, and receives signals itself', () => {
  const last =
    textOf('Dockerfile')
      .split(/^FROM /m)
      .at(-1) ?? '';
  expect(last).toMatch(/^USER node$/m);
  expect(last).toMatch(/^CMD \["node", "origin\/main\.ts"\]$/m);
  expect(last).toContain('COPY --from=packages');
});
