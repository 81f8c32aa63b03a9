// Why each request of an authorization was decided as it was: the reason as a sentence, the control that caused it as it was
// then, and every control that was looked at, in order.

import type { CardEvent } from '../../contracts/card-event.ts';
import type { Verdict } from '../../contracts/decision.ts';
import { type Definitions, definitionsAtEdge, definitionsOf } from '../controls/definitions.ts';
import type { Sql } from '../db/client.ts';
import { controlInWords } from './control-in-words.ts';
import { decisionInWords, remainderInWords } from './decision-in-words.ts';
import { foreignMoneyOf } from './foreign-money.ts';
import { remarksOn } from './remarks.ts';

export interface Life {
  readonly stream_id: bigint;
  /** Null for a card that the origin does not know. */
  readonly card_id: string | null;
  readonly currency: string;
  readonly events: readonly CardEvent[];
}

type RequestEvent = Extract<CardEvent, { kind: 'authorization' }>;

export async function explainAuthorization(sql: Sql, life: Life) {
  const { events, currency } = life;
  const asked = events.filter((event) => event.kind === 'authorization');
  const known = new Map<number, Definitions>();
  for (const { decision } of asked) {
    const version = decision.profile_version;
    if (version !== null && !known.has(version)) known.set(version, await definitionsAt(sql, life, version));
  }
  const voided = new Set(events.flatMap((event) => (event.kind === 'void' ? [event.request_key] : [])));
  const items = await foreignMoneyOf(sql, events);
  return {
    requests: asked.map((event) => ({
      ...explainRequest(event, known.get(event.decision.profile_version ?? 0) ?? new Map(), currency),
      /** The answer was given up later, and what it held released. */
      voided: voided.has(event.request.request_key),
    })),
    remarks: events.flatMap((event) => remarksOn(event, currency, items.get(event.event_id) ?? null)),
  };
}

async function definitionsAt(sql: Sql, { card_id, stream_id }: Life, version: number): Promise<Definitions> {
  const written = card_id === null ? null : await definitionsOf(sql, card_id, version);
  return written !== null && written.size > 0 ? written : await definitionsAtEdge(sql, stream_id, version);
}

function explainRequest(event: RequestEvent, definitions: Definitions, currency: string) {
  const { sequence, at_ms, authorization_id, request, decision } = event;
  const { trace, ...decided } = decision;
  const cause = definitions.get(decision.control_id ?? '') ?? null;
  const would = trace.filter(({ verdict, shadow }) => shadow && verdict === 'decline');
  return {
    ...{ sequence, at_ms, authorization_id, request },
    ...decided,
    sentence: decisionInWords({ request, decision, atMs: at_ms, control: cause?.definition ?? null, currency }),
    control: cause && {
      control_id: cause.definition.control_id,
      control_set: cause.from,
      definition: cause.definition,
    },
    shadow_would_decline: would.map(({ control_id }) => control_id),
    trace: trace.map((verdict) => explainVerdict(verdict, definitions, currency)),
  };
}

function explainVerdict(verdict: Verdict, definitions: Definitions, currency: string) {
  const definition = definitions.get(verdict.control_id)?.definition ?? null;
  return {
    ...verdict,
    shadow: verdict.shadow ?? false,
    /** What the control says. */
    says: definition === null ? null : controlInWords(definition, currency),
    /** What was left of it before this request. */
    left: remainderInWords(verdict, currency),
  };
}
