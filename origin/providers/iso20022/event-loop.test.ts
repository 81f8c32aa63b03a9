// X16: however large or hostile a bank's file, the event loop is not silent while it is read. What is measured is the longest stretch
// of this thread's own processor time between two turns of the loop: a machine that is busy with other things changes nothing of it.

import { describe, expect, test } from 'vitest';
import { statementOf } from '../../../scripts/iso20022/bank-entries.ts';
import { sampleInbox } from '../../testing/sample-inbox.ts';
import type { ProviderWord } from '../provider.ts';

/** Collecting the garbage of a turn is in it. Read at once, 13.6 MB took 2,000 ms. */
const silentMsMax = 150;
/** Measured again where the garbage of everything before fell into one turn: that comes by chance, and a turn that is too long each time. */
const measured = { timeout: 120_000, retry: 2 };

/** What came of the work, the longest stretch of it, and all of its processor time. */
async function listened<T>(work: () => Promise<T>) {
  let [silentMs, isOver] = [0, false];
  const spent = () => {
    const { user, system } = process.threadCpuUsage();
    return (user + system) / 1_000;
  };
  const startedMs = spent();
  let lastMs = startedMs;
  const listen = () => {
    const nowMs = spent();
    silentMs = Math.max(silentMs, nowMs - lastMs);
    lastMs = nowMs;
    if (!isOver) setImmediate(listen);
  };
  setImmediate(listen);
  const result = await work();
  const tookMs = spent() - startedMs;
  isOver = true;
  await new Promise((resolve) => setImmediate(resolve));
  return { result, silentMs, tookMs };
}

const head = '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08">';
const megabytes = 16 * 1024 * 1024;
/** Of about 16 MB, in the place of an entry. */
const filled = (piece: string, length = megabytes) => piece.repeat(Math.ceil(length / piece.length));
const numbered = (piece: (index: number) => string) => {
  const pieces: string[] = [];
  for (let length = 0; length < megabytes; length += pieces.at(-1)?.length ?? 0) pieces.push(piece(pieces.length));
  return pieces.join('');
};

/** Reads the file as the inbox's only one. It is kept aside: the store of tests turns texts into bytes and back at once. */
function inboxOf({ store, bank }: Awaited<ReturnType<typeof sampleInbox>>, content: Uint8Array) {
  const { read, putIfAbsent, list } = store;
  const key = 'inbox/large.xml';
  store.list = async (folder) => (folder === 'inbox' ? [key] : await list(folder));
  store.read = async (name) => (name === key ? content : await read(name));
  store.putIfAbsent = async (name, given) => await putIfAbsent(name, given === content ? 'the file' : given);
  return async () => {
    const words: ProviderWord[] = [];
    const report = await bank.readInbox((taken) => {
      words.push(...taken);
      return Promise.resolve();
    });
    return { ...report, words };
  };
}

test('X16: a statement of 13.6 MB is read, and nobody waits for it', measured, async () => {
  const inbox = await sampleInbox(1);
  const [id = ''] = inbox.ids;
  const entry = (index: number) => ({
    transactions: [{ endToEnd: index === 0 ? id : `rent-${index}`, remittance: ['Rent'] }],
  });
  const text = statementOf(Array.from({ length: 53_000 }, (_, index) => entry(index)));
  expect(text.length).toBeGreaterThan(13_600_000);
  const { result, silentMs } = await listened(inboxOf(inbox, Buffer.from(text)));
  expect(result.set_aside).toEqual([]);
  expect(result.words).toMatchObject([{ outcome: 'paid' }]);
  expect(silentMs).toBeLessThan(silentMsMax);
});

test('X16: as many entries as a file may have elements', measured, async () => {
  const inbox = await sampleInbox(1);
  const [id = ''] = inbox.ids;
  const text = statementOf([{ transactions: [{ endToEnd: id }] }]);
  const content = text.replace('</Ntry>', (end) => `${end}${'<Ntry/>'.repeat(900_000)}`);
  const { result, silentMs } = await listened(inboxOf(inbox, Buffer.from(content)));
  expect(result.set_aside).toEqual([]);
  expect(result.words).toMatchObject([{ outcome: 'paid' }]);
  // Some plain passes over a list of 900,000 are not worth turns of their own.
  expect(silentMs).toBeLessThan(2 * silentMsMax);
});

describe('X16: 16 MB of', () => {
  test.each<[string, () => string, RegExp, number]>([
    ['attributes on one element', () => `${head}<A ${numbered((n) => `a${n}="x" `)}/>`, /more than 64 attributes/, 500],
    ['one attribute, again and again', () => `${head}<A ${filled('a="x" ')}/>`, /more than 64 attributes/, 500],
    ['namespaces on one element', () => `${head}<A ${numbered((n) => `xmlns:n${n}="u${n}" `)}/>`, /64 attributes/, 500],
    ['one name', () => `${head}<${filled('A')}/>`, /name of more than/, 3_000],
    ['the name of one attribute', () => `${head}<A ${filled('a')}="x"/>`, /name of more than/, 3_000],
    ['blanks in a tag', () => `${head}<A${filled(' ')}<`, /well-formed/, 3_000],
    ['an entity that never ends', () => `${head}<A>&${filled('a')}`, /entity/, 3_000],
    ['dashes in a comment', () => `${head}<!--${filled('-')}`, /more than 1000 places/, 500],
    ['a comment that never ends', () => `${head}<!--${filled('x')}`, /comment/, 3_000],
    ['starts of tags', () => `${head}${filled('<A')}`, /well-formed/, 500],
    ['elements in elements', () => `${head}${filled('<A>')}`, /deeper/, 500],
    ['a document type', () => `<!DOCTYPE d [${filled('<!ENTITY a "b">')}]>`, /document type/, 500],
  ])('%s is refused early', measured, async (_, make, reason, tookMsMax) => {
    const inbox = await sampleInbox(1);
    const read = inboxOf(inbox, Buffer.from(make()));
    const { result, silentMs, tookMs } = await listened(read);
    expect(result.set_aside[0]?.reason).toMatch(reason);
    expect(silentMs).toBeLessThan(silentMsMax);
    expect(tookMs).toBeLessThan(tookMsMax);
  });

  test.each<[string, (end: string) => string]>([
    ['one text', (end) => `<AddtlNtryInf>${filled('stl ')}</AddtlNtryInf>${end}`],
    ['one attribute’s value', (end) => `<A b="${filled('x')}"/>${end}`],
    ['entities', (end) => `<A>${filled('&lt;')}</A>${end}`],
    ['CDATA', (end) => `<A>${filled('<![CDATA[x]]>')}</A>${end}`],
    ['small attributes', (end) => end + filled(`<A ${Array.from({ length: 60 }, (_, n) => `a${n}="x"`).join(' ')}/>`)],
  ])('%s beside an entry: the entry is read', measured, async (_, make) => {
    const inbox = await sampleInbox(1);
    const [id = ''] = inbox.ids;
    const text = statementOf([{ transactions: [{ endToEnd: id }] }]).replace('</Ntry>', (end) => make(end));
    const { result, silentMs } = await listened(inboxOf(inbox, Buffer.from(text)));
    expect(result.set_aside).toEqual([]);
    expect(result.words).toMatchObject([{ outcome: 'paid' }]);
    expect(silentMs).toBeLessThan(silentMsMax);
  });
});
