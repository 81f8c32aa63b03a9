import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type Answered, askAtOnce, connectionsFor } from './at-once.ts';

const many = 50;

/** A server that answers with the request's body, and what it has seen. `/cut` in a path: it cuts the connection instead. */
async function start() {
  const seen = { connections: 0, open: 0, openAtBody: [] as number[] };
  const server = createServer((request, response) => {
    seen.open++;
    if (request.url === '/refused') response.writeHead(401).end('no');
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => {
      if (chunks.length === 0) seen.openAtBody.push(seen.open);
      chunks.push(chunk);
    });
    request.on('end', () => {
      if (request.url === '/cut') request.socket.destroy();
      else if (request.url !== '/refused') response.end(Buffer.concat(chunks));
    });
  }).on('connection', () => seen.connections++);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const agent = connectionsFor(many);
  onTestFinished(() => {
    agent.destroy();
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const asking = (path = '') =>
    Array.from({ length: many }, (_, index) => ({
      url: `http://127.0.0.1:${port}/${index === 0 ? path : index}`,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ index }),
    }));
  return { asking, agent, seen };
}

test('the server holds all of them before it has the first body; the next round has the same connections', async () => {
  const { asking, agent, seen } = await start();
  for (const round of [1, 2]) {
    const { answers, connections } = await askAtOnce(asking(), agent);
    expect(connections).toBe(many);
    expect(answers.map((one) => (one as Answered).body)).toEqual(asking().map(({ body }) => body));
    expect(seen.openAtBody).toEqual([...Array(many).fill(many), ...Array(many).fill(2 * many)].slice(0, round * many));
  }
  expect(seen.connections).toBe(many);
});

test.each([
  ['refused', { status: 401, body: 'no' }],
  ['cut', 'socket hang up'],
])('one that is %s has its reason, and the others their answers', async (path, said) => {
  const { asking, agent } = await start();
  const { answers } = await askAtOnce(asking(path), agent);
  expect(answers[0]).toEqual(typeof said === 'string' ? said : { ...said, tookMs: expect.any(Number) });
  expect(answers.filter((one) => typeof one !== 'string' && one.status === 200)).toHaveLength(many - 1);
});

test('where nobody listens every question has its reason', async () => {
  const { asking, agent } = await start();
  const nowhere = asking().map((one) => ({ ...one, url: 'http://127.0.0.1:9/' }));
  const { answers, connections } = await askAtOnce(nowhere, agent);
  expect(connections).toBe(0);
  expect(new Set(answers)).toEqual(new Set(['connect ECONNREFUSED 127.0.0.1:9']));
});
