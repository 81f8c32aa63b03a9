// npx atlas against the real API: what it finds, and how it ends: 0 well, 1 found, 2 used wrongly, 3 cannot be reached.

import { beforeAll, expect, test } from 'vitest';
import { newId } from '../../contracts/ids.ts';
import { commands } from '../../scripts/atlas/commands.ts';
import { runAtlas } from '../../scripts/test-atlas.ts';
import { asOwner, createTestDatabase } from '../../scripts/test-postgres.ts';
import { raiseOpenItems } from '../open-items/raise.ts';
import { SampleWorld } from '../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
let database: string;
beforeAll(async () => {
  database = await createTestDatabase();
  world = await SampleWorld.start(database);
  url = await world.api.listen();
  return () => world.api.close();
});

const run = (...args: readonly string[]) => runAtlas({ url, key: world.api.apiKey }, ...args);
/** With --json, and what it printed read. */
async function answerOf(...args: readonly string[]) {
  const { out, error, code } = await run(...args, '--json');
  expect(error).toBe('');
  return { code, answer: JSON.parse(out) };
}

/** A card with a purchase that is booked; the edge has it as it stands. */
async function spendingCard() {
  const { card, sample } = await world.api.newCard({ funds_minor: 5_000 });
  sample.clear(sample.authorize(1_250), 1_200);
  await world.api.deliver(sample.message());
  world.api.edge.states.set(sample.card_key, { state: sample.state, nowMs: sample.nowMs });
  world.api.edge.logs.set(sample.card_key, sample.events);
  return { cardId: String(card['card_id']), sample };
}

test('card show and authorization show, explain: amounts in major units, and --json as the API has it', async () => {
  const { cardId } = await spendingCard();
  const shown = await run('card', 'show', cardId);
  expect(shown).toMatchObject({ error: '', code: 0 });
  expect(shown.out).toContain(`${cardId}   active`);
  expect(shown.out).toContain('50.00 USD in all');
  expect(shown.out).toMatch(/held +0\.00 USD\n +spent +12\.00 USD\n +left +38\.00 USD\n/);
  const id = /auth_\w{26}/.exec(shown.out)?.[0] ?? '';
  expect(shown.out).toMatch(new RegExp(`${id} {3}2026-\\S+ \\S+ {3}12\\.50 USD {3}posted`));
  const timeline = await run('authorization', 'show', id);
  expect(timeline).toMatchObject({ error: '', code: 0 });
  expect(timeline.out).toMatch(/spent +12\.00 USD/);
  expect(timeline.out).toMatch(/clearing +post 12\.00 USD, void 0\.50 USD/);
  expect((await run('authorization', 'explain', id)).out).toContain('authorization of 12.50 USD');
  const { answer } = await answerOf('authorization', 'explain', id);
  expect(answer.requests).toHaveLength(1);
  expect((await answerOf('card', 'show', cardId)).answer).toMatchObject({
    ...{ card: { card_id: cardId }, spending: { held_minor: 0, posted_minor: 1_200, left_minor: 3_800 } },
  });
  world.api.edge.away = true;
  const away = await run('card', 'show', cardId);
  world.api.edge.away = false;
  expect(away).toMatchObject({ code: 0, out: expect.stringMatching(/spending +not known: the edge does not answer/) });
}, 60_000);

test('card find leads from a network’s token to the card, and ends with 1 where nobody has it', async () => {
  const { cardId, sample } = await spendingCard();
  const found = await answerOf('card', 'find', sample.card_token);
  expect(found).toMatchObject({ code: 0, answer: { cards: [{ card_id: cardId }] } });
  const { out } = await run('card', 'find', sample.card_token, '--network', 'native');
  expect(out).toContain(`${cardId}   active`);
  expect(out).toMatch(/left +38\.00 USD\n/);
  expect(out).toMatch(new RegExp(`decisions +atlas card show ${cardId}\n`));
  const none = { code: 1, error: '', out: 'no card has this token\n' };
  expect(await run('card', 'find', sample.card_token, '--network', 'marqeta')).toMatchObject(none);
  expect(await run('card', 'find', 'nobodys')).toMatchObject(none);
});

test('card compare, reread and reconcile find what differs, and end with 1', async () => {
  const { cardId, sample } = await spendingCard();
  expect(await answerOf('card', 'compare', cardId)).toMatchObject({ code: 0, answer: { verdict: 'same' } });
  sample.authorize(700);
  expect(await run('card', 'compare', cardId)).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('are on their way') },
  });
  expect(await run('card', 'reread', cardId)).toMatchObject({
    ...{ code: 0, out: expect.stringContaining('1 events were booked') },
  });
  world.api.edge.logs.set(sample.card_key, sample.events.slice(0, 2));
  const differing = await run('card', 'compare', cardId);
  expect(differing).toMatchObject({ code: 1, error: '' });
  expect(differing.out).toContain('Its storage was set back.');
  const setBack = sample.events.slice(0, 2);
  // It is rebuilt from the books, so that the two agree; then it is set back again.
  expect(await run('card', 'reread', cardId)).toMatchObject({ code: 0, error: '' });
  expect(await answerOf('card', 'compare', cardId)).toMatchObject({ code: 0, answer: { verdict: 'same' } });
  world.api.edge.logs.set(sample.card_key, setBack);
  const all = await answerOf('reconcile');
  expect(all.code).toBe(1);
  expect(all.answer).toMatchObject({
    differs: 1,
    differing: expect.arrayContaining([expect.objectContaining({ card_id: cardId })]),
  });
  const { body } = await world.api.call('GET', '/cards?limit=100');
  expect(all.answer.cards).toBe((body['cards'] as unknown[]).length);
  expect((await answerOf('reconcile', '--limit', '1')).answer.cards).toBe(1);
}, 120_000);

test('card freeze is at the edge, or says that it is not yet, and ends with 1', async () => {
  const { cardId, sample } = await spendingCard();
  const frozen = await run('card', 'freeze', cardId);
  expect(frozen).toEqual({
    ...{ error: '', code: 0 },
    out: `${cardId}   frozen by profile 2; the edge decides by it\n`,
  });
  expect(world.api.edge.profiles.get(sample.card_key)).toMatchObject({ status: 'frozen' });
  expect((await run('card', 'unfreeze', cardId)).out).toContain('active by profile 3');
  world.api.edge.away = true;
  const away = await run('card', 'freeze', cardId);
  world.api.edge.away = false;
  expect(away).toMatchObject({ code: 1, out: expect.stringContaining('NOT YET AT THE EDGE') });
}, 60_000);

test('control-set apply: the canary first, then all', async () => {
  const { body: set } = await world.api.call('POST', '/control-sets', { name: 'x', controls: [] });
  const id = String(set['control_set_id']);
  for (let cards = 0; cards < 3; cards++) await world.api.newCard({ control_set: { control_set_id: id } });
  await world.api.call('POST', `/control-sets/${id}/versions`, { controls: [] });
  const canary = await run('control-set', 'apply', id, '--version', '2', '--canary', '1');
  expect(canary).toMatchObject({ error: '', code: 0 });
  expect(canary.out).toMatch(
    /version 2: 1 cards moved, 0 refused, 2 left on another version\n {2}moved {4}card_\w{26}\n$/,
  );
  expect((await answerOf('control-set', 'apply', id, '--version', '2', '--all')).answer).toMatchObject({
    ...{ cards_moved: 2, cards_left: 0 },
  });
  const limit = (amount_minor: number) => ({
    ...{ control_id: 'per-day', does: 'limit', amount_minor, window: { per: 'day', time_zone: 'UTC' } },
  });
  await world.api.call('POST', `/control-sets/${id}/versions`, { controls: [limit(30_000)] });
  await run('control-set', 'apply', id, '--version', '3', '--all');
  await world.api.call('POST', `/control-sets/${id}/versions`, { controls: [limit(20_000)] });
  const dry = await run('control-set', 'apply', id, '--version', '4', '--all', '--dry-run');
  expect(dry).toMatchObject({ error: '', code: 0 });
  expect(dry.out).toMatch(
    /^version 3 → 4 on 3 cards:\n {2}changed {2}per-day\n {13}amount_minor: 30000 → 20000\n3 cards in all$/m,
  );
  // Alone it says the same: nobody has to decide how many before he has seen what.
  expect(await run('control-set', 'apply', id, '--version', '4', '--dry-run')).toEqual(dry);
  const read = await world.api.call('GET', `/control-sets/${id}`);
  expect(read.body['cards_by_version']).toEqual([{ version: 3, cards: 3 }]);
  // Said before it is done, too.
  const back = await run('control-set', 'apply', id, '--version', '2', '--all');
  expect(back.out).toMatch(/^version 3 → 2 on 3 cards:\n {2}removed {2}per-day\n(?:.*\n)*.*: 3 cards moved/m);
  for (const words of [[], ['--canary', '1', '--all'], ['--canary', '1', '--all', '--dry-run'], ['--canary', '0']])
    expect((await run('control-set', 'apply', id, '--version', '2', ...words)).code).toBe(2);
}, 60_000);

test('control-set: some percent, how far it has come, paused or not, and undone', async () => {
  const { body: set } = await world.api.call('POST', '/control-sets', { name: 'x', controls: [] });
  const id = String(set['control_set_id']);
  for (let cards = 0; cards < 3; cards++) await world.api.newCard({ control_set: { control_set_id: id } });
  await world.api.call('POST', `/control-sets/${id}/versions`, { controls: [] });
  const canary = await run('control-set', 'apply', id, '--version', '2', '--percent', '5');
  expect(canary.out).toContain('3 cards in all, of which 5 percent are moved now');
  await run('control-set', 'apply', id, '--version', '2', '--all');
  expect((await run('control-set', 'status', id)).out).toMatch(
    /version 2 for 100 percent of the cards: 3 of 3 cards moved\n {2}0 profiles on their way to the edge\n/,
  );
  expect((await run('control-set', 'pause', id)).error).toContain('nothing to pause');
  const undone = await run('control-set', 'undo', id);
  expect(undone).toMatchObject({ error: '', code: 0 });
  expect(undone.out).toMatch(/version 3 for the cards that had version 2: 0 of 3 cards moved\n(?:.*\n)* {2}on its way/);
  for (const words of [
    ['--percent', '101'],
    ['--percent', '5', '--all'],
    ['--percent', '0'],
    ['--percent', 'x'],
  ])
    expect((await run('control-set', 'apply', id, '--version', '2', ...words)).code).toBe(2);
}, 60_000);

test('settlements stuck and queue dead: nothing, then something', async () => {
  expect(await run('queue', 'dead')).toEqual({ out: 'No dead letters.\n', error: '', code: 0 });
  expect(await run('settlements', 'stuck')).toMatchObject({ code: 0 });
  const settlement_id = await world.deadSettlement();
  const stuck = await run('settlements', 'stuck');
  expect(stuck).toMatchObject({ code: 1, error: '' });
  expect(stuck.out).toMatch(new RegExp(`${settlement_id} {3}1\\.00 USD {3}retry_pending {3}set aside`));
  const queued = await world.settlement();
  expect((await answerOf('settlements', 'stuck')).answer.settlements).toHaveLength(1);
  await asOwner(database, (sql) =>
    sql.query(
      `set session_replication_role = replica; update settlements set created_at = now() - interval '45 minutes'`,
    ),
  );
  const ids = async (...words: string[]) =>
    (await answerOf('settlements', 'stuck', ...words)).answer.settlements.map(
      (one: { settlement_id: string }) => one.settlement_id,
    );
  expect((await ids()).toSorted()).toEqual([settlement_id, queued].toSorted());
  expect(await ids('--older-than', '60')).toEqual([settlement_id]);
  const letter = { kind: 'dead_letter', summary: 'Not JSON.', evidence: 1, source: 'card_events', key: 'k' } as const;
  await raiseOpenItems(world.api.database.sql, [letter]);
  const dead = await answerOf('queue', 'dead');
  expect(dead).toMatchObject({
    code: 1,
    answer: { messages: [{ summary: 'Not JSON.' }], settlements: [{ settlement_id }], is_more: false },
  });
}, 60_000);

test('status and queue status tell of an edge that is away, and end with 1', async () => {
  const well = await run('queue', 'status');
  expect(well).toMatchObject({ error: '', code: 0 });
  expect(well.out).toContain('oldest waits for');
  world.api.edge.away = true;
  const ill = await run('status');
  world.api.edge.away = false;
  expect(ill).toMatchObject({ error: '', code: 1 });
  expect(ill.out).toMatch(/\n {2}edge +degraded +the edge answered 503/);
}, 60_000);

test('a wrong key, no key, one without the scope, and an origin that does not answer', async () => {
  const wrong = await runAtlas({ url, key: 'atlas_wrong' }, 'open-items');
  expect(wrong).toMatchObject({ code: 2, out: '', error: expect.stringMatching(/^credentials_wrong/) });
  expect(wrong.error).toContain(`Asked: ${url} (ATLAS_URL)`);
  // Health needs no key, and is told; that the next command will be refused is told with it.
  const health = await runAtlas({ url, key: 'atlas_wrong' }, 'status');
  expect(health).toMatchObject({ code: 2, error: '', out: expect.stringMatching(/THE KEY IS NOT KNOWN THERE/) });
  expect(health.out).toMatch(/\n {2}database +healthy/);
  const readsCards = await world.newKey({ scopes: ['cards:read'] });
  expect((await runAtlas({ url, key: readsCards }, 'status')).out).not.toContain('KEY');
  const poor = await runAtlas({ url, key: readsCards }, 'queue', 'dead');
  expect(poor).toMatchObject({ code: 2, error: expect.stringMatching(/^scope_missing/) });
  expect(await runAtlas({ url, key: '' }, 'open-items')).toMatchObject({
    code: 2,
    error: `${url} (ATLAS_URL) needs a key: ATLAS_API_KEY or --key\n`,
  });
  expect(await runAtlas({ url: '', key: 'x' }, 'status')).toMatchObject({
    code: 2,
    error: expect.stringContaining('Nothing runs here'),
  });
  const away = { url: 'http://127.0.0.1:9', key: 'x' };
  for (const words of [['status'], ['card', 'show', newId('card')]])
    expect(await runAtlas(away, ...words)).toMatchObject({ code: 3, out: '' });
  // What is said goes before what is set, and no key of the one goes to the other.
  expect(await run('status', '--port-base', '9787')).toMatchObject({
    ...{ code: 2, error: expect.stringMatching(/^Nothing runs here\. Start .*--port-base 9787/) },
  });
  expect(await run('status', '--port-base', '9787', '--url', url)).toMatchObject({
    ...{ code: 2, error: 'say --url or --port-base, not both\n' },
  });
}, 120_000);

test("the edge's address in the place of the origin's is said to be that", async () => {
  const place = { url: world.api.edge.url, key: world.api.apiKey };
  for (const words of [['status'], ['open-items'], ['card', 'show', newId('card')], ['queue', 'status']])
    expect(await runAtlas(place, ...words)).toMatchObject({
      ...{ code: 2, out: '', error: expect.stringContaining(`${place.url} (ATLAS_URL) is the edge's address`) },
    });
  const doctor = await runAtlas(place, 'doctor');
  expect(doctor).toMatchObject({ code: 1, out: expect.stringContaining("is the edge's address\n") });
}, 60_000);

test('what the API does not know ends with 1; an edge that is away with 3', async () => {
  const { cardId } = await spendingCard();
  expect(await run('card', 'show', newId('card'))).toMatchObject({
    code: 1,
    error: expect.stringMatching(/^card_not_found/),
  });
  world.api.edge.away = true;
  const away = await run('card', 'compare', cardId);
  world.api.edge.away = false;
  expect(away).toMatchObject({
    code: 3,
    out: '',
    error: expect.stringMatching(/^edge_unavailable.*\(request req_\w+\)\n$/),
  });
}, 120_000);

test('words: every command has a help, and what makes no sense is said with it', async () => {
  const { out, code } = await run('--help');
  expect(code).toBe(0);
  for (const { name } of commands) {
    expect(out).toContain(`  ${name}  `);
    const help = await run(...name.split(' '), '--help');
    expect([name, help.code, help.error]).toEqual([name, 0, '']);
    expect(help.out).toContain(`atlas ${name}`);
    expect(help.out).toContain('Exit codes');
  }
  for (const [words, said] of [
    [['card', 'explode'], 'atlas has no command card explode'],
    [['card', 'show'], 'say which: <card_id>'],
    [['card', 'show', 'plain'], 'plain is no card_ id'],
    [['card', 'freeze', 'tok-1'], 'leads to it by atlas card find <card_token>'],
    [['status', 'now'], 'now is one word too many'],
    [['settlements', 'stuck', '--older-than', 'x'], '--older-than x is not a whole number'],
    [['status', '--colour'], '--colour'],
  ] as const)
    expect(await run(...words)).toMatchObject({ code: 2, out: '', error: expect.stringContaining(said) });
}, 120_000);
