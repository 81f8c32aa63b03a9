// The audit trail: read by the API, chained as the ledger is, witnessed by signed checkpoints off the host, written to files; and what is removed when its
// time is over.

import { auditRoutes } from '../api/operations/audit-events.ts';
import { newestCheckpoint } from '../audit/checkpoint.ts';
import { createCheckpointLoop } from '../audit/checkpoint-loop.ts';
import { noteIfSetBack } from '../audit/database-set-back.ts';
import { createExportLoop } from '../audit/export-loop.ts';
import { measureProofs } from '../audit/last-proofs.ts';
import { createSealingLoop } from '../audit/sealing.ts';
import { readSigningKeys } from '../audit/signing-key.ts';
import type { Loop } from '../loop.ts';
import { openObjectStore } from '../object-store/open-object-store.ts';
import { createRetentionLoop } from '../retention/remove-old.ts';
import { type Feature, type Ground, nothingToClose } from './feature.ts';

export interface Audit extends Feature {
  /** Notes it in the database where it was set back, so that nothing is paid before that is known. */
  readonly lookIfSetBack: () => Promise<void>;
}

export function createAudit(ground: Ground): Audit {
  const { database, registry, log } = ground;
  return {
    lookIfSetBack: () => lookIfSetBack(ground),
    routes: auditRoutes,
    loops: [
      createSealingLoop({ database, log }),
      ...checkpointLoops(ground),
      createRetentionLoop({ database, registry, log }),
    ],
    gauges: [(shown) => measureProofs(shown, database.sql)],
    close: nothingToClose,
  };
}

/** None where no place for checkpoints is set, which production does not start without. */
function checkpointsOf({ config, keyWatch }: Ground) {
  const { AUDIT_CHECKPOINTS: place, AUDIT_SIGNING_KEY: key } = config;
  if (place === undefined || key === undefined) return null;
  const store = openObjectStore({ setting: 'AUDIT_CHECKPOINTS', place }, config, keyWatch);
  return { store, keys: readSigningKeys('AUDIT_SIGNING_KEY', key) };
}

function checkpointLoops(ground: Ground): Loop[] {
  const { database, log } = ground;
  const checkpoints = checkpointsOf(ground);
  if (checkpoints === null) return [];
  const { store, keys } = checkpoints;
  return [createCheckpointLoop({ database, store, keys, log }), createExportLoop({ database, store, log })];
}

/** A place that cannot be reached stops nobody: the loop of checkpoints looks again. */
async function lookIfSetBack(ground: Ground): Promise<void> {
  const { database, log } = ground;
  const checkpoints = checkpointsOf(ground);
  if (checkpoints === null) return;
  try {
    const newest = await newestCheckpoint(checkpoints.store, checkpoints.keys);
    if (newest !== null) await noteIfSetBack(database.sql, newest.checkpoint);
  } catch (error) {
    log.error({ err: error }, 'whether the database was set back could not be looked at');
  }
}
