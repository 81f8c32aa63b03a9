// Open items as an operator meets them: found by what they belong to, counted, looked at, acted on, one or many.

import { beforeEach, describe, expect, test } from 'vitest';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type RaisedItem, raiseOpenItems } from '../../open-items/raise.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
beforeEach(async () => {
  world = await SampleWorld.start(await createTestDatabase());
});

type Item = Record<string, unknown>;

async function raise(...items: readonly Partial<RaisedItem>[]): Promise<void> {
  await raiseOpenItems(
    world.api.database.sql,
    items.map((item, index) => ({
      ...{ kind: 'booked_twice', key: `k${index}`, summary: 'The bank booked it twice.', evidence: { entry: index } },
      ...item,
    })),
  );
}

async function listed(query: string): Promise<Item[]> {
  const { status, body, text } = await world.api.call('GET', `/open-items?${query}`);
  expect([status, text]).toEqual([200, text]);
  return body['open_items'] as Item[];
}

const dismiss = (id: unknown, reason = 'nothing to do') =>
  world.api.call('POST', `/open-items/${id}/actions/dismiss`, { reason });

describe('open items', () => {
  test('are found by what they belong to, oldest or newest first', async () => {
    const { card } = await world.api.newCard({ card_token: 'tok-of-the-item' });
    const settlement_id = await world.settlement();
    await raise(
      { merchant_id: world.own.merchant_id, settlement_id },
      { kind: 'dead_letter', source: 'card_events', card_key: 'native:tok-of-the-item' },
      { kind: 'provider_not_configured', provider: 'stripe' },
    );
    const kinds = async (query: string) => (await listed(query)).map(({ kind }) => kind);
    expect(await kinds('')).toEqual(['provider_not_configured', 'dead_letter', 'booked_twice']);
    expect(await kinds('order=oldest&limit=2')).toEqual(['booked_twice', 'dead_letter']);
    expect(await kinds(`merchant_id=${world.own.merchant_id}`)).toEqual(['booked_twice']);
    expect(await kinds(`settlement_id=${settlement_id}`)).toEqual(['booked_twice']);
    expect(await kinds(`card_id=${card['card_id']}`)).toEqual(['dead_letter']);
    expect(await kinds('source=card_events')).toEqual(['dead_letter']);
    expect(await kinds('provider=stripe')).toEqual(['provider_not_configured']);
    expect(await kinds('kind=booked_twice&provider=stripe')).toEqual([]);
    expect(await kinds('older_than_hours=1')).toEqual([]);
  });

  test('of a settlement are named by it while they are open', async () => {
    const settlement_id = await world.settlement();
    const named = async () => (await world.api.call('GET', `/settlements/${settlement_id}`)).body['open_item_ids'];
    expect(await named()).toEqual([]);
    await raise({ settlement_id }, { settlement_id });
    const [newest, oldest] = await listed('');
    expect(await named()).toEqual([oldest?.['open_item_id'], newest?.['open_item_id']]);
    await dismiss(newest?.['open_item_id']);
    expect(await named()).toEqual([oldest?.['open_item_id']]);
  });

  test('are counted by kind, with the age of the oldest', async () => {
    await raise({}, {}, { kind: 'dead_letter' });
    const { body } = await world.api.call('GET', '/open-items/counts');
    const none = { oldest_age_seconds: expect.any(Number) };
    expect(body).toEqual({
      open: 3,
      kinds: [
        { kind: 'booked_twice', open: 2, ...none },
        { kind: 'dead_letter', open: 1, ...none },
      ],
    });
  });

  test('show all of their evidence, without what may be a card number, and what can be done', async () => {
    const fact = 'paid with 4111 1111 1111 1111, ４１１１１１１１１１１１１１１１';
    await raise({ evidence: { fact, entry: { ref: 'E-1', amount_minor: 12_345n } } });
    const [item] = await listed('');
    expect(item).not.toHaveProperty('evidence');
    const { body } = await world.api.call('GET', `/open-items/${item?.['open_item_id']}`);
    expect(body).toMatchObject({
      evidence: {
        fact: `paid with **** **** **** ****, ${'*'.repeat(16)}`,
        entry: { ref: 'E-1', amount_minor: '12345' },
      },
      actions: expect.arrayContaining([
        { name: 'dismiss', summary: expect.any(String), input_schema: expect.objectContaining({ type: 'object' }) },
      ]),
      history: [],
    });
  });

  test('acted on are closed, with who did what and why in their history; nobody finds them among the open ones', async () => {
    await raise({});
    const [item] = await listed('');
    const id = item?.['open_item_id'];
    expect(await dismiss(id)).toMatchObject({ status: 200, body: { status: 'dismissed', resolution: 'dismiss' } });
    expect(await dismiss(id, 'again, with another reason')).toMatchObject({ status: 200 });
    expect(await listed('')).toEqual([]);
    expect(await listed('status=any')).toHaveLength(1);
    const { body } = await world.api.call('GET', `/open-items/${id}`);
    expect(body).toMatchObject({
      actions: [],
      history: [{ action: 'open_item.dismiss', actor: 'akey_root', reason: 'nothing to do' }],
    });
  });

  test('say which actions their kind has, where another is asked for', async () => {
    await raise({});
    const [item] = await listed('');
    const answer = await world.api.call('POST', `/open-items/${item?.['open_item_id']}/actions/forget`, {
      reason: 'please',
    });
    expect(answer).toMatchObject({ status: 404, body: { error_code: 'open_item_action_not_found' } });
    expect(answer.body['message']).toContain('dismiss');
  });

  test('name the field of an input that is wrong', async () => {
    await raise({});
    const [item] = await listed('');
    const path = `/open-items/${item?.['open_item_id']}/actions/dismiss`;
    expect(await world.api.call('POST', path, { reason: 'because', input: { amount: 1 } })).toMatchObject({
      ...{ status: 422, body: { error_code: 'field_invalid', details: [{ field: 'input.amount' }] } },
    });
    expect(await world.api.call('POST', path, {})).toMatchObject({
      status: 422,
      body: { details: [{ field: 'reason' }] },
    });
  });

  test('of a kind are acted on as a group, page by page, each with its own audit event', async () => {
    await raise(...Array.from({ length: 205 }, () => ({})), { kind: 'dead_letter' });
    const first = await world.api.call('POST', '/open-items/actions/dismiss', {
      kind: 'booked_twice',
      reason: 'a test',
    });
    expect(first.body).toEqual({ closed: 200, refused: 0, not_now: 0, skipped: 0, next_cursor: expect.any(String) });
    const rest = { kind: 'booked_twice', reason: 'a test', cursor: first.body['next_cursor'] };
    const last = await world.api.call('POST', '/open-items/actions/dismiss', rest);
    expect(last.body).toMatchObject({ closed: 5, next_cursor: null });
    expect((await listed('')).map(({ kind }) => kind)).toEqual(['dead_letter']);
    const { rows } = await world.api.database.sql.query(
      `select count(*)::int as count from audit_events where action = 'open_item.dismiss'`,
    );
    expect(rows).toEqual([{ count: 205 }]);
  });
});
