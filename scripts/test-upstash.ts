// Upstash's REST protocol in front of a real redis-server, for tests: one that can be gone, slow, flushed, and lie. Speaks what
// @upstash/redis sends: a command, a pipeline, a transaction, base64 answers.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import { connect, type Socket } from 'node:net';
import { freePort } from './free-port.ts';

type Value = string | number | null | Error | Value[];
type Command = readonly (string | number)[];

/** Where it is missing, tests that need it say so and are skipped: `apt-get install redis-server`. */
export const redisIsThere = spawnSync('redis-server', ['--version']).status === 0;
if (!redisIsThere)
  console.error('redis-server is not here (apt-get install redis-server): tests with Redis are SKIPPED');

export class SampleUpstash {
  readonly token = 'upstash-token-of-tests';
  url = '';
  /** Before each request is answered. */
  delayMs = 0;
  /** What a command answers instead of Redis; undefined: what Redis answers. */
  lie: ((command: Command, truth: Value) => Value) | null = null;
  requests = 0;
  readonly #redis: ChildProcess;
  readonly #socket: Socket;
  readonly #waiting: ((value: Value) => void)[] = [];
  readonly #scripts = new Map<string, string>();
  #server: Server | null = null;
  #port = 0;
  #read = Buffer.alloc(0);

  static async start(): Promise<SampleUpstash> {
    const port = await freePort();
    const flags = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', '--dir', '/tmp'];
    const redis = spawn('redis-server', flags, { stdio: 'ignore' });
    const upstash = new SampleUpstash(redis, await connected(port));
    await upstash.open();
    return upstash;
  }

  private constructor(redis: ChildProcess, socket: Socket) {
    this.#redis = redis;
    this.#socket = socket;
    socket.on('data', (chunk) => this.#take(chunk));
  }

  /** Listens, on the port it had before where there was one. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        this.requests += 1;
        if (this.delayMs > 0) await new Promise((resolve) => setTimeout(resolve, this.delayMs));
        const authorized = request.headers.authorization === `Bearer ${this.token}`;
        const answer = authorized
          ? await this.#answer(request.url ?? '/', JSON.parse(Buffer.concat(chunks).toString()) as Command)
          : { error: 'WRONGPASS' };
        response.writeHead(authorized ? 200 : 401, { 'content-type': 'application/json' }).end(JSON.stringify(answer));
      });
    });
    await new Promise<void>((resolve) => server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = (server.address() as { port: number }).port;
    this.url = `http://127.0.0.1:${this.#port}`;
    this.#server = server;
  }

  /** Nobody answers, until it is opened again. */
  async shut(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    server?.closeAllConnections();
    await new Promise((resolve) => (server === null ? resolve(null) : server.close(resolve)));
  }

  async close(): Promise<void> {
    await this.shut();
    this.#socket.destroy();
    const ended = new Promise((resolve) => this.#redis.once('exit', resolve));
    this.#redis.kill();
    await ended;
  }

  /** Straight to Redis. */
  ask(...command: Command): Promise<Value> {
    const parts = command.map((part) => `$${Buffer.byteLength(String(part))}\r\n${part}\r\n`);
    return new Promise((resolve) => {
      this.#waiting.push(resolve);
      this.#socket.write(`*${command.length}\r\n${parts.join('')}`);
    });
  }

  async #answer(path: string, sent: Command | Command[]): Promise<unknown> {
    if (path === '/') return await this.#run(sent as Command);
    return await Promise.all((sent as Command[]).map((command) => this.#run(command)));
  }

  async #run(command: Command): Promise<{ result: unknown } | { error: string }> {
    const truth = await this.ask(...this.#forStockRedis(command));
    const value = this.lie === null ? truth : this.lie(command, truth);
    return value instanceof Error ? { error: value.message } : { result: encoded(value) };
  }

  /** Scripts for Upstash begin with a flag that only its own Redis knows; without it they have another hash. */
  #forStockRedis(command: Command): Command {
    const [name, script = '', ...rest] = command.map(String);
    const upper = name?.toUpperCase();
    if (upper === 'EVALSHA') return ['EVALSHA', this.#scripts.get(script) ?? script, ...rest];
    if (upper !== 'EVAL' && upper !== 'SCRIPT') return command;
    const stripped = (text: string) => {
      const plain = text.replace(/^\s*#!lua[^\n]*\n/, '');
      this.#scripts.set(sha1(text), sha1(plain));
      return plain;
    };
    return upper === 'EVAL' ? ['EVAL', stripped(script), ...rest] : ['SCRIPT', script, ...rest.map(stripped)];
  }

  #take(chunk: Buffer): void {
    this.#read = Buffer.concat([this.#read, chunk]);
    for (let found = parse(this.#read, 0); found !== null; found = parse(this.#read, 0)) {
      this.#read = this.#read.subarray(found.end);
      this.#waiting.shift()?.(found.value);
    }
  }
}

function sha1(text: string): string {
  return createHash('sha1').update(text).digest('hex');
}

/** As Upstash does where the client asks for base64: every text but OK. */
function encoded(value: Value): unknown {
  if (Array.isArray(value)) return value.map(encoded);
  return typeof value === 'string' && value !== 'OK' ? Buffer.from(value).toString('base64') : value;
}

async function connected(port: number): Promise<Socket> {
  for (let attempt = 0; ; attempt += 1) {
    const socket = connect(port, '127.0.0.1');
    const there = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    if (there) return socket;
    if (attempt > 200) throw new Error('redis-server did not start');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** One answer of Redis's protocol (RESP2), or null where it is not complete yet. */
function parse(bytes: Buffer, at: number): { value: Value; end: number } | null {
  const lineEnd = bytes.indexOf('\r\n', at);
  if (lineEnd < 0) return null;
  const line = bytes.subarray(at + 1, lineEnd).toString();
  const next = lineEnd + 2;
  switch (String.fromCharCode(bytes[at] ?? 0)) {
    case '+':
      return { value: line, end: next };
    case '-':
      return { value: new Error(line), end: next };
    case ':':
      return { value: Number(line), end: next };
    case '$': {
      const length = Number(line);
      if (length < 0) return { value: null, end: next };
      if (bytes.length < next + length + 2) return null;
      return { value: bytes.subarray(next, next + length).toString(), end: next + length + 2 };
    }
    default: {
      const items: Value[] = [];
      let end = next;
      for (let count = Number(line); count > 0; count -= 1) {
        const item = parse(bytes, end);
        if (item === null) return null;
        items.push(item.value);
        end = item.end;
      }
      return { value: items, end };
    }
  }
}
