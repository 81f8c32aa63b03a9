// What a process remembers of API keys, beside a model of what the database has said and when: two processes over one database, with
// every read held back before it is made and before it is answered, so that anything may happen in between.

import fc from 'fast-check';
import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../../contracts/ids.ts';
import { createTestDatabase, ownerUrl } from '../../../scripts/test-postgres.ts';
import { type Database, openDatabase, type Sql } from '../../db/client.ts';
import { connectOwner } from '../../db/which-postgres.ts';
import { type Callers, createCallers, newApiKey } from '../identity/caller.ts';
import { createGuesses } from '../identity/guesses.ts';

const guesses = createGuesses({ perAddressPerMinute: 1_000_000, allPerMinute: 1_000_000 });
let url: string;
let database: Database;
let owner: Awaited<ReturnType<typeof connectOwner>>;
beforeAll(async () => {
  url = await createTestDatabase();
  database = openDatabase({ url, poolMax: 10, onIdleError: () => {} });
  owner = await connectOwner(ownerUrl(url));
  // The memory is asked about any change, also about those that the database itself refuses: a key brought back.
  await owner.query('alter table api_keys disable trigger bounded');
  return async () => {
    await owner.end();
    await database.close();
  };
});

/** As caller.ts says it: a change made elsewhere is felt after this at the latest. */
const rememberedMs = 2_000;

/** What a key is good for from some commit on: its scope, one of a kind; null: nothing. */
interface Version {
  readonly scope: string | null;
  readonly fromMs: number;
}

class Key {
  readonly id = newId('akey');
  readonly authorization: string;
  readonly versions: Version[] = [{ scope: 'first', fromMs: 0 }];
  /** In the process that changes keys and is told so: what was committed when it forgot the key last. */
  forgottenAt = 0;
  readonly #hash: Buffer;

  constructor() {
    const { key, hash } = newApiKey();
    this.authorization = `Bearer ${key}`;
    this.#hash = hash;
  }

  async insert(): Promise<void> {
    await owner.query(
      `insert into api_keys (api_key_id, key_hash, shown, name, scopes, expires_at)
       values ($1, $2, 'atlas_123456', 'test', '{first}', 'infinity')`,
      [this.id, this.#hash],
    );
  }

  async change(how: (typeof changes)[number], nowMs: number): Promise<void> {
    const scope = how === 'scope' ? `${this.versions.length}` : null;
    const set = {
      revoke: 'revoked_at = now()',
      expire: `expires_at = now() - interval '1 second'`,
      scope: `revoked_at = null, expires_at = 'infinity', scopes = array['${scope}']`,
    }[how];
    await owner.query(`update api_keys set ${set} where api_key_id = $1`, [this.id]);
    this.versions.push({ scope, fromMs: nowMs });
  }
}

/** Reads that wait: first to be made, then to be answered. */
class Gates {
  readonly waiting: (() => Promise<void>)[] = [];

  sql(): Sql {
    return {
      query: async <Row extends object>(statement: Parameters<Sql['query']>[0]) => {
        const read = await this.#wait(() => database.sql.query<Row>(statement));
        return await this.#wait(() => Promise.resolve(read));
      },
    };
  }

  #wait<T>(act: () => Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      this.waiting.push(() => act().then(resolve, reject));
    });
  }

  /** One that waits goes on, and whoever hears of it has heard of it when this returns. */
  async open(which: number): Promise<void> {
    const [go] = this.waiting.splice(which % Math.max(1, this.waiting.length), 1);
    await go?.();
    await settled();
  }
}

/** Everything that can go on without a gate has gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

const changes = ['revoke', 'expire', 'scope'] as const;
const which = fc.nat(20);
const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ what: fc.constant('identify' as const), key: fc.nat(1), here: fc.boolean() }) },
  { weight: 6, arbitrary: fc.record({ what: fc.constant('go on' as const), which }) },
  {
    weight: 2,
    arbitrary: fc.record({
      what: fc.constant('change' as const),
      key: fc.nat(1),
      how: fc.constantFrom(...changes),
      told: fc.boolean(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ what: fc.constant('forget' as const) }) },
  {
    weight: 2,
    arbitrary: fc.record({ what: fc.constant('wait' as const), ms: fc.constantFrom(1, 700, 1_300, 1_999, 2_000) }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Run {
  readonly keys = [new Key(), new Key()] as const;
  readonly gates = new Gates();
  nowMs = 0;
  /** Changed here and committed; forgetting comes next. */
  readonly #toForget: { key: Key; version: number }[] = [];
  readonly #here: Callers;
  readonly #elsewhere: Callers;
  readonly #identified: Promise<void>[] = [];
  readonly #broken: unknown[] = [];

  constructor() {
    const root = 'a-root-key-that-nobody-uses';
    this.#here = createCallers({ sql: this.gates.sql(), rootKeys: root, guesses, now: () => this.nowMs });
    this.#elsewhere = createCallers({ sql: this.gates.sql(), rootKeys: root, guesses, now: () => this.nowMs });
  }

  async take(one: Step): Promise<void> {
    if (one.what === 'identify') {
      const identified = this.#identify(this.keys[one.key % 2 === 0 ? 0 : 1], one.here);
      this.#identified.push(identified.catch((law: unknown) => void this.#broken.push(law)));
      await settled();
    } else if (one.what === 'go on') await this.gates.open(one.which);
    else if (one.what === 'wait') this.nowMs += one.ms;
    else if (one.what === 'forget') this.#forget();
    else {
      const key = this.keys[one.key % 2 === 0 ? 0 : 1];
      await key.change(one.how, this.nowMs);
      if (one.told) this.#toForget.push({ key, version: key.versions.length - 1 });
    }
  }

  async end(): Promise<void> {
    while (this.gates.waiting.length > 0) await this.gates.open(0);
    await Promise.all(this.#identified);
    for (const law of this.#broken) throw law;
  }

  #forget(): void {
    const next = this.#toForget.shift();
    if (next === undefined) return;
    this.#here.forget(next.key.id);
    next.key.forgottenAt = Math.max(next.key.forgottenAt, next.version);
  }

  /** The law: what is answered was true at some time since the oldest that may be remembered. */
  async #identify(key: Key, here: boolean): Promise<void> {
    const bySilence = key.versions.findLastIndex(({ fromMs }) => fromMs <= this.nowMs - rememberedMs);
    const oldest = Math.max(0, bySilence, here ? key.forgottenAt : 0);
    const callers = here ? this.#here : this.#elsewhere;
    const answered = await callers.identify(key.authorization).then(
      ({ api_key_id, scopes }) => {
        expect(api_key_id).toBe(key.id);
        return [...scopes].join();
      },
      (error: unknown) => {
        expect(error).toMatchObject({ error_code: 'credentials_wrong' });
        return null;
      },
    );
    expect(key.versions.slice(oldest).map(({ scope }) => scope)).toContain(answered);
  }
}

test('remembered keys: never against what was forgotten here, never longer than it is said elsewhere, whatever overtakes what', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }), async (steps) => {
      const run = new Run();
      await Promise.all(run.keys.map((key) => key.insert()));
      for (const one of steps) await run.take(one);
      await run.end();
    }),
    { numRuns: 400 },
  );
});
