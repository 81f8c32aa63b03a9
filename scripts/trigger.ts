// npm run trigger: one message of Marqeta's to the running system, in Marqeta's real shape; then what came of it, from the
// answer to the ledger. For trying things out by hand.

import { randomUUID } from 'node:crypto';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { apiOf } from './dev/demo.ts';
import { readNote, writeNote } from './dev/home.ts';
import type { Running } from './dev/running.ts';
import { gatewayMessage, type TransactionInput, webhookMessage } from './marqeta-messages.ts';

const help = `npm run trigger -- <event> [options]

  authorization   ask for an approval               --card plain --amount 12.34 --mcc 5411
  verification    a zero-amount check of the card   --card plain
  balance         a balance inquiry                 --card plain
  clearing        money moved                       --card plain [--amount 10.00] [--partial]
  reversal        the hold is given back            --card plain [--amount 5.00]
  refund          money comes back                  --card plain --amount 3.00

  --card NAME            plain, grocery-only, frozen, or any card token (default plain)
  --amount N             major units, as Marqeta sends them (default: the authorization's)
  --mcc CODE             merchant category (default 5411)
  --currency CODE        default USD
  --authorization TOKEN  the authorization it belongs to (default: the card's last one); none: belongs to none
  --json                 one object instead of text
npm start must be running in another terminal.`;

const webhookTypes = {
  clearing: 'authorization.clearing',
  reversal: 'authorization.reversal',
  refund: 'refund',
} as const;
const methods = {
  authorization: 'pgfs.authorization',
  verification: 'pgfs.authorization.account_verification',
  balance: 'pgfs.balanceinquiry',
} as const;

/** The last authorization of each card, so that a clearing needs no token. */
interface Last {
  readonly transactionToken: string;
  readonly authorizationId: string;
  readonly amount: string;
}
const noteName = 'last-authorizations.json';

interface Words {
  readonly event: string;
  readonly card: string;
  readonly amount: string | undefined;
  readonly mcc: string;
  readonly currency: string;
  readonly authorization: string | undefined;
  readonly partial: boolean;
  readonly json: boolean;
}

function readWords(args: readonly string[]): Words | null {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      card: { type: 'string', default: 'plain' },
      amount: { type: 'string' },
      mcc: { type: 'string', default: '5411' },
      currency: { type: 'string', default: 'USD' },
      authorization: { type: 'string' },
      partial: { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const [event, extra] = positionals;
  if (values.help || event === undefined) return null;
  if (extra !== undefined) throw new Error(`${extra} is one word too many`);
  if (!(event in webhookTypes) && !(event in methods))
    throw new Error(
      `${event} is not an event; the events are ${[...Object.keys(methods), ...Object.keys(webhookTypes)].join(', ')}`,
    );
  if (values.amount !== undefined && !/^\d+(\.\d+)?$/.test(values.amount))
    throw new Error(`--amount ${values.amount} is not an amount in major units, such as 12.34`);
  return { event, amount: values.amount, authorization: values.authorization, ...values } as Words;
}

async function send(running: Running, path: string, body: string) {
  const { username, password } = running.marqeta;
  const startedMs = performance.now();
  const answer = await fetch(running.edge_url + path, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Basic ${btoa(`${username}:${password}`)}` },
    body,
  });
  const text = await answer.text();
  return { status: answer.status, text, latency_ms: Math.round((performance.now() - startedMs) * 10) / 10 };
}

async function authorize(running: Running, words: Words, cardToken: string) {
  const method = methods[words.event as keyof typeof methods];
  const amount = words.event === 'authorization' ? (words.amount ?? '12.34') : '0';
  const transactionToken = randomUUID();
  const { mcc: category, currency } = words;
  const message = gatewayMessage({ cardToken, amount, category, currency, method, transactionToken });
  const answer = await send(running, '/networks/marqeta/gateway', message);
  const authorizationId = /authorization_id=(auth_\w+)/.exec(answer.text)?.[1] ?? null;
  if (authorizationId !== null && words.event === 'authorization' && answer.status === 200)
    writeNote(noteName, {
      ...readNote<Record<string, Last>>(noteName),
      [cardToken]: { transactionToken, authorizationId, amount },
    });
  return { answer, authorizationId };
}

async function notify(running: Running, words: Words, cardToken: string) {
  const last = readNote<Record<string, Last>>(noteName)?.[cardToken];
  const type: TransactionInput['type'] = webhookTypes[words.event as keyof typeof webhookTypes];
  const precedingToken = words.authorization === 'none' ? undefined : (words.authorization ?? last?.transactionToken);
  const amount = words.amount ?? last?.amount;
  if (amount === undefined)
    throw new Error(`Card ${words.card} has no authorization yet: say --amount, or trigger one first.`);
  if (precedingToken === undefined && words.event === 'reversal')
    throw new Error('A reversal belongs to an authorization: trigger one first.');
  const { mcc: category, currency } = words;
  const linked = precedingToken === undefined ? {} : { precedingToken };
  const message = webhookMessage({ type, cardToken, amount, category, currency, final: !words.partial, ...linked });
  const answer = await send(running, '/networks/marqeta/webhook', message);
  const known = precedingToken === last?.transactionToken;
  return { answer, authorizationId: known ? (last?.authorizationId ?? null) : null };
}

const timelineSchema = z.object({
  decision: z
    .object({ outcome: z.string(), reason: z.string().nullable(), control_id: z.string().nullable() })
    .nullable(),
  events: z.array(
    z.object({
      kind: z.string(),
      event_id: z.string(),
      message: z.object({ kind: z.string() }).optional(),
      transfers: z.array(z.object({ kind: z.string(), amount_minor: z.number() })),
    }),
  ),
});
type Timeline = z.infer<typeof timelineSchema>;

const bookedWithinMs = 15_000;

/** The timeline once it holds more events than before: the queue needs a moment. */
async function booked(running: Running, authorizationId: string, eventsBefore: number): Promise<Timeline | null> {
  const untilMs = Date.now() + bookedWithinMs;
  while (Date.now() < untilMs) {
    const timeline = await timelineOf(running, authorizationId);
    if (timeline !== null && timeline.events.length > eventsBefore) return timeline;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return null;
}

async function timelineOf(running: Running, authorizationId: string): Promise<Timeline | null> {
  const { status, body } = await apiOf(running.origin_url)('GET', `/authorizations/${authorizationId}/timeline`);
  return status === 200 ? timelineSchema.parse(body) : null;
}

function shown(timeline: Timeline): string {
  const { decision } = timeline;
  const why = decision?.reason ? ` (${decision.reason}${decision.control_id ? ` by ${decision.control_id}` : ''})` : '';
  const lines = timeline.events.map(({ kind, message, transfers }) => {
    const moved = transfers.map((transfer) => `${transfer.kind} ${transfer.amount_minor}`).join(', ');
    return `    ${(message?.kind ?? kind).padEnd(14)} ${moved || 'no transfer'}`;
  });
  return [
    `  decision    ${decision?.outcome ?? 'none'}${why}`,
    '  ledger      transfers of each event, in minor units',
    ...lines,
  ].join('\n');
}

async function main(words: Words): Promise<void> {
  const running = readNote<Running>('running.json');
  if (running === null) throw new Error('Nothing runs here. Start the system in another terminal: npm start');
  const cardToken = running.cards.find(({ name }) => name === words.card)?.card_token ?? words.card;
  const before = readNote<Record<string, Last>>(noteName)?.[cardToken];
  const isRequest = words.event in methods;
  const eventsBefore =
    isRequest || before === undefined ? 0 : ((await timelineOf(running, before.authorizationId))?.events.length ?? 0);
  const { answer, authorizationId } = await (isRequest ? authorize : notify)(running, words, cardToken);
  const timelineUrl =
    authorizationId === null ? null : `${running.origin_url}/authorizations/${authorizationId}/timeline`;
  const timeline = authorizationId === null ? null : await booked(running, authorizationId, eventsBefore);
  if (words.json) {
    process.stdout.write(
      `${JSON.stringify({ ...answer, authorization_id: authorizationId, timeline_url: timelineUrl, timeline })}\n`,
    );
    return;
  }
  const lines = [
    `  answer      ${answer.status} ${answer.text}`,
    `  latency     ${answer.latency_ms} ms`,
    ...(timeline === null ? [] : [shown(timeline)]),
    ...(timelineUrl !== null && timeline === null
      ? ['  ledger      nothing booked yet; is the origin up? See .atlas/logs']
      : []),
    ...(timelineUrl === null
      ? []
      : [`  timeline    curl -s -H 'authorization: Bearer ${running.api_key}' ${timelineUrl}`]),
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

try {
  const words = readWords(process.argv.slice(2));
  if (words === null) process.stdout.write(`${help}\n`);
  else await main(words);
} catch (error) {
  const refused = error instanceof Error && 'cause' in error && String(error.cause).includes('ECONNREFUSED');
  process.stderr.write(
    `${refused ? 'The system does not answer. Start it again: npm start' : error instanceof Error ? error.message : error}\n`,
  );
  process.exitCode = 1;
}
