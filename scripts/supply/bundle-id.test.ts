import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { idOfModules } from '../build-edge.ts';
import { bundleId } from '../dev/bundle-id.ts';

test('the id of a bundle is that of its modules, wherever they lie: one byte, one name or one module more is another', () => {
  const root = mkdtempSync(join(tmpdir(), 'bundle-'));
  const ids = (['here', 'there'] as const).map((folder) => {
    mkdirSync(join(root, folder));
    const paths = ['index.js', 'more.js'].map((name) => join(root, folder, name));
    for (const path of paths) writeFileSync(path, 'export default 1;');
    return idOfModules(paths);
  });
  expect(ids[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(ids[1]).toBe(ids[0]);
  const [index, more, other] = ['index.js', 'more.js', 'other.js'].map((name) => join(root, 'here', name));
  expect(idOfModules([index ?? ''])).not.toBe(ids[0]);
  writeFileSync(other ?? '', 'export default 1;');
  expect(idOfModules([index ?? '', other ?? ''])).not.toBe(ids[0]);
  writeFileSync(more ?? '', 'export default 2;');
  expect(idOfModules([index ?? '', more ?? ''])).not.toBe(ids[0]);
  rmSync(root, { recursive: true });
});

test('a development system names its source alike each time', () => {
  expect(bundleId()).toMatch(/^[0-9a-f]{64}$/);
  expect(bundleId()).toBe(bundleId());
});
