// What a development system calls the edge's bundle: wrangler builds it there, so it is named by the source that it is built of. An edge
// that is started again from other source than the origin was started with is named in /health, as after a deployment.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { idOfModules } from '../build-edge.ts';
import { projectRoot } from './home.ts';

const folders = ['contracts', 'core', 'durable-objects', 'worker'];

export function bundleId(): string {
  const files = folders.flatMap((folder) =>
    readdirSync(join(projectRoot, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
      .map((name) => join(projectRoot, folder, name)),
  );
  return idOfModules(files.toSorted());
}
