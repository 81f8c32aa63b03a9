// Which cards have a profile: said once or often, asked in memory and after a load.

import { abortAllDurableObjects, evictDurableObject, runInDurableObject } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';

const fresh = () => `known-${crypto.randomUUID()}`;
const at = (name: string) => env.KNOWN_CARDS.getByName(name);
const tablesOf = (name: string) =>
  runInDurableObject(at(name), (_, { storage: { sql } }) =>
    sql.exec<{ name: string }>("select name from sqlite_master where name = 'known'").toArray(),
  );

test('nobody is known at first, and asking stores nothing', async () => {
  const name = fresh();
  expect(await at(name).has('native:a')).toBe(false);
  expect(await tablesOf(name)).toEqual([]);
});

test('a card that was said to have a profile is known, and no other', async () => {
  const name = fresh();
  for (const card of ['native:a', 'native:b', 'native:a']) await at(name).add(card);
  for (const leave of [() => Promise.resolve(), () => evictDurableObject(at(name)), abortAllDurableObjects]) {
    await leave();
    expect(await at(name).has('native:a')).toBe(true);
    expect(await at(name).has('native:b')).toBe(true);
    expect(await at(name).has('native:c')).toBe(false);
  }
  await at(name).add('native:c');
  expect(await at(name).has('native:c')).toBe(true);
});

test('saying it again writes nothing', async () => {
  const name = fresh();
  await at(name).add('native:a');
  const written = () =>
    runInDurableObject(
      at(name),
      (_, { storage: { sql } }) => sql.exec('select total_changes() as count').one()['count'],
    );
  const before = await written();
  await at(name).add('native:a');
  expect(await written()).toBe(before);
});
