// How banks mark that a payment came back. Entries are of 123.45 EUR unless said.

import { describe, expect, test } from 'vitest';
import {
  type StatementEntry,
  type StatementOptions,
  statementOf,
  type Transaction,
} from '../../../scripts/iso20022/bank-entries.ts';
import { statusReport } from '../../../scripts/iso20022/bank-files.ts';
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

describe('B1: a credit under an id of ours is never nothing', () => {
  async function paid() {
    const inbox = await sampleInbox(1);
    const [id = ''] = inbox.ids;
    await inbox.receive(file([one({ endToEnd: id }, { servicer: 'D1' })], { id: 'PAID' }));
    return { ...inbox, id };
  }
  const credit = { direction: 'CRDT', servicer: 'C1' } as const;

  test.each<[string, StatementEntry, Transaction, string]>([
    ['RtrInf', credit, { returned: 'AC04' }, 'provider_returned_ac04'],
    ['PMNT/ICDT/RRTN of the entry', { ...credit, code: 'PMNT/ICDT/RRTN' }, {}, 'provider_returned_rrtn'],
    ['PMNT/RCDT/RRTN of the transaction', credit, { code: 'PMNT/RCDT/RRTN' }, 'provider_returned_rrtn'],
    ['PMNT/RCDT/RPCR', { ...credit, code: 'PMNT/RCDT/RPCR' }, {}, 'provider_returned_rpcr'],
    ['PMNT/IRCT/ESCT', { ...credit, code: 'PMNT/IRCT/ESCT' }, {}, 'provider_returned_by_the_bank'],
    ['NRTI+159 of the bank', { ...credit, ownCode: 'NRTI+159+00931' }, {}, 'provider_returned_by_the_bank'],
    ['RvslInd', { ...credit, reversal: true }, {}, 'provider_returned_by_the_bank'],
  ])(
    'B1: %s is a return, whole and told once in each message that tells of it',
    async (_, entry, transaction, code) => {
      const { id, receive, ask } = await paid();
      const back = [one({ endToEnd: id, ...transaction }, entry)];
      const first = await receive(file(back, { kind: '054', id: 'N1' }));
      expect(first.words).toEqual([
        expect.objectContaining({ outcome: 'returned', amount_minor: null, currency: 'EUR', code }),
      ]);
      expect(first.items).toEqual([]);
      const again = await receive(file(back, { id: 'S1' }));
      expect(again.words).toEqual([expect.objectContaining({ webhook_id: first.words[0]?.webhook_id })]);
      expect(again.items).toEqual([]);
      // It had been paid: asked about, it is paid, and the return is beside it.
      expect(await ask()).toMatchObject({ outcome: 'paid' });
    },
  );

  test.each(['052', '053', '054'] as const)(
    'B1: in a camt.%s, before the debit in the same file, both are told in order',
    async (kind) => {
      const {
        ids: [id = ''],
        receive,
      } = await sampleInbox(1);
      const entries = [one({ endToEnd: id, returned: 'MS03' }, credit), one({ endToEnd: id }, { servicer: 'D1' })];
      const { words, items } = await receive(file(entries, { kind }));
      expect(words.map(({ outcome }) => outcome)).toEqual(['paid', 'returned']);
      expect(items).toEqual([]);
    },
  );

  test.each<[string, StatementEntry, Transaction]>([
    ['nothing that marks it', credit, {}],
    ['a received credit transfer', { ...credit, code: 'PMNT/RCDT/ESCT' }, {}],
    ['more than was paid', { ...credit, amount: '200.00 EUR' }, { returned: 'AC04' }],
    ['another currency', { ...credit, amount: '120.00 CHF' }, { returned: 'AC04' }],
    ['no amount to be read', { ...credit, amount: 'abc EUR' }, { returned: 'AC04' }],
  ])('B1: with %s it is no return, and an open item', async (_, entry, transaction) => {
    const { id, receive } = await paid();
    const { words, items } = await receive(statementOf([one({ endToEnd: id, ...transaction }, entry)]));
    expect(words).toEqual([]);
    expect(items).toEqual([
      expect.objectContaining({ kind: 'bank_entry_unmatched', summary: expect.stringContaining(id) }),
    ]);
  });

  test.each(['reversed debit', 'debit marked as a return'])(
    'B1: a %s is an open item, and not a payment',
    async (what) => {
      const {
        ids: [id = ''],
        receive,
      } = await sampleInbox(1);
      const entry = what.startsWith('reversed') ? { reversal: true } : { code: 'PMNT/RCDT/RRTN' };
      const { words, items } = await receive(file([one({ endToEnd: id }, entry)]));
      expect([words, kinds(items)]).toEqual([[], ['bank_entry_unmatched']]);
    },
  );

  test('B1: a part that comes back is a return of that part, and what is missing an open item with both figures', async () => {
    const { id, receive } = await paid();
    const { words, items } = await receive(
      file([one({ endToEnd: id, returned: 'AC04' }, { ...credit, amount: '100.00 EUR' })]),
    );
    expect(words).toEqual([expect.objectContaining({ outcome: 'returned', amount_minor: '10000', currency: 'EUR' })]);
    expect(items).toEqual([
      expect.objectContaining({ kind: 'return_short', amount: { minor: 2_345n, currency: 'EUR' } }),
    ]);
    expect(items[0]?.summary).toContain('100.00 EUR of 123.45 EUR');
    // The rest under another reference is another return.
    const rest = await receive(
      file([one({ endToEnd: id, returned: 'AC04' }, { ...credit, servicer: 'C2', amount: '23.45 EUR' })], { id: 'S2' }),
    );
    expect(rest.words).toEqual([expect.objectContaining({ outcome: 'returned', amount_minor: '2345' })]);
    expect(rest.items).toEqual([]);
    expect(rest.words[0]?.provider_reference).not.toBe(words[0]?.provider_reference);
  });

  test('B1: less a fee of the bank it is a part: what came is booked, and the fee is an open item', async () => {
    const { id, receive } = await paid();
    const back = one({ endToEnd: id, returned: 'AC04', amount: '123.45 EUR' }, { ...credit, amount: '120.45 EUR' });
    const { words, items } = await receive(file([back]));
    expect(words).toEqual([expect.objectContaining({ outcome: 'returned', amount_minor: '12045' })]);
    expect(items).toEqual([
      expect.objectContaining({ kind: 'return_short', amount: { minor: 300n, currency: 'EUR' } }),
    ]);
  });

  test('B1: a rejection after it was booked is a return, and the credit that follows is the same one', async () => {
    const { id, message, receive } = await paid();
    const transfers = [{ id, status: 'RJCT', reason: 'AC04' }];
    const report = await receive(statusReport({ of: message, payment: { id: `${message}-EUR`, transfers } }));
    expect(report.words).toEqual([
      expect.objectContaining({ outcome: 'returned', amount_minor: null, code: 'provider_returned_ac04' }),
    ]);
    const booked = await receive(file([one({ endToEnd: id, returned: 'AC04' }, credit)]));
    expect(booked.words).toEqual([expect.objectContaining({ webhook_id: report.words[0]?.webhook_id })]);
    expect(booked.items).toEqual([]);
    const twice = await receive(
      file([one({ endToEnd: id, returned: 'AC04' }, { ...credit, servicer: 'C2' })], { id: 'S2' }),
    );
    expect([twice.words, kinds(twice.items)]).toEqual([[], ['booked_twice']]);
  });

  test('B1: a whole file rejected after it was paid, or as a second copy, proves nothing: open items', async () => {
    const { message, receive } = await paid();
    const late = await receive(statusReport({ of: message, group: 'RJCT' }));
    expect([late.words, kinds(late.items)]).toEqual([[], ['provider_contradiction']]);
    const other = await sampleInbox(1);
    const transfers = [{ id: other.ids[0] ?? '', status: 'RJCT', reason: 'AM05' }];
    const copy = await other.receive(
      statusReport({ of: other.message, payment: { id: `${other.message}-EUR`, transfers } }),
    );
    expect([copy.words, kinds(copy.items)]).toEqual([[], ['provider_contradiction']]);
    expect(await other.ask()).toMatchObject({ outcome: 'pending' });
  });

  test('B1: a batch that comes back as one sum returns each of its payments', async () => {
    const { message, receive } = await sampleInbox(2);
    const batch = { batch: { payment: `${message}-EUR` }, amount: '246.90 EUR', servicer: 'C1' };
    const { words } = await receive(file([{ ...batch, direction: 'CRDT', code: 'PMNT/ICDT/RRTN' }]));
    expect(words.map(({ outcome }) => outcome)).toEqual(['returned', 'returned']);
    expect(new Set(words.map(({ webhook_id }) => webhook_id)).size).toBe(2);
    const unmarked = await receive(
      file([{ ...batch, servicer: 'C2', direction: 'CRDT', code: 'PMNT/RCDT/ESCT' }], { id: 'S2' }),
    );
    expect([unmarked.words, kinds(unmarked.items)]).toEqual([[], ['bank_entry_unmatched']]);
  });
});
