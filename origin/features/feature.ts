// What a feature of the service is: what it answers, what it does by itself, what it shows, and how it ends. start.ts lists all of
// them and collects the rest from that list, so a loop that a feature makes is started, shown in /health and stopped.

import type { Logger } from 'pino';
import type { Registry } from 'prom-client';
import type { Route } from '../api/http/route.ts';
import type { Config } from '../config.ts';
import type { Database } from '../db/client.ts';
import type { EdgeClient } from '../edge/edge-client.ts';
import type { Loop } from '../loop.ts';
import type { KeyWatch } from '../secrets/shown-key.ts';

export interface Feature {
  /** What partners and operators call. */
  readonly routes: readonly Route[];
  readonly loops: readonly Loop[];
  /** Each makes metrics that are read from the database when somebody looks. */
  readonly gauges: readonly ((registry: Registry) => void)[];
  /** What its loops wait for when the service starts: payouts ask whether the database was set back. */
  readonly beforeLoops?: () => Promise<void>;
  /** Finishes what is in hand. Called when its loops are stopped, and after the features that stand on it are closed. */
  readonly close: () => Promise<void>;
}

/** What every feature is made of. */
export interface Ground {
  readonly config: Config;
  /** The loops'. */
  readonly database: Database;
  /** A pool of its own for what partners and operators call, so that no number of calls leaves the loops without a connection. */
  readonly apiDatabase: Database;
  readonly edge: EdgeClient;
  readonly registry: Registry;
  /** Of keys that we show; absent in tests. */
  readonly keyWatch?: KeyWatch;
  readonly log: Logger;
}

/** Of a feature that has nothing to finish. */
export const nothingToClose = (): Promise<void> => Promise.resolve();
