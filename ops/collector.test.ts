// The collector's second redaction, by running it: what is sent to it with card numbers and secrets in it leaves it without them. Where
// the collector is not here (.ci/run builds it) only the file's shape is looked at.

import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { eachCardText, sampleCards } from '../contracts/testing/sample-card-texts.ts';
import { freePorts } from '../scripts/free-port.ts';
import { until } from '../scripts/test-waiting.ts';

const config = join(import.meta.dirname, 'collector.yaml');
const built = join(import.meta.dirname, '../.ci/bin/otelcol-atlas');
const collector = [built, 'otelcol-atlas'].find((tool) => spawnSync(tool, ['--version']).error === undefined);

/** The forms that a second look knows: written together or with one sign between digits, and whatever stands beside it. */
const plainForms = new Set([
  ...[
    'with nothing between',
    'by a space after each digit',
    'by a hyphen after each digit',
    'by pairs',
    'by spaces',
    'by hyphens',
  ],
  ...['by points', 'by slashes', 'by underscores', 'by commas', 'by bars', 'by stars', 'by plus signs'],
  ...[
    'with an expiry date',
    'with an expiry date and a code',
    'with the year first',
    'with an expiry date written together',
  ],
  ...['with a number before', 'with a number after', 'with a date before', 'with an amount after', 'among words'],
  ...[
    'with letters written together',
    'with zeros before',
    'in brackets',
    'in quotes',
    'in a URL',
    'in JSON',
    'after a hash',
  ],
  ...['on a magnetic stripe, track 1', 'on a magnetic stripe, track 2', 'in a chip, track 2', 'with another one'],
]);

/** In pieces, so that whoever looks for secrets in this tree finds none. */
const secrets = [
  `Bearer ${'k7Qp2vXw9LmR4tYb'}`,
  `whsec_${'MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'}`,
  ['atlas', 'k7Qp2vXw9LmR4tYbk7Qp2vXw9LmR4tYb'].join('_'),
  ['sk', 'live', 'k7Qp2vXw9LmR4tYb'].join('_'),
  `${['-----BEGIN', 'PRIVATE KEY-----'].join(' ')}\n${'k7Qp2vXw9LmR4tYb'}\n`,
  `postgres://atlas:${'k7Qp2vXw9LmR'}@db.example.net/atlas`,
];
const left = /k7Qp2vXw9LmR|MfKQ9r8GKYqr/;

/** What stands under a name that says what it is. */
const named = [
  'authorization',
  'http.request.header.authorization',
  'card_number',
  'cvv',
  'pin',
  'api_key',
  'card.token',
  'PAN',
];
/** What operators look for, which has to arrive. */
const kept = {
  'atlas.settlement_id': 'stl_0a1b2c3d4e5f6g7h8i9j0k1m2n',
  // One in some hundred has as many decimal digits in a row.
  trace_id: 'abce4736292935771234567890120e0e',
  at_ms: '1764217412345',
  time: '2026-11-27T04:13:25.123Z',
  duration: '12.345',
  'http.route': '/settlements/:settlement_id',
};

describe('the shape of collector.yaml', () => {
  const { processors, service } = parse(readFileSync(config, 'utf8'));
  test.each(Object.entries(service.pipelines as Record<string, { processors: string[] }>))(
    'nothing leaves by %s without redaction',
    (_, pipeline) => expect(pipeline.processors).toContain('redaction'),
  );
  test('each pattern is one, and masks nothing that operators look for', () => {
    const { blocked_values, blocked_key_patterns, allowed_values } = processors.redaction as Record<string, string[]>;
    const read = (patterns: string[] = []) =>
      patterns.map((pattern) => new RegExp(pattern.replace('(?i)', ''), pattern.startsWith('(?i)') ? 'i' : ''));
    const allowed = read(allowed_values);
    for (const [name, value] of Object.entries(kept)) {
      if (allowed.some((pattern) => pattern.test(value))) continue;
      for (const pattern of read(blocked_values)) expect(pattern.test(value), `${value} by ${pattern}`).toBe(false);
      for (const pattern of read(blocked_key_patterns)) expect(pattern.test(name), `${name} by ${pattern}`).toBe(false);
    }
  });
});

describe.skipIf(collector === undefined)('the collector', () => {
  let listen: string;
  let file: string;
  const heard: string[] = [];
  const all = () => heard.join('\n');

  beforeAll(async () => {
    const directory = mkdtempSync(join(tmpdir(), 'atlas-collector-'));
    file = join(directory, 'origin.log');
    writeFileSync(file, '');
    const backend = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const bytes = Buffer.concat(chunks);
        heard.push((request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString('utf8'));
        response.writeHead(200, { 'content-type': 'application/json' }).end();
      });
    });
    await new Promise<void>((resolve) => backend.listen(0, '127.0.0.1', resolve));
    listen = `127.0.0.1:${await freePorts(1)}`;
    const environment = {
      ...{ PATH: process.env['PATH'] ?? '', OTLP_LISTEN: listen, ATLAS_LOGS: file, ATLAS_LOGS_START: 'beginning' },
      // So that a number can be found as it stands.
      OTLP_ENCODING: 'json',
      OTLP_BACKEND: `http://127.0.0.1:${(backend.address() as AddressInfo).port}`,
    };
    const said: string[] = [];
    const child: ChildProcess = spawn(collector ?? '', ['--config', config], { env: environment });
    child.stderr?.on('data', (chunk: Buffer) => said.push(chunk.toString('utf8')));
    await until(
      async () => said.join(''),
      (text) => text.includes('Everything is ready'),
      20_000,
    );
    return async () => {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
      backend.close();
      backend.closeAllConnections();
      rmSync(directory, { recursive: true });
    };
  }, 30_000);

  async function send(signal: 'traces' | 'logs', body: object): Promise<void> {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
    const answer = await fetch(`http://${listen}/v1/${signal}`, init);
    expect(answer.status).toBe(200);
  }
  const texts = (values: readonly string[]) =>
    values.map((stringValue, index) => ({ key: `text.${index}`, value: { stringValue } }));
  const attributesOf = (fields: Readonly<Record<string, string>>) =>
    Object.entries(fields).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const arrived = (mark: string) =>
    until(
      async () => all(),
      (text) => text.includes(mark),
      20_000,
    );

  const corpus = eachCardText().filter(({ form }) => plainForms.has(form));
  const cardTexts = corpus.map(({ text }) => text);

  /** Of the digits that were sent, as they would be found again: each of the cards, written together. */
  function cardsIn(text: string): string[] {
    const digits = text.replaceAll(/(?<=\d)[ ._/,+|*-](?=\d)/g, '');
    return sampleCards.filter((card) => digits.includes(card));
  }

  test('the corpus: every test number in every plain form', () => {
    expect(corpus.length).toBe(sampleCards.length * plainForms.size);
    // Looked for in what was sent, each of them is found: so would one be that survives.
    expect(cardsIn(cardTexts.join('\n'))).toEqual(sampleCards);
  });

  test('spans: no card number, no secret and no named field survives in an attribute; what operators need does', async () => {
    const span = (attributes: object[]) => ({
      ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', name: 'span', kind: 1 },
      ...{ startTimeUnixNano: '1', endTimeUnixNano: '2', attributes },
      events: [{ timeUnixNano: '1', name: 'event', attributes: texts(secrets) }],
    });
    const wanted = [
      span([...texts(cardTexts), { key: 'number', value: { intValue: '4111111111111111' } }]),
      span(texts(secrets)),
      span(attributesOf(Object.fromEntries(named.map((name) => [name, 'k7Qp2vXw9LmR'])))),
      span(attributesOf({ ...kept, mark: 'mark-of-spans' })),
    ];
    const resource = { attributes: texts([...secrets, cardTexts[0] ?? '']) };
    await send('traces', { resourceSpans: [{ resource, scopeSpans: [{ scope: { name: 'test' }, spans: wanted }] }] });
    const text = await arrived('mark-of-spans');
    expect(cardsIn(text)).toEqual([]);
    expect(left.exec(text)).toBeNull();
    for (const value of Object.values(kept)) expect(text).toContain(value);
  });

  test('logs by OTLP: neither in a text, nor in a field, nor deep inside', async () => {
    const bodies = [...cardTexts, ...secrets].map((stringValue) => ({ body: { stringValue } }));
    const inside = { kvlistValue: { values: attributesOf({ note: cardTexts[0] ?? '', secret: 'k7Qp2vXw9LmR' }) } };
    const deep = { kvlistValue: { values: [{ key: 'err', value: inside }] } };
    const last = { body: { stringValue: 'mark-of-logs' }, attributes: attributesOf(kept) };
    await send('logs', {
      resourceLogs: [{ scopeLogs: [{ logRecords: [...bodies, { body: deep }, last] }] }],
    });
    const text = await arrived('mark-of-logs');
    expect(cardsIn(text)).toEqual([]);
    expect(left.exec(text)).toBeNull();
    for (const value of Object.values(kept)) expect(text).toContain(value);
  });

  test("lines of the origin's log, and lines that are no JSON", async () => {
    const line = (fields: object) =>
      JSON.stringify({ level: 'info', time: kept.time, service: 'atlas-origin', ...fields });
    const lines = [
      ...cardTexts.map((msg) => line({ msg })),
      ...secrets.map((stack) => line({ err: { stack } })),
      ...named.map((name) => line({ given: { [name]: 'k7Qp2vXw9LmR' } })),
      line({ card: 4_111_111_111_111_111 }),
      `Error: 4111 1111 1111 1111 at ${secrets[0]}`,
      line({ msg: 'mark-of-lines', ...kept }),
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    const text = await arrived('mark-of-lines');
    expect(cardsIn(text)).toEqual([]);
    expect(left.exec(text)).toBeNull();
    for (const value of Object.values(kept)) expect(text).toContain(value);
  });
});
