// docs/native-network.md is the contract of the native network: its tables are those of the schemas, and its examples pass them.

import { readFileSync } from 'node:fs';
import { Webhook } from 'standardwebhooks';
import { afterEach, expect, test, vi } from 'vitest';
import * as z from 'zod/mini';
import { authorizationRequestSchema, merchantSchema } from '../contracts/authorization-request.ts';
import { cardMessageSchema } from '../contracts/card-message.ts';
import { decisionSchema } from '../contracts/decision.ts';
import { declineReasons } from '../contracts/decline-reasons.ts';
import { idSchema } from '../contracts/ids.ts';
import { networkKeySchema } from '../contracts/network.ts';
import { demo } from '../scripts/dev/demo.ts';

const page = readFileSync(new URL('../docs/native-network.md', import.meta.url), 'utf8');
const readme = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const api = readFileSync(new URL('../docs/api.md', import.meta.url), 'utf8');

const between = (name: string) => new RegExp(`<!-- ${name} -->\n(.*)<!-- /${name} -->`, 's').exec(page)?.[1] ?? '';
const rowsOf = (name: string) =>
  between(name)
    .trim()
    .split('\n')
    .slice(2)
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')));
const example = (name: string) => JSON.parse(new RegExp(`\`\`\`json ${name}\n(.*?)\`\`\``, 's').exec(page)?.[1] ?? '');

type Shape = Readonly<Record<string, z.core.$ZodType>>;
const needed = (schema: z.core.$ZodType) => (z.safeParse(schema, undefined).success ? 'no' : 'yes');
const fieldsOf = (shape: Shape) => Object.entries(shape).map(([name, schema]) => [`\`${name}\``, needed(schema)]);

test('the fields of a request and of its merchant, and which are needed', () => {
  const told = (name: string) => rowsOf(name).map(([field, need]) => [field, need]);
  expect(told('request')).toEqual(fieldsOf(authorizationRequestSchema.def.shape));
  expect(told('merchant')).toEqual(fieldsOf(merchantSchema.def.shape));
});

test('the words that a field may have are all named', () => {
  const { channel, entry_mode, kind, three_d_secure } = authorizationRequestSchema.def.shape;
  const wordsOf = (schema: z.core.$ZodType) => {
    const read = z.safeParse(schema, 'no word of it');
    return read.success
      ? []
      : read.error.issues.flatMap((issue) => (issue.code === 'invalid_value' ? issue.values : []));
  };
  for (const schema of [channel, entry_mode, kind, three_d_secure]) {
    expect(wordsOf(schema).length).toBeGreaterThan(3);
    for (const word of wordsOf(schema)) expect(between('request')).toContain(`\`${String(word)}\``);
  }
});

test('the kinds of messages, and the fields of each', () => {
  const common = new Set(['kind', 'message_key', 'currency', 'alias_key', 'occurred_at_ms', 'order']);
  const kinds = cardMessageSchema.def.options.map(({ def: { shape } }) => [
    `\`${shape.kind.def.values[0]}\``,
    Object.keys(shape)
      .filter((name) => !common.has(name))
      .map((name) => `\`${name}\``)
      .join(' '),
  ]);
  expect(rowsOf('messages').map(([kind, fields]) => [kind, fields])).toEqual(kinds);
});

test('the fields of an answer, and the reasons in their order', () => {
  expect(rowsOf('decision').map(([field]) => field)).toEqual(
    Object.keys(decisionSchema.def.shape).map((name) => `\`${name}\``),
  );
  expect(between('reasons').trim()).toBe(declineReasons.map((reason) => `\`${reason}\``).join(' '));
});

test('the examples pass the schemas that check what comes', () => {
  const key = { card_token: networkKeySchema };
  z.strictObject({ ...key, deadline_ms: z.int(), request: authorizationRequestSchema }).parse(example('authorization'));
  const element = z.strictObject({ ...key, message: cardMessageSchema });
  const { messages } = z.strictObject({ messages: z.array(element) }).parse(example('messages'));
  expect(messages.map(({ message }) => message.kind).sort()).toEqual(
    cardMessageSchema.def.options.map(({ def }) => def.shape.kind.def.values[0]).sort(),
  );
  z.strictObject({ ...key, request_key: networkKeySchema }).parse(example('void'));
  z.extend(decisionSchema, { authorization_id: idSchema('auth') }).parse(example('decision'));
});

/** The page's whole calls, as a server would read them. */
const calls = Array.from(page.matchAll(/^```http (\w+)\n([\s\S]*?)\n```$/gm), ([, route = '', text = '']) => {
  const [head = '', ...body] = text.split('\n\n');
  const [line = '', ...headers] = head.split('\n');
  return {
    route,
    line,
    body: body.join('\n\n'),
    headers: new Headers(headers.map((one) => one.split(': ') as [string, string])),
  };
});

afterEach(() => {
  vi.useRealTimers();
});

test('its signed calls are signed as the standard says, with the secret and at the instant that stand above them', () => {
  const secret = /NATIVE_SECRET=(whsec_\S+)/.exec(page)?.[1] ?? '';
  const at = new Date(/signed with that secret at (\S+)\. /.exec(page)?.[1] ?? '');
  expect(secret).toBe(demo.nativeSecret);
  expect(calls.map(({ route }) => route)).toEqual(['authorizations', 'messages', 'voids']);
  for (const { route, line, headers, body } of calls) {
    expect(line).toBe(`POST /networks/native/${route} HTTP/1.1`);
    const id = headers.get('webhook-id') ?? '';
    expect(headers.get('webhook-timestamp')).toBe(String(at.getTime() / 1_000));
    expect(headers.get('webhook-signature')).toBe(new Webhook(secret).sign(id, at, body));
    const verify = (text: string) =>
      new Webhook(secret).verify(text, Object.fromEntries(headers), { jsonParse: false });
    // Then, with another byte, and today.
    vi.useFakeTimers({ now: at });
    expect(() => verify(body)).not.toThrow();
    expect(() => verify(`${body} `)).toThrow();
    vi.useRealTimers();
    expect(() => verify(body)).toThrow();
  }
});

test('its signed calls say what the examples say', () => {
  const [authorization, messages, given] = calls.map(({ body }) => JSON.parse(body));
  expect(authorization).toEqual(example('authorization'));
  expect(messages).toEqual({ messages: example('messages').messages.slice(0, 1) });
  expect(given).toEqual(example('void'));
});

test('it is found from the readme and from the page of the API', () => {
  expect(readme).toContain('(docs/native-network.md)');
  expect(api).toContain('(native-network.md)');
});
