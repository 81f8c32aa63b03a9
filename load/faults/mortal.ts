// A process that dies at a chosen moment: everything it does to the outside passes a point, and at the k-th it is dead, or at the
// k-th of one name. From then on nothing it does reaches anybody, and whatever it had in a transaction is rolled back, as Postgres does for a lost connection.

import type { Database, Sql } from '../../origin/db/client.ts';
import type { GuardedProvider } from '../../origin/providers/guarded.ts';

export class Mortal {
  readonly #diesAt: number;
  /** The only points that count; null: all do. */
  readonly #place: string | null;
  #points = 0;
  /** Where it died; null: it lives. */
  diedAt: string | null = null;

  constructor(diesAt: number, place: string | null = null) {
    this.#diesAt = diesAt;
    this.#place = place;
  }

  #pass(where: string): void {
    if (this.diedAt === null && (this.#place === null || this.#place === where)) {
      this.#points += 1;
      if (this.#points === this.#diesAt) this.diedAt = where;
    }
    if (this.diedAt !== null) throw new Error(`died at ${this.diedAt}`);
  }

  database(real: Database): Database {
    return {
      ...real,
      sql: this.#sql(real.sql),
      transaction: async (work) => {
        this.#pass('begin');
        const result = await real.transaction(async (sql) => {
          const worked = await work(this.#sql(sql));
          this.#pass('before commit');
          return worked;
        });
        // Committed, and it never learns that.
        this.#pass('after commit');
        return result;
      },
    };
  }

  #sql(real: Sql): Sql {
    return {
      query: async (statement, values) => {
        const name = typeof statement === 'string' ? statement.trim().slice(0, 24) : statement.name;
        this.#pass(`before ${name}`);
        const result = await real.query<never>(statement, values);
        this.#pass(`after ${name}`);
        return result;
      },
    };
  }

  provider(real: GuardedProvider): GuardedProvider {
    return {
      ...real,
      submit: async (submission, signal) => {
        this.#pass('before submit');
        const answer = await real.submit(submission, signal);
        this.#pass('after submit');
        return answer;
      },
      ask: async (submission, reference, signal) => {
        this.#pass('before ask');
        const answer = await real.ask(submission, reference, signal);
        this.#pass('after ask');
        return answer;
      },
    };
  }
}
