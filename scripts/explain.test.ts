// npm run explain against a stand-in for the origin: what it prints, and how it ends.

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, test } from 'vitest';

const id = (prefix: string) => `${prefix}_${'0'.repeat(26)}`;

const explanation = {
  authorization: { authorization_id: id('auth'), status: 'declined', card_id: id('card') },
  requests: [
    {
      at_ms: Date.UTC(2026, 2, 4, 12),
      request: {
        ...{ kind: 'authorization', amount_minor: 7_500, currency: 'USD' },
        merchant: { name: 'Corner Grocery', category: '5411', country: null },
      },
      sentence: 'Declined: 75.00 USD is more than the 16.51 USD left of 500.00 USD a day (UTC) (control per-day).',
      voided: false,
      profile_version: 3,
      control: { control_id: 'per-day', control_set: { control_set_id: id('cset'), version: 2 } },
      shadow_would_decline: ['velocity'],
      trace: [
        {
          control_id: 'per-day',
          verdict: 'decline',
          shadow: false,
          says: 'at most 500.00 USD a day (UTC)',
          left: '16.51 USD left',
        },
        {
          control_id: 'velocity',
          verdict: 'decline',
          shadow: true,
          says: 'at most 3 uses a day (UTC)',
          left: '0 uses left',
        },
        { control_id: 'gone', verdict: 'not_applicable', shadow: false, says: null, left: null },
      ],
    },
  ],
  remarks: [{ at_ms: Date.UTC(2026, 2, 4, 12, 5), sentence: 'The network dropped the hold.' }],
};

const cardsByToken: Record<string, object[]> = {
  'tok-1': [{ card_id: id('card'), network: 'marqeta' }],
  'tok-2': [
    { card_id: id('card'), network: 'marqeta' },
    { card_id: `card_${'1'.repeat(26)}`, network: 'native' },
  ],
};

let origin: Server;
/** Holds the note of what runs, as `npm start` writes it. */
let home: string;

beforeAll(async () => {
  origin = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://origin');
    const isOfTheCard = searchParams.get('card_id') === id('card');
    const known: Record<string, object | undefined> = {
      [`/authorizations/${id('auth')}/explanation`]: explanation,
      '/authorizations': isOfTheCard ? { authorizations: [{ authorization_id: id('auth') }] } : undefined,
      '/cards': { cards: cardsByToken[searchParams.get('card_token') ?? ''] ?? [], next_cursor: null },
    };
    response.statusCode = known[pathname] === undefined ? 404 : 200;
    response.end(JSON.stringify(known[pathname] ?? {}));
  });
  origin.listen(0, '127.0.0.1');
  await once(origin, 'listening');
  home = await mkdtemp(join(tmpdir(), 'atlas-explain-'));
  const { port } = origin.address() as AddressInfo;
  await writeFile(join(home, 'running.json'), JSON.stringify({ origin_url: `http://127.0.0.1:${port}`, cards: [] }));
});
afterAll(async () => {
  origin.close();
  await rm(home, { recursive: true });
});

async function explain(...args: readonly string[]) {
  const child = spawn(process.execPath, ['scripts/explain.ts', ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, ATLAS_HOME: home },
  });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  return { out, error, code };
}

test('prints each request with its reason, and each control in line', async () => {
  const { out, code } = await explain(id('auth'));
  expect(code).toBe(0);
  expect(out).toBe(`${id('auth')}   declined, of ${id('card')}

2026-03-04 12:00:00Z   authorization of 75.00 USD at Corner Grocery, 5411
  Declined: 75.00 USD is more than the 16.51 USD left of 500.00 USD a day (UTC) (control per-day).
  In shadow, and so without effect, would have declined: velocity.
  per-day comes from control set ${id('cset')}, version 2.
  Controls of profile version 3, in order:
    per-day    declines        16.51 USD left   at most 500.00 USD a day (UTC)
    velocity   would decline   0 uses left      at most 3 uses a day (UTC) [shadow]
    gone       not concerned

2026-03-04 12:05:00Z   The network dropped the hold.
`);
});

test('--json is the answer of the API, --card the newest authorization of a card', async () => {
  const { out } = await explain('--card', id('card'), '--json');
  expect(JSON.parse(out)).toEqual(explanation);
});

test('--card takes what the network calls the card, and asks which one where two networks call one so', async () => {
  expect(JSON.parse((await explain('--card', 'tok-1', '--json')).out)).toEqual(explanation);
  expect(await explain('--card', 'tok-2')).toMatchObject({
    ...{ code: 1, out: '', error: expect.stringContaining(`a card of marqeta (${id('card')}) and of native`) },
  });
  expect(await explain('--card', 'tok-3')).toMatchObject({ code: 1, error: 'The origin knows no card tok-3.\n' });
});

test.each<[string, string[], number, string]>([
  ['nothing', [], 2, 'say which authorization, or --card'],
  ['an id that is none', ['auth_1'], 2, "auth_1 is no authorization's id"],
  ['two words', [id('auth'), 'more'], 2, 'more is one word too many'],
  ['both', [id('auth'), '--card=plain'], 2, 'not both'],
  ['an option that is none', ['--since=1'], 2, '--since'],
])('%s: the words are refused, with the help', async (_, args, code, said) => {
  const ended = await explain(...args);
  expect(ended).toMatchObject({ out: '', code });
  expect(ended.error).toContain(said);
  expect(ended.error).toContain('npm run explain --');
});

test('an authorization that nobody knows is said so, and ends with 1', async () => {
  const unknown = `auth_${'1'.repeat(26)}`;
  const ended = await explain(unknown);
  expect(ended).toMatchObject({ out: '', error: `The origin knows no authorization ${unknown}.\n`, code: 1 });
}, 30_000);

test('a system that does not run is said so', async () => {
  const closed = createServer().listen(0, '127.0.0.1');
  await once(closed, 'listening');
  const { port } = closed.address() as AddressInfo;
  await new Promise((resolve) => closed.close(resolve));
  const note = join(home, 'running.json');
  await writeFile(note, JSON.stringify({ origin_url: `http://127.0.0.1:${port}`, cards: [] }));
  expect(await explain(id('auth'), '--port-base=9787')).toMatchObject({
    ...{
      code: 1,
      error: `The system does not answer at http://127.0.0.1:${port} (ATLAS_HOME). Start it again: npm start -- --port-base 9787\n`,
    },
  });
  await rm(note);
  expect(await explain(id('auth'))).toMatchObject({
    ...{
      code: 1,
      error: expect.stringMatching(/^Nothing runs here\. Start the system in another terminal: npm start\b/),
    },
  });
});
