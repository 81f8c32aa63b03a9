// Banks' entries as they really are: where our id stands, which amount is the payment's, what a second booking is. Entries are of 123.45 EUR unless said.

import { describe, expect, test } from 'vitest';
import {
  type StatementEntry,
  type StatementOptions,
  statementOf,
  type Transaction,
} from '../../../scripts/iso20022/bank-entries.ts';
import { judged, schemaMessages } from '../../../scripts/iso20022/official-schema.ts';
import { sampleInbox } from '../../testing/sample-inbox.ts';

/** Held to its official schema where that is at hand. */
function file(entries: readonly StatementEntry[], options: StatementOptions = {}): string {
  const text = statementOf(entries, options);
  const { kind = '053', version = '08', namespace } = options;
  return namespace === undefined && schemaMessages.includes(`camt.${kind}.001.${version}`) ? judged(text) : text;
}
const one = (transaction: Transaction, entry: StatementEntry = {}): StatementEntry => ({
  ...entry,
  transactions: [transaction],
});
const kinds = (items: readonly { readonly kind: string }[]) => items.map(({ kind }) => kind);

describe('B2: an id of ours is found wherever the bank puts it', () => {
  const upper = (id: string) => id.toUpperCase();
  test.each<[string, (id: string) => StatementEntry]>([
    ['NONREF, and ours in InstrId', (id) => one({ endToEnd: 'NONREF', instruction: id })],
    ['NOTPROVIDED, and ours in InstrId', (id) => one({ endToEnd: 'NOTPROVIDED', instruction: id })],
    ['upper case', (id) => one({ endToEnd: upper(id) })],
    ['spaces around it', (id) => one({ endToEnd: ` ${id} ` })],
    ['no hyphen', (id) => one({ endToEnd: id.replace('-', '') })],
    ['TxId', (id) => one({ endToEnd: 'NONREF', transactionId: id })],
    ['AcctSvcrRef', (id) => one({ endToEnd: 'NONREF', servicer: id })],
    ['the reference of an entry without transactions', (id) => ({ reference: id })],
    ['a text for people', (id) => one({ endToEnd: 'NONREF', remittance: [`EREF+${id} SVWZ+invoice 7`] })],
    [
      'a text broken after 27 signs',
      (id) => one({ remittance: [`EREF+${id.slice(0, 22)}`, `${id.slice(22)} SVWZ+invoice`] }),
    ],
    ['the text of the entry', (id) => ({ text: `SEPA credit transfer ${upper(id)}` })],
  ])('B2: %s', async (_, entry) => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const { words, items } = await receive(file([entry(id)]));
    expect(words).toEqual([expect.objectContaining({ outcome: 'paid', provider_reference: id })]);
    expect(items).toEqual([]);
  });

  test.each<[string, (ids: readonly string[]) => Transaction]>([
    ['two references name two payments', ([id = '', other = '']) => ({ endToEnd: id, instruction: other })],
    ['a text names two payments', ([id = '', other = '']) => ({ remittance: [`${id} ${other}`] })],
    ['it is only a part of a longer word', ([id = '']) => ({ remittance: [`X${id}`] })],
    ['another submission is named', ([id = '']) => ({ endToEnd: id.replace(/1$/, '7') })],
    ['no submission is named', ([id = '']) => ({ endToEnd: id.slice(0, -2) })],
  ])('B2: never a false match: where %s, it is an open item', async (_, transaction) => {
    const { ids, receive } = await sampleInbox(2);
    const { words, items } = await receive(file([one(transaction(ids))]));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
  });

  test('B2: by its text alone only the exact amount is believed', async () => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const { words, items } = await receive(
      file([one({ remittance: [id], instructed: '123.45 EUR' }, { amount: '126.45 EUR' })]),
    );
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
  });

  test('B2: an id in the text of another payment is not believed, and not passed over either', async () => {
    const {
      ids: [id = '', other = ''],
      receive,
    } = await sampleInbox(2);
    const { words, items } = await receive(file([one({ endToEnd: id, remittance: [other] })]));
    expect(words.map(({ provider_reference }) => provider_reference)).toEqual([id]);
    expect(items).toMatchObject([{ kind: 'bank_entry_unmatched', key: expect.stringContaining(other) }]);
    // Told in the same file for itself, it needs nobody.
    const both = [one({ endToEnd: id, remittance: [other] }), one({ endToEnd: other })];
    expect((await receive(file(both, { id: 'S2' }))).items).toEqual([]);
  });

  test('B2: named at the head of an entry whose transactions are of others, it is an open item', async () => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const transactions = [1, 2].map(() => ({ endToEnd: 'rent' }));
    const { words, items } = await receive(file([{ reference: id, transactions }]));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
  });

  test('B2: a payment that was given up before it was sent, and is booked all the same, is an open item', async () => {
    const { bank, receive } = await sampleInbox(1);
    const { idOf, sample } = await import('../../testing/sample-files.ts');
    const never = sample();
    expect(await bank.ask(never, null, new AbortController().signal)).toEqual({ outcome: 'not_found' });
    const { words, items } = await receive(file([one({ endToEnd: idOf(never) })]));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
    expect(items[0]).toMatchObject({ settlement_id: never.settlement_id });
  });
});

describe("B3: which amount is the payment's", () => {
  test.each<[string, StatementEntry, string | null]>([
    [
      'the fee within the entry',
      one({ instructed: '123.45 EUR', transactionAmount: '126.45 EUR' }, { amount: '126.45 EUR' }),
      'fee 3.00 EUR',
    ],
    ['an account in another currency', one({ instructed: '123.45 EUR' }, { amount: '117.00 CHF' }), null],
    ['TxAmt in our currency', one({ transactionAmount: '123.45 EUR' }, { amount: '117.00 CHF' }), null],
    [
      'a charge that is named, and nothing instructed',
      one({ charges: '3.00 EUR' }, { amount: '126.45 EUR' }),
      'fee 3.00 EUR',
    ],
    [
      'a charge in another currency',
      one({ instructed: '123.45 EUR', charges: '2.50 CHF' }, { amount: '119.50 CHF' }),
      'fee 2.50 CHF',
    ],
    ['the transaction beside its entry', one({ amount: '123.45 EUR' }, { amount: '126.45 EUR' }), 'fee 3.00 EUR'],
    ['InstdAmt of the entry', one({}, { amount: '126.45 EUR', instructed: '123.45 EUR' }), 'fee 3.00 EUR'],
  ])('B3: %s: paid', async (_, entry, note) => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const named = {
      ...entry,
      transactions: (entry.transactions ?? []).map((transaction) => ({ ...transaction, endToEnd: id })),
    };
    const { words, items } = await receive(file([named]));
    expect(words.map((word) => [word.outcome, 'note' in word ? word.note : null])).toEqual([['paid', note]]);
    expect(items).toEqual([]);
  });

  test.each<[string, StatementEntry]>([
    ['another amount was instructed', one({ instructed: '120.00 EUR' }, { amount: '123.45 EUR' })],
    ['less was booked', one({ instructed: '123.45 EUR' }, { amount: '23.45 EUR' })],
    ['less was booked for the entry', one({ amount: '123.45 EUR' }, { amount: '23.45 EUR' })],
    ['another amount was booked, and nothing explains it', one({}, { amount: '126.45 EUR' })],
    [
      'charges that are taken beside it do not explain it',
      one({ more: '' }, { amount: '123.46 EUR', charges: '3.00 EUR' }),
    ],
    ['another currency was booked', one({}, { amount: '123.45 CHF' })],
  ])('B3: where %s, it is an open item with both figures, and not pending for ever in silence', async (_, entry) => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const named = {
      ...entry,
      transactions: (entry.transactions ?? []).map((transaction) => ({ ...transaction, endToEnd: id })),
    };
    const { words, items } = await receive(file([named]));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
    const [item] = items;
    expect(item).toMatchObject({ settlement_id: expect.stringMatching(/^stl_/), provider: 'iso20022' });
    expect(JSON.stringify(item?.evidence)).toContain('123.45 EUR');
    expect(item?.summary).toMatch(/\d\.\d\d (?:EUR|CHF)/);
  });

  test('B3: a fee above the payment, for no reason that is stated, is looked at by a person', async () => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const { words, items } = await receive(
      file([one({ endToEnd: id, instructed: '123.45 EUR' }, { amount: '523.45 EUR' })]),
    );
    expect(words).toMatchObject([{ outcome: 'paid', note: 'fee 400.00 EUR' }]);
    expect(items).toMatchObject([{ kind: 'bank_entry_unmatched', amount: { minor: 40_000n } }]);
  });
});

describe('B4: what a second booking is', () => {
  type Sighting = Pick<StatementEntry, 'reference' | 'servicer' | 'date'>;
  const cases: readonly (readonly [string, Sighting, Sighting, '052' | '053', number])[] = [
    ['two references of the bank', { servicer: 'A' }, { servicer: 'B' }, '053', 1],
    ['two entry references', { reference: 'E-1' }, { reference: 'E-2' }, '053', 1],
    ['the same entry reference', { reference: 'E-1' }, { reference: 'E-1' }, '053', 0],
    [
      'the same reference of the bank, numbered anew',
      { servicer: 'A', reference: '7' },
      { servicer: 'A', reference: '1' },
      '052',
      0,
    ],
    ['only numbers of the files', { reference: '7' }, { reference: '1' }, '052', 0],
    ['no reference, on one day', { date: '2026-11-20' }, { date: '2026-11-20' }, '053', 0],
    ['no reference, on two days', { date: '2026-11-20' }, { date: '2026-11-21' }, '053', 1],
  ];
  test.each(cases)('B4: %s in two files', async (_, first, second, kind, twice) => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const before = await receive(file([one({ endToEnd: id }, first)], { kind, id: 'F1' }));
    expect(before.words).toMatchObject([{ outcome: 'paid' }]);
    const after = await receive(file([one({ endToEnd: id }, second)], { id: 'F2' }));
    expect(kinds(after.items)).toEqual(twice === 1 ? ['booked_twice'] : []);
    expect(after.words).toHaveLength(twice === 1 ? 0 : 1);
    expect(after.items.every(({ amount }) => amount?.minor === 12_345n)).toBe(true);
  });

  test('B4: two entries of one file: the first is paid, the second booked twice, once however often it is told', async () => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const entries = [one({ endToEnd: id }, { servicer: 'A' }), one({ endToEnd: id }, { servicer: 'B' })];
    const first = await receive(file(entries, { kind: '052' }));
    expect(first.words).toMatchObject([{ outcome: 'paid' }]);
    expect(kinds(first.items)).toEqual(['booked_twice']);
    const again = await receive(file(entries));
    expect(again.items.map(({ key }) => key)).toEqual(first.items.map(({ key }) => key));
  });

  test('B4: one payment twice in one entry', async () => {
    const {
      ids: [id = ''],
      receive,
    } = await sampleInbox(1);
    const transactions = [
      { endToEnd: id, amount: '123.45 EUR' },
      { endToEnd: id, amount: '123.45 EUR' },
    ];
    const { words, items } = await receive(file([{ amount: '246.90 EUR', transactions }]));
    expect(words).toMatchObject([{ outcome: 'paid' }]);
    expect(kinds(items)).toEqual(['booked_twice']);
  });
});

describe('B5: a batch whose transactions have no amounts', () => {
  const version = '08';
  const entry = (amount: string, ids: readonly string[], more: readonly Transaction[] = []): StatementEntry => ({
    amount,
    transactions: [...ids.map((endToEnd) => ({ endToEnd })), ...more],
  });

  test.each(['02', '08'])('B5: the sum is theirs: all are paid (version %s)', async (of) => {
    const { ids, receive } = await sampleInbox(2);
    const { words, items } = await receive(file([entry('246.90 EUR', ids)], { version: of }));
    expect(words.map(({ outcome }) => outcome)).toEqual(['paid', 'paid']);
    expect(items).toEqual([]);
  });

  test.each([
    ['146.90 EUR', []],
    ['246.91 EUR', []],
    ['246.90 CHF', []],
    ['246.90 EUR', [{ endToEnd: 'rent' }]],
    ['256.90 EUR', [{ endToEnd: 'rent', amount: '9.99 EUR' }]],
  ] as const)('B5: booked as %s beside %j: none is believed, each is an open item', async (amount, more) => {
    const { ids, receive } = await sampleInbox(2);
    const { words, items } = await receive(file([entry(amount, ids, more)], { version }));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched', 'bank_entry_unmatched']]);
    expect(items.map(({ summary }) => summary).join()).toMatch(/146.90|246.9|256.90/);
  });

  test('B5: beside the payment of somebody else that has its amount, the rest is theirs', async () => {
    const { ids, receive } = await sampleInbox(2);
    const { words } = await receive(file([entry('256.90 EUR', ids, [{ endToEnd: 'rent', amount: '10.00 EUR' }])]));
    expect(words).toHaveLength(2);
  });

  test('B5: transactions with amounts that come to more than their entry are not believed either', async () => {
    const { ids, receive } = await sampleInbox(2);
    const transactions = ids.map((endToEnd) => ({ endToEnd, amount: '123.45 EUR' }));
    const { words, items } = await receive(file([{ amount: '146.90 EUR', transactions }]));
    expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched', 'bank_entry_unmatched']]);
  });

  test('B5: details that name only their file are the whole of it, or none', async () => {
    const { message, receive } = await sampleInbox(2);
    const transactions = [1, 2].map(() => ({
      endToEnd: 'NOTPROVIDED',
      payment: `${message}-EUR`,
      amount: '123.45 EUR',
    }));
    const { words } = await receive(file([{ amount: '246.90 EUR', transactions }]));
    expect(words).toHaveLength(2);
  });
});
