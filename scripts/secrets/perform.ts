// npm run secrets: what needs the origin's whole configuration.

import { readConfig } from '../../origin/config.ts';
import { openDatabase } from '../../origin/db/client.ts';
import { createSecretBox } from '../../origin/notify/secret-box.ts';
import { reseal, sealedRows } from '../../origin/secrets/reseal.ts';
import { sealingKeys } from '../../origin/secrets/sealing-keys.ts';
import { portBaseWord } from '../dev/home.ts';
import { settingsOfRunning } from '../dev/origin-settings.ts';

export async function performWithConfiguration(command: 'check' | 'status' | 'reseal'): Promise<object> {
  const isOfRunning = portBaseWord() !== null;
  const config = readConfig(isOfRunning ? settingsOfRunning() : process.env);
  if (command === 'check') return { configuration: 'good', environment: config.ENVIRONMENT };
  const box = createSecretBox(sealingKeys(config));
  const database = openDatabase({ url: config.DATABASE_URL, poolMax: 1, onIdleError: () => {} });
  try {
    return command === 'status' ? await sealedRows(database.sql, box) : await reseal(database.sql, box);
  } finally {
    await database.close();
  }
}
