// atlas open-items against the real API: what it prints, what it does, and how it ends.

import { beforeAll, expect, test } from 'vitest';
import { runAtlas } from '../../../scripts/test-atlas.ts';
import { createTestDatabase } from '../../../scripts/test-postgres.ts';
import { raiseOpenItems } from '../../open-items/raise.ts';
import { SampleWorld } from '../../testing/sample-world.ts';

let world: SampleWorld;
let url: string;
beforeAll(async () => {
  world = await SampleWorld.start(await createTestDatabase());
  url = await world.api.listen();
  return () => world.api.close();
});

const run = (...args: readonly string[]) => runAtlas({ url, key: world.api.apiKey }, 'open-items', ...args);

test('a person finds an item, reads what can be done, posts it at a rate, and finds nothing more', async () => {
  expect(await run()).toEqual({ out: 'Nothing: no such item waits for a person.\n', error: '', code: 0 });
  expect((await run('counts')).out).toBe('Nothing waits for a person.\n');
  const { sample } = await world.api.newCard();
  world.api.edge.cards.set(sample.card_key, sample);
  sample.clear(sample.authorize(1_000), 900, true, { currency: 'EUR' });
  await world.api.deliver(sample.message());

  const { out: list } = await run('--kind', 'currency_mismatch');
  const [head, row, ...others] = list.trimEnd().split('\n');
  expect(others).toEqual([]);
  expect(head).toMatch(/^id +kind +age +amount +belongs to +summary$/);
  expect(row).toMatch(
    /^oit_\w{26} {3}currency_mismatch {3}\d+ s +9\.00 EUR {3}auth_\w{26} {3}A clearing of 9\.00 EUR on a card in USD\. It moved nothing\.$/,
  );
  expect((await run('counts')).out).toMatch(/currency_mismatch +1 +\d+ s\nall +1\n$/);
  const [id = ''] = row?.split(' ') ?? [];
  const { out: shown } = await run('show', id);
  expect(shown).toContain('    post_at_rate   Book it in the card');
  expect(shown).toContain('        --set rate=…');
  expect(shown).toContain('"amount_minor": 900');

  expect(await run('act', id, 'post_at_rate', '--reason', 'rate of the day', '--set', 'rate=one')).toMatchObject({
    ...{ out: '', code: 1, error: expect.stringMatching(/^field_invalid: input\.rate must be a decimal text/) },
  });
  expect(await run('act', id, 'post_at_rate', '--reason', 'x y', '--set', 'price=1')).toMatchObject({
    code: 2,
    error: '--set price: the action has no such field; it has amount_minor, rate, rates\n',
  });
  const acted = await run('act', id, 'post_at_rate', '--reason', 'rate of the day', '--set', 'rate=1.0945');
  expect(acted.out).toMatch(
    /^oit_\w{26} {3}resolved by post_at_rate {3}\{"message_key":"open-item:oit_\w{26}","card":"stored","authorization_id":"auth_\w{26}","amount_minor":985,"currency":"USD"\}\n$/,
  );
  expect(sample.state).toMatchObject({ held_minor: 0, posted_minor: 985 });
  expect((await run('list')).out).toContain('Nothing');
  expect((await run('show', id)).out).toContain('open_item.post_at_rate  rate of the day');
}, 120_000);

test('a group is dismissed over all of its pages; with --json the answer is one object', async () => {
  const item = { kind: 'booked_twice', summary: 'Twice.', evidence: 1 } as const;
  await raiseOpenItems(
    world.api.database.sql,
    Array.from({ length: 201 }, (_, n) => ({ ...item, key: `k${n}` })),
  );
  const more = await run('--limit', '2');
  expect(more.out).toContain('There are more: --limit N');
  const { out } = await run('--json', '--limit', '120');
  expect(JSON.parse(out).open_items).toHaveLength(120);
  const all = ['act-all', 'dismiss', '--kind', 'booked_twice', '--reason', 'one booking, told twice'];
  expect(await run(...all, '--older-than', '5')).toMatchObject({
    code: 0,
    out: 'closed 0, refused 0, not now 0, skipped 0\n',
  });
  expect(await run(...all)).toMatchObject({ code: 0, out: 'closed 201, refused 0, not now 0, skipped 0\n' });
}, 120_000);

test.each<[string, string[], string]>([
  ['a command that is none', ['look'], 'look is no command'],
  ['no item', ['show'], 'say which item'],
  ['no reason', ['act', 'oit_1', 'dismiss'], 'say why: --reason'],
  ['a group of no kind', ['act-all', 'dismiss', '--reason', 'because'], 'say of which kind'],
  ['a group with a limit', ['act-all', 'dismiss', '--kind', 'x', '--limit', '1'], '--limit is for lists'],
  ['a field without a value', ['act', 'oit_1', 'dismiss', '--reason', 'y', '--set', 'rate'], '--set rate is not like'],
  ['a status that is none', ['--status', 'done'], '--status done is none of open'],
  ['two words', ['counts', 'more'], 'more is one word too many'],
])(
  '%s: the words are refused, with the help',
  async (_, args, said) => {
    const ended = await run(...args);
    expect(ended).toMatchObject({ out: '', code: 2 });
    expect(ended.error).toContain(said);
    expect(ended.error).toContain('atlas open-items act-all');
  },
  30_000,
);

test('what the API refuses, and an origin that does not answer, are said in a sentence', async () => {
  const unknown = `oit_${'0'.repeat(26)}`;
  expect(await run('show', unknown)).toEqual({
    ...{ out: '', code: 1, error: 'open_item_not_found: There is no open item with this id.\n' },
  });
  expect(await run('--kind', 'nonsense')).toMatchObject({
    code: 1,
    error: expect.stringContaining('field_invalid: kind'),
  });
  const away = await run('counts', '--url', 'http://127.0.0.1:9');
  expect(away).toMatchObject({ code: 3, error: expect.stringMatching(/^Atlas could not be reached\..*\(--url\)/) });
}, 60_000);
