// node scripts/api-examples.ts, then npm run format: records origin/api/http/examples.json, an example of each operation of the API, from a service of its
// own.

import { writeFile } from 'node:fs/promises';
import { migrate } from '../origin/db/migrate.ts';
import { recordExamples } from '../origin/testing/record-examples.ts';
import { SampleWorld } from '../origin/testing/sample-world.ts';
import { startTemporaryPostgres } from './temporary-postgres.ts';

const server = await startTemporaryPostgres();
try {
  await migrate(server.url);
  const world = await SampleWorld.start(server.url);
  const examples = await recordExamples(world);
  await writeFile(
    new URL('../origin/api/http/examples.json', import.meta.url),
    `${JSON.stringify(examples, null, 2)}\n`,
  );
  await world.api.close();
} finally {
  await server.stop();
}
