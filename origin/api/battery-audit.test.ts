// Whatever an API call changes, the audit trail says who did it, and in the course of which request. For every operation of the
// document that may change something, so that none can be forgotten.

import { expect, test } from 'vitest';
import { createTestDatabase } from '../../scripts/test-postgres.ts';
import { callOf, operationsOf, send } from '../testing/sample-operations.ts';
import { SampleWorld } from '../testing/sample-world.ts';

const world = await SampleWorld.start(await createTestDatabase());
const operations = await operationsOf(world);

/** Their samples change nothing: no dead letter or open item is of that group. Tested beside their routes. */
const changeNothing = ['backtestControls', 'replaySettlementDeadLetters', 'actOnOpenItems'];
const changing = operations.filter(
  ({ method, operationId }) => method !== 'GET' && !changeNothing.includes(operationId),
);

interface Audited {
  readonly actor: string;
  readonly action: string;
  readonly subject: string;
}

/** Over HTTP, as an auditor reads it. */
async function trailOf(subject: string): Promise<Record<string, unknown>[]> {
  const { body } = await world.api.call('GET', `/audit-events?subject=${subject}`);
  return body['audit_events'] as Record<string, unknown>[];
}

async function auditedIn(requestId: string | null): Promise<Audited[]> {
  const { rows } = await world.api.database.sql.query<Audited>(
    'select actor, action, subject from audit_events where correlation_id = $1 order by audit_no',
    [requestId],
  );
  return rows;
}

test.each(changing.map((operation) => [`${operation.method} ${operation.path}`, operation] as const))(
  '%s: who did it is in the audit trail',
  async (_, operation) => {
    const call = await callOf(world, operation);
    const answer = await send(world, operation, call);
    expect(answer.status).toBe(operation.status);
    const audited = await auditedIn(answer.headers.get('x-request-id'));
    expect(audited.length).toBeGreaterThan(0);
    const given = Object.values(call.params ?? {});
    const ids = [...given, ...Object.values(answer.body)];
    for (const { actor, action, subject } of audited) {
      expect(actor).toMatch(/^akey_/);
      expect(action).toMatch(/^[a-z_]+\.[a-z_]+$/);
      expect(ids).toContain(subject);
    }
  },
);

test('a call that is refused leaves nothing', async () => {
  const frozen = await world.api.call('PATCH', `/cards/card_${'0'.repeat(26)}`, { status: 'frozen' });
  expect(frozen.status).toBe(404);
  expect(await auditedIn(frozen.headers.get('x-request-id'))).toEqual([]);
});

test('a card that is frozen says from where to where, and what else is new in its profile', async () => {
  const { card_id } = await world.card();
  const frozen = await world.api.call('PATCH', `/cards/${card_id}`, { status: 'frozen', hold_days: 3 });
  expect(frozen.status).toBe(200);
  const seal = expect.stringMatching(/^[0-9a-f]{64}$/);
  expect(await trailOf(card_id)).toMatchObject([
    { action: 'card.changed', from_state: 'active', to_state: 'frozen', reason: 'profile 2: status, hold_days', seal },
    { action: 'card.created', from_state: null, to_state: 'active', reason: expect.stringMatching(/^of acct_/), seal },
  ]);
});

test('cards that move to another version of their control set are told one by one', async () => {
  const control_set_id = await world.controlSet();
  const cards = [await world.api.newCard({ control_set: { control_set_id, version: 1 } }), await world.api.newCard()];
  await world.api.call('POST', `/control-sets/${control_set_id}/versions`, { controls: [] });
  const applied = await world.api.call('POST', `/control-sets/${control_set_id}/versions/2/apply`);
  expect(applied.body['cards_moved']).toBe(1);
  const subject = cards[0]?.card['card_id'];
  expect(await auditedIn(applied.headers.get('x-request-id'))).toMatchObject([
    { action: 'control_set.distribution_begun', subject: control_set_id },
    { action: 'card.changed', subject },
  ]);
});
