import { beforeAll, describe, expect, test } from 'vitest';
import type { Profile } from '../../../contracts/profile.ts';
import { answersHeldTo } from '../../../scripts/test-answers.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { type Json, SampleApi } from '../../testing/sample-api.ts';
import { SampleCard } from '../../testing/sample-card.ts';

let api: SampleApi;
beforeAll(async () => {
  api = await SampleApi.start(await createTestDatabase());
  api.onAnswer = await answersHeldTo(api);
  return () => api.close();
});

async function explained(sample: SampleCard, key: string): Promise<Json> {
  await api.deliver(sample.message());
  const found = sample.events.find(
    (event) =>
      (event.kind === 'authorization' && event.request.authorization_key === key) ||
      (event.kind === 'message' && event.message.authorization_key === key),
  ) as { authorization_id: string };
  const { status, body } = await api.call('GET', `/authorizations/${found.authorization_id}/explanation`);
  expect(status).toBe(200);
  return body;
}

const perDay = (amount_minor: number) => ({
  control_id: 'per-day',
  does: 'limit',
  amount_minor,
  window: { per: 'day' },
});
const shadow = {
  control_id: 'velocity',
  mode: 'shadow',
  does: 'limit',
  count: 1,
  window: { per: 'rolling', seconds: 60 },
};
const noGambling = { control_id: 'no-gambling', does: 'block', applies_to: { category: { any_of: ['gambling'] } } };

describe('an explanation', () => {
  test('names the control as it was then, each that was looked at in order, and what shadow controls would have done', async () => {
    const set = await api.call('POST', '/control-sets', { name: 's', controls: [perDay(5_000), shadow] });
    const { control_set_id } = set.body;
    const { card, sample } = await api.newCard({ control_set: { control_set_id }, controls: [noGambling] });
    sample.authorize(4_000);
    const key = sample.authorize(2_000);
    // What is in force now has no part in it.
    await api.call('PATCH', `/cards/${card['card_id']}`, { control_set: null, controls: [perDay(1)] });
    sample.putProfile(api.edge.profiles.get(sample.card_key) as Profile);
    const body = await explained(sample, key);
    expect(body['authorization']).toMatchObject({ status: 'declined', reason: 'exceeds_amount_in_window' });
    expect(body['remarks']).toEqual([]);
    expect(body['requests']).toMatchObject([
      {
        outcome: 'declined',
        reason: 'exceeds_amount_in_window',
        sentence: 'Declined: 20.00 USD is more than the 10.00 USD left of 50.00 USD a day (UTC) (control per-day).',
        profile_version: 1,
        voided: false,
        control: {
          control_id: 'per-day',
          control_set: { control_set_id, version: 1 },
          definition: { does: 'limit', amount_minor: 5_000 },
        },
        shadow_would_decline: ['velocity'],
        trace: [
          {
            control_id: 'per-day',
            verdict: 'decline',
            shadow: false,
            left: '10.00 USD left',
            says: 'at most 50.00 USD a day (UTC)',
          },
          {
            control_id: 'velocity',
            verdict: 'decline',
            shadow: true,
            left: '0 uses left',
            says: 'at most 1 use in any minute',
          },
          { control_id: 'no-gambling', verdict: 'not_applicable', left: null, says: 'blocks category gambling' },
        ],
      },
    ]);
    expect(JSON.stringify(body)).not.toContain(sample.card_token.concat('"'));
  });

  test('goes through every request of the authorization, and says what others decided of it', async () => {
    const { sample } = await api.newCard({ funds_minor: 1_000, controls: [perDay(900)] });
    const key = sample.authorize(500);
    sample.authorize(600, { authorization_key: key, kind: 'incremental' });
    sample.advise(key, 1_100);
    sample.clear(key, 1_200, false);
    sample.lapse();
    const body = await explained(sample, key);
    expect((body['requests'] as Json[]).map(({ outcome, reason }) => [outcome, reason])).toEqual([
      ['approved', null],
      ['declined', 'exceeds_amount_in_window'],
    ]);
    expect((body['remarks'] as Json[]).map(({ sentence }) => sentence)).toEqual([
      "The processor decided in our place: 11.00 USD is held. The card's own rules would have said exceeds_amount_in_window.",
      'With this advice the card has spent more than it was given.',
      'With this clearing the card has spent more than it was given.',
    ]);
  });

  test('says what the card withholds of a refund, what a person released of it, and what was declined for that', async () => {
    const { sample } = await api.newCard({ funds_minor: 1_000 });
    const key = sample.authorize(500);
    const refund = {
      message_key: 'invented',
      currency: 'USD',
      authorization_key: key,
      amount_minor: 90_000,
      merchant: null,
    };
    sample.receive({ kind: 'refund', ...refund });
    sample.authorize(60_000, { authorization_key: key, kind: 'incremental' });
    const refunded = sample.events.find((event) => event.kind === 'message');
    if (refunded?.kind !== 'message') throw new Error('the refund is one of its events');
    const { authorization_id, at_ms: refunded_at_ms } = refunded;
    const release = { message_key: 'item', authorization_id, currency: 'USD', minor: 90_000, refunded_at_ms };
    sample.releaseRefund(release);
    const body = await explained(sample, key);
    expect((body['requests'] as Json[]).map(({ sentence }) => sentence)).toEqual([
      'Approved: 5.00 USD.',
      'Declined: 600.00 USD is more than the 505.00 USD that the card had left; 400.00 USD of its refunds of no purchase is withheld.',
    ]);
    expect((body['remarks'] as Json[]).map(({ sentence }) => sentence)).toEqual([
      'No purchase had cleared what was refunded: the card withholds 400.00 USD more, until its clearing comes or a person releases it.',
      'A person released 900.00 USD of what was refunded: the card may spend it.',
    ]);
  });

  test('of one that was given up, and of one whose hold lapsed', async () => {
    const { sample } = await api.newCard();
    const given = sample.authorize(500);
    sample.void(given);
    const lapsed = sample.authorize(700);
    sample.lapse();
    const body = await explained(sample, given);
    expect(body['requests']).toMatchObject([{ outcome: 'approved', voided: true }]);
    expect(body['remarks']).toMatchObject([
      { sentence: 'The answer came too late: 5.00 USD that it had held was released.' },
    ]);
    expect((await explained(sample, lapsed))['remarks']).toMatchObject([
      { sentence: 'Nobody cleared it in time: 7.00 USD was released.' },
    ]);
  });

  test('of a card that the origin does not know, from what the edge was told of its profile', async () => {
    const sample = new SampleCard('nobody-made-it');
    sample.putProfile({
      controls: [
        {
          ...perDay(100),
          mode: 'enforce',
          applies_to: {},
          does: 'limit',
          window: { per: 'day', time_zone: 'UTC' },
          refunds_give_back: false,
        },
      ],
    });
    const body = await explained(sample, sample.authorize(500));
    expect(body['requests']).toMatchObject([{ control: { definition: { amount_minor: 100 } } }]);
  });

  test('of what nobody asked for there are no requests; of what does not exist nothing', async () => {
    const { sample } = await api.newCard();
    sample.advise('stand-in', 300);
    expect(await explained(sample, 'stand-in')).toMatchObject({ requests: [], remarks: [{}] });
    expect(await api.call('GET', `/authorizations/auth_${'0'.repeat(26)}/explanation`)).toMatchObject({
      status: 404,
      body: { error_code: 'authorization_not_found' },
    });
  });
});
