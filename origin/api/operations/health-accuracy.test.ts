// /health and /readyz say exactly what is so: whatever fails, alone or together, is named within seconds, nothing else is, and when
// it is over they are green again. Real loops, a real guard of a provider, a real database behind a switch.

import fc from 'fast-check';
import { Hono } from 'hono';
import { pino } from 'pino';
import { Registry } from 'prom-client';
import { beforeAll, expect, test } from 'vitest';
import { asOwner, createTestDatabase } from '../../../scripts/test-postgres.ts';
import { until } from '../../../scripts/test-waiting.ts';
import { type Database, openDatabase } from '../../db/client.ts';
import { createEdgeClient } from '../../edge/edge-client.ts';
import { createLoop } from '../../loop.ts';
import { raiseOpenItems } from '../../open-items/raise.ts';
import { availability } from '../../providers/choose-provider.ts';
import { guarded } from '../../providers/guarded.ts';
import { createProviderMetrics } from '../../providers/provider-metrics.ts';
import { sampleSubmission } from '../../testing/sample-submission.ts';
import { down, paid, scripted } from '../../testing/scripted-provider.ts';
import { type StandInEdge, startStandInEdge } from '../../testing/stand-in-edge.ts';
import { health, readyz } from './health.ts';

const log = pino({ level: 'silent' });
/** Within which a fault is told, and its end. A check waits two seconds for a database that is slow, a loop one after it failed. */
const boundMs = 10_000;

let url: string;
let database: Database;
let edge: StandInEdge;

beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 8, onIdleError: () => {} });
  edge = await startStandInEdge();
  return async () => {
    await database.close();
    await edge.close();
  };
});

type DatabaseState = 'up' | 'away' | 'slow';
type LoopState = 'runs' | 'fails' | 'hangs';

interface Faults {
  readonly database: DatabaseState;
  readonly edge: boolean;
  readonly provider: boolean;
  readonly loops: readonly LoopState[];
  readonly oldItem: boolean;
  readonly oldGap: boolean;
  readonly stopping: boolean;
}

const sound: Faults = {
  ...{ database: 'up', edge: false, provider: false, loops: ['runs', 'runs'] },
  ...{ oldItem: false, oldGap: false, stopping: false },
};

/** What the two must say. */
function expectedOf(faults: Faults) {
  const ill = faults.database !== 'up';
  const troubled = {
    database: ill,
    edge: faults.edge,
    queue: false,
    // What the database cannot tell is not known to be well.
    intake: ill || faults.oldGap,
    'open items': ill || faults.oldItem,
    'fenced cards': ill,
    settlement: ill,
    'provider simulated': faults.provider,
    'loop one': faults.loops[0] !== 'runs',
    'loop two': faults.loops[1] !== 'runs',
  };
  const names = Object.entries(troubled).flatMap(([name, isSo]) => (isSo ? [name] : []));
  return {
    status: ill ? 'unhealthy' : names.length > 0 ? 'degraded' : 'healthy',
    code: ill ? 503 : 200,
    troubled: names,
    ready: ill || faults.stopping ? 503 : 200,
  };
}

class Ground {
  faults: Faults = sound;
  readonly #released: (() => void)[] = [];
  readonly #provider = scripted();
  readonly #guarded = guarded(this.#provider, { metrics: createProviderMetrics(new Registry()), log });
  readonly #app = new Hono();
  readonly loops = ['one', 'two'].map((name, index) =>
    createLoop({ name, log, intervalMs: 1, stillMs: 100, failurePauseMsMax: 1_000, round: () => this.#round(index) }),
  );

  constructor() {
    const { sql } = database;
    const switched = {
      ...database,
      sql: {
        query: async (...given: Parameters<typeof sql.query>) => {
          if (this.faults.database === 'away') throw new Error('Connection terminated unexpectedly');
          if (this.faults.database === 'slow') await new Promise((resolve) => setTimeout(resolve, 2_500));
          return await sql.query(...given);
        },
      } as typeof sql,
    };
    const parts = {
      ...{ database: switched, edge: createEdgeClient(edge), pulls: [], loops: this.loops },
      engine: { state: () => ({ ...availability([this.#guarded]), in_hand: 0, failures: 0, unconfigured: [] }) },
      ...{ openItemAgeMsMax: 60_000, isStopping: () => this.faults.stopping },
    };
    this.#app.get('/health', health(parts));
    this.#app.get('/readyz', readyz(parts));
    for (const loop of this.loops) loop.start();
  }

  async set(faults: Faults): Promise<void> {
    const before = this.faults;
    this.faults = faults;
    edge.away = faults.edge;
    for (const release of this.#released.splice(0)) release();
    if (before.provider !== faults.provider) {
      this.#provider.answer = () => Promise.resolve(faults.provider ? down : paid);
      await this.#guarded.submit(sampleSubmission({}), AbortSignal.timeout(1_000));
    }
    await asOwner(url, async (sql) => {
      await sql.query(
        `update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss' where status = 'open'`,
      );
      if (faults.oldItem) {
        await raiseOpenItems(sql, [{ kind: 'return_short', key: `${Math.random()}`, summary: 'Short.', evidence: {} }]);
        await sql.query(`update open_items set opened_at = now() - interval '1 hour' where status = 'open'`);
      }
      await sql.query('update card_streams set applied_sequence = seen_sequence');
      if (!faults.oldGap) return;
      await sql.query(`
        with stream as (
          insert into card_streams (network, card_token, seen_sequence) values ('native', 'gap-${Math.random()}', 2) returning stream_id
        )
        insert into card_events (stream_id, sequence, kind, received_at)
        select stream_id, 2, 'unreadable', now() - interval '1 hour' from stream`);
    });
  }

  async said() {
    const read = await this.#app.request('/health');
    const body = (await read.json()) as { status: string; dependencies: { name: string; status: string }[] };
    const troubled = body.dependencies.flatMap(({ name, status }) => (status === 'healthy' ? [] : [name]));
    return { status: body.status, code: read.status, troubled, ready: (await this.#app.request('/readyz')).status };
  }

  async close(): Promise<void> {
    await this.set(sound);
    await Promise.all(this.loops.map((loop) => loop.stop()));
  }

  #round(index: number): Promise<boolean> {
    switch (this.faults.loops[index]) {
      case 'fails':
        return Promise.reject(new Error('broken'));
      case 'hangs':
        return new Promise((resolve) => this.#released.push(() => resolve(false)));
      default:
        return Promise.resolve(false);
    }
  }
}

const drawn: fc.Arbitrary<Faults> = fc.record({
  database: fc.constantFrom('up', 'up', 'up', 'away', 'slow'),
  edge: fc.boolean(),
  provider: fc.boolean(),
  loops: fc.tuple(fc.constantFrom('runs', 'fails', 'hangs'), fc.constantFrom('runs', 'runs', 'fails', 'hangs')),
  oldItem: fc.boolean(),
  oldGap: fc.boolean(),
  stopping: fc.boolean(),
});

test('health accuracy: whatever fails is told, exactly that, and nothing any more when it is over', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(drawn, { minLength: 1, maxLength: 2 }), async (sequence) => {
      const ground = new Ground();
      try {
        for (const faults of [...sequence, sound]) {
          await ground.set(faults);
          const expected = expectedOf(faults);
          const said = await until(
            () => ground.said(),
            (seen) => JSON.stringify(seen) === JSON.stringify(expected),
            boundMs,
          ).catch(() => ground.said());
          expect(said).toEqual(expected);
        }
      } finally {
        await ground.close();
      }
    }),
    { numRuns: 12 },
  );
}, 240_000);
