// What the doctor looks at, together, so that the driver and the whole configuration are loaded by a doctor that runs, and not by its help.

import { clockChecks } from './clocks.ts';
import { databaseChecks } from './database.ts';
import { edgeChecks } from './edge.ts';
import { nodeCheck, portChecks } from './machine.ts';
import { originChecks } from './origin.ts';
import { secretChecks } from './secrets.ts';

export const looks = {
  node: () => nodeCheck(),
  ports: portChecks,
  origin: originChecks,
  edge: edgeChecks,
  clocks: clockChecks,
  database: databaseChecks,
  secrets: secretChecks,
};
