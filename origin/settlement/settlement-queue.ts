// Settlements asked for through Cloudflare Queues: pulled, created, acknowledged. A message carries the whole request and the
// settlement's id, chosen by its sender, so that a message which comes twice asks for the same settlement. What can never become
// one is among the dead letters with its reason.

import type { Logger } from 'pino';
import * as z from 'zod';
import { idSchema } from '../../contracts/ids.ts';
import { newSettlementSchema } from '../../contracts/settlement.ts';
import type { QueueConfig } from '../config.ts';
import type { Database, Sql } from '../db/client.ts';
import { type DeadLetter, keepDeadLetters } from '../intake/dead-letters.ts';
import type { Message, Outcome } from '../intake/intake.ts';
import { createPull } from '../intake/pull.ts';
import type { Loop } from '../loop.ts';
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
  settlement: newSettlementSchema,
});
export type SettlementMessage = z.input<typeof settlementMessageSchema>;

export interface SettlementQueueOptions {
  readonly queue: QueueConfig;
  readonly database: Database;
  readonly log: Logger;
}

export function createSettlementQueue({ queue, database, log }: SettlementQueueOptions): Loop {
  return createPull({ queue, log, intake: { take: (messages) => takeSettlementMessages(database, messages, log) } });
}

type Taken = { readonly id: string; readonly outcome: Outcome };

export async function takeSettlementMessages(
  database: Database,
  messages: readonly Message[],
  log: Logger,
): Promise<Taken[]> {
  try {
    return await database.transaction((sql) => take(sql, messages));
  } catch (error) {
    log.error({ err: error, messages: messages.length }, 'settlement requests were not taken');
    return messages.map(({ id }) => ({ id, outcome: 'retry' }));
  }
}

async function take(sql: Sql, messages: readonly Message[]): Promise<Taken[]> {
  const letters: DeadLetter[] = [];
  const outcomes = new Map<string, Outcome>();
  const bury = ({ id, body }: Message, reason: string) => {
    letters.push({ source: 'settlement_requests', reason, message: JSON.stringify(body), place: null });
    outcomes.set(id, 'dead_letter');
  };
  const known = await knownSettlements(sql, messages);
  const wanted: { readonly message: Message; readonly request: Required<Omit<SettlementRequest, 'run_id'>> }[] = [];
  for (const message of messages) {
    const read = settlementMessageSchema.safeParse(message.body);
    if (!read.success) {
      bury(message, z.prettifyError(read.error).replaceAll(/\s+/g, ' ').slice(0, 300));
      continue;
    }
    const { settlement_id, correlation_id, settlement } = read.data;
    const content = contentOf(settlement);
    const before = known.get(settlement_id);
    known.set(settlement_id, before ?? content);
    if (before === undefined)
      wanted.push({ message, request: { actor: 'queue:settlements', correlation_id, settlement_id, settlement } });
    else if (before !== content) bury(message, 'its id is that of another settlement');
    else outcomes.set(message.id, 'done');
  }
  const created = await createSettlements(
    sql,
    wanted.map(({ request }) => request),
  );
  for (const [index, { message }] of wanted.entries()) {
    const outcome = created[index];
    if (outcome !== undefined && 'created' in outcome) outcomes.set(message.id, 'done');
    else bury(message, `refused: ${outcome?.refused}`);
  }
  await keepDeadLetters(sql, letters);
  return messages.map(({ id }) => ({ id, outcome: outcomes.get(id) ?? 'retry' }));
}

/** What the settlements are that messages name and that exist already. */
async function knownSettlements(sql: Sql, messages: readonly Message[]): Promise<Map<string, string>> {
  const ids = messages.map(({ body }) => (body as { settlement_id?: unknown } | null)?.settlement_id);
  const { rows } = await sql.query<{ settlement_id: string } & Content>(
    `select settlement_id, merchant_id, amount_minor, currency, reference from settlements where settlement_id = any($1::text[])`,
    [ids.filter((id) => idSchema('stl').safeParse(id).success)],
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
