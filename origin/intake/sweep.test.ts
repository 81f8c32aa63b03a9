import { beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { applied, openRepair, running, spendingCard } from '../../scripts/test-repair.ts';
import { until } from '../../scripts/test-waiting.ts';
import { raiseSetBackDatabase } from '../audit/database-set-back.ts';
import { noteCardsCompared, noteProof, proofBegins, readLastProofs } from '../audit/last-proofs.ts';
import type { Database } from '../db/client.ts';
import { type StandInEdge, startStandInEdge } from '../testing/stand-in-edge.ts';
import type { Intake } from './intake.ts';
import type { RepairOptions } from './repair.ts';
import { createSweep } from './sweep.ts';

let database: Database;
let edge: StandInEdge;
let intake: Intake;
let options: RepairOptions;

beforeAll(async () => {
  edge = await startStandInEdge();
  return () => edge.close();
});

beforeEach(async () => {
  const opened = await openRepair(edge);
  ({ database, intake, options } = opened);
  return opened.close;
});

describe('the sweep', () => {
  test('finds a lost tail, and a card of which nothing ever came', async () => {
    const [tail, silent] = [spendingCard(edge, 'tail', 700), spendingCard(edge, 'silent', 2)];
    await intake.take([{ id: '1', body: tail.message(1, 2) }]);
    await database.sql.query(`insert into accounts (account_id, name, currency) values ('acct_1', 'test', 'USD')`);
    await database.sql.query(
      `insert into cards (card_id, account_id, network, card_token, profile, profile_version)
       values ('card_1', 'acct_1', 'native', $1, '{}', 1)`,
      [silent.card_token],
    );
    await running(createSweep(options), () =>
      until(
        () => applied(database),
        (seen) => seen === 'silent 3, tail 701',
      ),
    );
  });
});

test('the sweep: one card that cannot be caught up, alone on its page, is no failure of the loop', async () => {
  const lost = spendingCard(edge, 'alone', 5);
  await intake.take([{ id: '1', body: lost.message(1) }]);
  edge.trimmed.set(lost.card_key, 3);
  const loop = createSweep({ ...options, pauseMs: 0 });
  await running(loop, () => until(loop.state, ({ last_success_at_ms }) => last_success_at_ms !== null));
  expect([loop.state().failures_total, await items()]).toEqual([0, ['card_events_lost open native:alone']]);
});

describe('the sweep notes that every card was compared', () => {
  const compared = async () =>
    (await readLastProofs(database.sql)).flatMap(({ kind, proved_at }) => (kind === 'cards' ? [proved_at] : []))[0];
  const sweepOnce = async (edgeNow: RepairOptions['edge']) => {
    const loop = createSweep({ ...options, edge: edgeNow, pauseMs: 0 });
    await running(loop, () => until(loop.state, ({ last_success_at_ms }) => last_success_at_ms !== null));
  };

  test('as of its beginning, and not where a card could not be asked and nobody was told', async () => {
    const [asked, dumb] = [spendingCard(edge, 'asked', 2), spendingCard(edge, 'dumb', 2)];
    await intake.take([asked, dumb].map((card) => ({ id: card.card_token, body: card.message() })));
    const halfDumb: RepairOptions['edge'] = {
      ...options.edge,
      standings: async (cards) =>
        (await options.edge.standings(cards)).map((answer, index) =>
          cards[index]?.card.card_token === 'dumb' ? { status: 'rejected', reason: new Error('no answer') } : answer,
        ),
      eventsAfter: (...[card, after]: Parameters<RepairOptions['edge']['eventsAfter']>) =>
        card.card_token === 'dumb' ? Promise.reject(new Error('no answer')) : options.edge.eventsAfter(card, after),
    };
    await sweepOnce(halfDumb);
    expect(await compared()).toBeNull();
    const before = await proofBegins(database.sql);
    await sweepOnce(options.edge);
    const first = await compared();
    expect(first?.getTime()).toBeGreaterThanOrEqual(before.getTime());
    await sweepOnce(halfDumb);
    expect(await compared()).toEqual(first);
  });

  test('once more at once where the database is found to be set back meanwhile: payouts wait for a pass since then', async () => {
    const card = spendingCard(edge, 'set-back-meanwhile', 2);
    await intake.take([{ id: '1', body: card.message() }]);
    let asked = 0;
    const finding: RepairOptions['edge'] = {
      ...options.edge,
      async standings(cards) {
        if (++asked === 1) await raiseSetBackDatabase(database.sql, { key: 'found', said: 'set back', evidence: {} });
        return await options.edge.standings(cards);
      },
    };
    const isSince = async () => {
      const { rows } = await database.sql.query<{ is_so: boolean }>(
        `select proved_at > opened_at as is_so from last_proofs, open_items
         where last_proofs.kind = 'cards' and open_items.kind = 'database_set_back'`,
      );
      return rows[0]?.is_so;
    };
    await running(createSweep({ ...options, edge: finding }), () => until(isSince, (isSo) => isSo === true));
    expect(asked).toBeGreaterThan(1);
  });

  test('also where one differs and is an open item, put aside or not', async () => {
    const lost = spendingCard(edge, 'forgetful', 5);
    await intake.take([{ id: '1', body: lost.message(1) }]);
    edge.trimmed.set(lost.card_key, 3);
    await sweepOnce(options.edge);
    const first = await compared();
    expect([first, await items()]).toEqual([expect.any(Date), ['card_events_lost open native:forgetful']]);
    await database.sql.query(
      `update open_items set status = 'dismissed', closed_at = now(), resolution = 'dismiss' where status = 'open'`,
    );
    await sweepOnce(options.edge);
    expect((await compared())?.getTime()).toBeGreaterThan(first?.getTime() ?? Number.POSITIVE_INFINITY);
    edge.trimmed.delete(lost.card_key);
  });

  test('a run that began earlier takes no later one’s place, none is of the future, and none can be removed', async () => {
    const early = await proofBegins(database.sql);
    const late = await proofBegins(database.sql);
    for (const at of [late, early, new Date(Date.now() + 3_600_000)]) await noteCardsCompared(database.sql, at);
    const noted = (await compared())?.getTime() ?? 0;
    expect(noted).toBeGreaterThanOrEqual(late.getTime());
    expect(noted).toBeLessThanOrEqual((await proofBegins(database.sql)).getTime());
    await expect(database.sql.query('delete from last_proofs')).rejects.toThrow('permission denied');
    // The service vouches for no books: those are the owner's to prove.
    for (const kind of ['audit', 'ledger'] as const)
      for (const isGood of [true, false])
        expect(await noteProof(database.sql, { kind, beganAt: late, isGood })).toBe(false);
  });
});

describe('many cards', () => {
  /** Cards of which nothing is booked and the edge has nothing, in the order of their names. */
  async function manyCards(count: number): Promise<string[]> {
    const tokens = Array.from({ length: count }, (_, index) => `many-${String(index).padStart(5, '0')}`);
    await database.sql.query(
      `insert into card_streams (network, card_token) select 'native', token from unnest($1::text[]) as token`,
      [tokens],
    );
    await database.sql.query(`insert into accounts (account_id, name, currency) values ('acct_1', 'test', 'USD')`);
    await database.sql.query(
      `insert into cards (card_id, account_id, network, card_token, profile, profile_version)
       select 'card_' || token, 'acct_1', 'native', token, '{}', 1 from unnest($1::text[]) as token`,
      [tokens],
    );
    edge.calls.length = 0;
    return tokens;
  }
  const asked = () => edge.calls.filter((call) => call.startsWith('GET native:many-')).map((call) => call.slice(11));
  const isOver = async () => {
    const { rows } = await database.sql.query<{ is_over: boolean }>(
      'select next_pass_at > now() as is_over from sweep',
    );
    return rows[0]?.is_over;
  };

  test('are asked a hundred in a call, each once, though two processes sweep', async () => {
    const tokens = await manyCards(950);
    const two = [createSweep(options), createSweep(options)] as const;
    await running(two[0], () => running(two[1], () => until(isOver, (over) => over === true)));
    expect(asked().toSorted()).toEqual(tokens);
    expect(edge.calls.filter((call) => call.startsWith('CALLS'))).toHaveLength(10);
  });

  test('a process that stops in the middle leaves the rest, and only that, to the next one', async () => {
    const tokens = await manyCards(950);
    const first = createSweep({
      ...options,
      edge: {
        ...options.edge,
        async standings(cards) {
          const answers = await options.edge.standings(cards);
          // Told to stop while the second page is on its way: that page is asked for once more.
          if (cards[0]?.card.card_token === 'many-00400') void first.stop();
          return answers;
        },
      },
    });
    await running(first, () => until(asked, (calls) => calls.length === 800));
    await first.stop();
    expect(await isOver()).toBe(false);
    edge.calls.length = 0;
    await running(createSweep(options), () => until(isOver, (over) => over === true));
    expect(asked().toSorted()).toEqual(tokens.slice(400));
    // In the hour after a pass nobody asks.
    edge.calls.length = 0;
    const third = createSweep(options);
    await running(third, () =>
      until(
        () => third.state().last_success_at_ms,
        (at) => at !== null,
      ),
    );
    expect(asked()).toEqual([]);
  });

  test('a process that has died with it is followed by another, once its time is over', async () => {
    await manyCards(3);
    const held = (until: string) =>
      database.sql.query(`update sweep set held_by = 'dead', held_until = now() + $1::interval`, [until]);
    await held('1 minute');
    const early = createSweep(options);
    await running(early, () =>
      until(
        () => early.state().last_success_at_ms,
        (at) => at !== null,
      ),
    );
    expect(asked()).toEqual([]);
    await held('-1 second');
    await running(createSweep(options), () => until(isOver, (over) => over === true));
    expect(asked()).toHaveLength(3);
  });

  test('an edge that is away ends the round, and the next one goes on there', async () => {
    await manyCards(3);
    edge.away = true;
    const loop = createSweep(options);
    loop.start();
    await until(
      () => loop.failures(),
      (failures) => failures > 0,
    );
    await loop.stop();
    expect(loop.state().last_error).toBe('no card could be compared: the edge does not answer');
    edge.away = false;
    await database.sql.query('update sweep set held_until = now()');
    await running(createSweep(options), () => until(isOver, (over) => over === true));
    expect(asked()).toHaveLength(3);
  });
});

async function items(): Promise<string[]> {
  const { rows } = await database.sql.query<{ line: string }>(
    `select concat_ws(' ', kind, status, card_key) as line from open_items order by open_item_no`,
  );
  return rows.map(({ line }) => line);
}
