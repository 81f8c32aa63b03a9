// Settlements asked for through Cloudflare Queues: pulled, created, acknowledged. A message carries the whole request and the
// settlement's id, chosen by its sender, so that a message which comes twice asks for the same settlement. What can never become
// one is among the dead letters with its reason.

import type { Logger } from 'pino';
import * as z from 'zod';
import { findCardData } from '../../contracts/card-data.ts';
import { idSchema } from '../../contracts/ids.ts';
import { newSettlementSchema } from '../../contracts/settlement.ts';
import { traceParentOf } from '../../contracts/trace-parent.ts';
import { countCardData } from '../card-data/found.ts';
import type { Database, Sql } from '../db/client.ts';
import type { Loop } from '../loop.ts';
import type { Payer } from '../providers/payable.ts';
import type { QueueConfig } from '../queue-config.ts';
import { type DeadLetter, findDeadLetters, keepDeadLetters } from '../queues/dead-letters.ts';
import { createDeadQueue, type DeadQueueMetrics } from '../queues/dead-queue.ts';
import type { Message, Outcome } from '../queues/message.ts';
import { createPull } from '../queues/pull.ts';
import type { QueueWatch } from '../queues/queue-metrics.ts';
import { takeOrSetAside } from '../set-aside.ts';
import { noteSpan } from '../tracing/spans.ts';
import { createSettlements, type SettlementRequest } from './create.ts';

export const settlementMessageSchema = z.strictObject({
  version: z.literal(1),
  settlement_id: idSchema('stl'),
  /** In whose course it was asked for: goes into the audit trail. */
  correlation_id: z
    .string()
    .min(1)
    .max(120)
    .regex(/^[\w.:-]+$/),
  /** The sender's `traceparent`, where it has one: the settlement belongs to its trace. One that is none is left out. */
  traceparent: z.unknown().transform(traceParentOf).optional(),
  settlement: newSettlementSchema,
});
export type SettlementMessage = z.input<typeof settlementMessageSchema>;

export interface SettlementQueueOptions {
  readonly queue: QueueConfig;
  readonly database: Database;
  readonly log: Logger;
  /** Those that are configured, primary first. */
  readonly providers: readonly Payer[];
  readonly watch?: QueueWatch | undefined;
}

export function createSettlementQueue({ queue, database, log, providers, watch }: SettlementQueueOptions): Loop {
  const take = (messages: readonly Message[]) => takeSettlementMessages(database, messages, log, { providers });
  return createPull({ name: 'settlement queue', queue, log, watch, intake: { take } });
}

type DeadSettlementQueueOptions = Omit<SettlementQueueOptions, 'watch'> & { readonly metrics: DeadQueueMetrics };

export function createDeadSettlementQueue({ providers, ...options }: DeadSettlementQueueOptions): Loop {
  const { database, log } = options;
  const take = (messages: readonly Message[]) => takeSettlementMessages(database, messages, log, { providers });
  return createDeadQueue({ name: 'dead settlement queue', source, take, ...options });
}

type Taken = { readonly id: string; readonly outcome: Outcome };

export interface Taking {
  /** A person has seen to why they were refused: they are looked at as if they had never come. */
  readonly again?: boolean;
  readonly providers?: readonly Payer[];
}

export async function takeSettlementMessages(
  database: Database,
  messages: readonly Message[],
  log: Logger,
  { again = false, providers = [] }: Taking = {},
): Promise<Taken[]> {
  const taken = new Map<string, Outcome>();
  try {
    await takeOrSetAside(messages, {
      take: async (part) => {
        const outcomes = await database.transaction((sql) => take(sql, part, { again, providers }));
        for (const { id, outcome } of outcomes) taken.set(id, outcome);
      },
      // One that the database refuses, alone: for a person, and the others go on.
      setAside: async (message, error) => {
        log.error({ err: error }, 'a settlement request is refused by the database');
        await keepDeadLetters(database.sql, [letterOf(message, `cannot be stored: ${String(error)}`)]);
        taken.set(message.id, 'dead_letter');
      },
    });
  } catch (error) {
    log.error({ err: error, messages: messages.length - taken.size }, 'settlement requests were not taken');
  }
  return messages.map(({ id }) => ({ id, outcome: taken.get(id) ?? 'retry' }));
}

function letterOf({ body }: Message, reason: string): DeadLetter {
  return { source, reason, message: JSON.stringify(body), place: null };
}

async function take(sql: Sql, messages: readonly Message[], { again, providers }: Required<Taking>): Promise<Taken[]> {
  await lockRequests(sql, messages);
  const letters: DeadLetter[] = [];
  const outcomes = new Map<Message, Outcome>();
  const bury = (message: Message, reason: string) => {
    letters.push(letterOf(message, reason));
    outcomes.set(message, 'dead_letter');
  };
  const known = await knownSettlements(sql, messages);
  const dead = again ? new Set() : await findDeadLetters(sql, source, messages.map(textOf));
  const wanted = new Map<string, Wanted>();
  for (const message of messages) {
    const read = settlementMessageSchema.safeParse(message.body);
    if (!read.success) {
      bury(message, z.prettifyError(read.error).replaceAll(/\s+/g, ' ').slice(0, 300));
      continue;
    }
    const { settlement_id, correlation_id, traceparent = null, settlement } = read.data;
    // Its traceparent was looked at as such: one that looks like a card number by chance is left out, and refuses nothing.
    const found = findCardData({ ...Object(message.body), traceparent: null });
    if (found !== null) {
      countCardData('settlement_queue', 'refused');
      bury(message, `${found.path} ${found.problem}`);
      continue;
    }
    const content = contentOf(settlement);
    const first = wanted.get(settlement_id);
    const before = known.get(settlement_id) ?? first?.content;
    if (before !== undefined && before !== content) bury(message, 'its id is that of another settlement');
    else if (first !== undefined) first.messages.push(message);
    else if (before !== undefined) outcomes.set(message, 'done');
    // Whatever refused it may be over, but somebody may have seen to it since: it is for a person.
    else if (dead.has(textOf(message))) bury(message, 'was refused before');
    else {
      const asked = {
        kind: 'consumer',
        parent: traceparent,
        attributes: { 'atlas.settlement_id': settlement_id },
      } as const;
      const trace_parent = noteSpan('settlement request', asked);
      const request = { actor: 'queue:settlements', correlation_id, settlement_id, trace_parent, settlement };
      wanted.set(settlement_id, { messages: [message], content, request });
    }
  }
  const asked = [...wanted.values()];
  const created = await createSettlements(
    sql,
    asked.map(({ request }) => request),
    providers,
  );
  for (const [index, { messages: alike }] of asked.entries()) {
    const outcome = created[index];
    for (const message of alike)
      if (outcome !== undefined && 'created' in outcome) outcomes.set(message, 'done');
      else bury(message, `refused: ${outcome?.refused}`);
  }
  await keepDeadLetters(sql, letters);
  return messages.map((message) => ({ id: message.id, outcome: outcomes.get(message) ?? 'retry' }));
}

const source = 'settlement_requests';

/** Asked for by one message, or by several alike: they share what becomes of it. */
interface Wanted {
  readonly messages: Message[];
  readonly content: string;
  readonly request: Required<Omit<SettlementRequest, 'run_id'>>;
}

function textOf({ body }: Message): string {
  return JSON.stringify(body);
}

/** Valid or not: whatever it is, it is looked for as what it says. */
function idIn({ body }: Message): string | undefined {
  return idSchema('stl').safeParse((body as { settlement_id?: unknown } | null)?.settlement_id).data;
}

/**
 * Two consumers that have the same request wait for each other, and the second sees what the first has committed: else one might
 * create it while the other, by whom it is owed already, refuses it. In one order for everybody.
 */
async function lockRequests(sql: Sql, messages: readonly Message[]): Promise<void> {
  await sql.query(
    `select pg_advisory_xact_lock(key)
     from (select distinct hashtextextended(name, 0) as key from unnest($1::text[]) as asked (name) order by key) as locked`,
    [messages.map((message) => idIn(message) ?? textOf(message))],
  );
}

/** What the settlements are that messages name and that exist already. */
async function knownSettlements(sql: Sql, messages: readonly Message[]): Promise<Map<string, string>> {
  const { rows } = await sql.query<{ settlement_id: string } & Content>(
    `select settlement_id, merchant_id, amount_minor, currency, reference from settlements where settlement_id = any($1::text[])`,
    [messages.map(idIn).filter((id) => id !== undefined)],
  );
  return new Map(rows.map((row) => [row.settlement_id, contentOf(row)]));
}

interface Content {
  readonly merchant_id: string;
  readonly amount_minor: number | string;
  readonly currency: string;
  readonly reference: string;
}

function contentOf({ merchant_id, amount_minor, currency, reference }: Content): string {
  return JSON.stringify([merchant_id, String(amount_minor), currency, reference]);
}
