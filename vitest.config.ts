// Four kinds of tests: rules alone, the edge inside workerd, the origin against a real Postgres, and the whole system.

import { availableParallelism } from 'node:os';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { wranglerEnv } from './scripts/wrangler-env.ts';

Object.assign(process.env, wranglerEnv);

/** Starts one Postgres for the origin's tests. */
const testPostgres = './scripts/test-postgres.ts';

const { SEED } = process.env;
const seed = SEED === undefined ? {} : { SEED };

/** A stand-in for the origin: takes every message of every batch that the queue's consumer hands on. */
async function takeAllMessages(request: { json(): Promise<unknown> }): Promise<Response> {
  const { messages } = (await request.json()) as { messages: { id: string }[] };
  return Response.json({ results: messages.map(({ id }) => ({ id, outcome: 'done' })) });
}

export default defineConfig({
  test: {
    // Vitest leaves a core to itself, which on two cores is one file at a time; many files wait for a clock and use none.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    projects: [
      {
        test: {
          name: 'unit',
          testTimeout: 20_000,
          setupFiles: ['./scripts/property-seed.ts'],
          include: [
            ...['contracts/**/*.test.ts', 'core/**/*.test.ts', 'scripts/**/*.test.ts', 'load/**/*.test.ts'],
            ...['sdk/**/*.test.ts', 'ops/**/*.test.ts'],
          ],
          exclude: ['**/node_modules/**', 'sdk/**/*.workerd.test.ts'],
        },
      },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            // Whatever the edge's tests send out ends here, and never at an origin that happens to run on this machine.
            // A worker's process.env is its bindings: the seed of the property tests is passed on as one.
            // Tests name unknown cards by the hundred; those of the bound set their own.
            miniflare: { outboundService: takeAllMessages, bindings: { ...seed, UNKNOWN_CARDS_PER_MINUTE: '100000' } },
          }),
        ],
        test: {
          name: 'edge',
          testTimeout: 20_000,
          setupFiles: ['./scripts/property-seed.ts'],
          include: ['worker/**/*.test.ts', 'durable-objects/**/*.test.ts', 'sdk/**/*.workerd.test.ts'],
        },
      },
      {
        test: {
          name: 'origin',
          include: ['origin/**/*.test.ts'],
          globalSetup: [testPostgres],
          setupFiles: ['./scripts/property-seed.ts'],
          // Properties over a real Postgres take seconds; on a busy machine, many.
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      {
        test: {
          name: 'system',
          include: ['tests/**/*.test.ts'],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
