// What one writes without Atlas: an HTTP server that locks the card's row in Postgres, checks one limit, notes the authorization and
// commits. A process of its own, for the benchmark. No credentials, one rule, no queue, no books: the least that is exact.
//
// `steps`: as most people write it, with the check in the program. `statement`: all of it in one statement, which holds the lock for a
// single round trip.

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Pool } from 'pg';

interface Asked {
  readonly card_token: string;
  readonly token: string;
  readonly amount: number;
}

const connections = 32;
const pool = new Pool({ connectionString: process.env['DATABASE_URL'], max: connections });

const lock = { name: 'lock', text: 'select spent_minor, limit_minor from cards where card_token = $1 for update' };
const note = { name: 'note', text: 'insert into authorizations values ($1, $2, $3, $4)' };
const spend = { name: 'spend', text: 'update cards set spent_minor = spent_minor + $2 where card_token = $1' };
const atOnce = {
  name: 'at_once',
  text: `with spent as (update cards set spent_minor = spent_minor + $3
      where card_token = $2 and spent_minor + $3 <= limit_minor returning 1)
    insert into authorizations select $1, $2, $3, exists (select from spent) returning approved`,
};

async function inSteps({ card_token, token }: Asked, minor: number): Promise<boolean> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    const { rows } = await client.query<{ spent_minor: string; limit_minor: string }>({
      ...lock,
      values: [card_token],
    });
    const [card] = rows;
    const approved = card !== undefined && Number(card.spent_minor) + minor <= Number(card.limit_minor);
    await client.query({ ...note, values: [token, card_token, minor, approved] });
    if (approved) await client.query({ ...spend, values: [card_token, minor] });
    await client.query('commit');
    return approved;
  } catch (error) {
    await client.query('rollback');
    throw error;
  } finally {
    client.release();
  }
}

async function inOneStatement({ card_token, token }: Asked, minor: number): Promise<boolean> {
  const { rows } = await pool.query<{ approved: boolean }>({ ...atOnce, values: [token, card_token, minor] });
  return rows[0]?.approved === true;
}

async function bodyOf(request: IncomingMessage): Promise<Asked> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString()) as Asked;
}

const server = createServer(async (request, response) => {
  try {
    const asked = await bodyOf(request);
    const decide = request.headers['x-way'] === 'statement' ? inOneStatement : inSteps;
    const approved = await decide(asked, Math.round(asked.amount * 100));
    response.writeHead(approved ? 200 : 402, { 'content-type': 'application/json' }).end(JSON.stringify({ approved }));
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
