// Whatever a bank sends, nothing throws and nothing of ours is lost in silence: each id of ours that a file names ends as a word for
// the engine or in front of a person, or the file as a whole does. And nothing is believed that the entry does not bear out.

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type StatementEntry, statementOf, type Transaction } from '../../../scripts/iso20022/bank-entries.ts';
import { damaged, damages } from '../../../scripts/iso20022/damage.ts';
import { sampleInbox } from '../../testing/sample-inbox.ts';

const forms: Readonly<Record<string, (id: string) => string>> = {
  plain: (id) => id,
  upper: (id) => id.toUpperCase(),
  padded: (id) => `  ${id}\n`,
  bare: (id) => id.replace('-', ''),
  full_width: (id) => id.replace('stl', 'ｓｔｌ'),
};
const places: Readonly<Record<string, (text: string) => { entry?: StatementEntry; transaction?: Transaction }>> = {
  end_to_end: (endToEnd) => ({ transaction: { endToEnd } }),
  instruction: (instruction) => ({ transaction: { endToEnd: 'NOTPROVIDED', instruction } }),
  transaction: (transactionId) => ({ transaction: { endToEnd: 'NONREF', transactionId } }),
  remittance: (text) => ({ transaction: { endToEnd: 'NONREF', remittance: [`EREF+${text} SVWZ+rent`] } }),
  wrapped: (text) => ({ transaction: { remittance: [`EREF+${text.slice(0, 15)}`, text.slice(15)] } }),
  entry_text: (text) => ({ entry: { text: `SEPA ${text}` } }),
  entry_reference: (reference) => ({ entry: { reference } }),
};
const amounts: Readonly<Record<string, { entry: string; transaction?: Transaction; isPaid: boolean }>> = {
  exact: { entry: '123.45 EUR', isPaid: true },
  fee: { entry: '126.45 EUR', transaction: { instructed: '123.45 EUR' }, isPaid: true },
  exchanged: { entry: '117.00 CHF', transaction: { instructed: '123.45 EUR' }, isPaid: true },
  charged: { entry: '126.45 EUR', transaction: { charges: '3.00 EUR' }, isPaid: true },
  short: { entry: '23.45 EUR', transaction: { instructed: '123.45 EUR' }, isPaid: false },
  other: { entry: '999.00 EUR', isPaid: false },
  instructed_otherwise: { entry: '123.45 EUR', transaction: { instructed: '99.00 EUR' }, isPaid: false },
  other_currency: { entry: '123.45 CHF', isPaid: false },
  odd: { entry: '1e9 EUR', isPaid: false },
  none: { entry: ' EUR', isPaid: false },
};
const returns: Readonly<Record<string, { entry?: StatementEntry; transaction?: Transaction }>> = {
  none: {},
  information: { transaction: { returned: 'AC04' } },
  code: { entry: { code: 'PMNT/RCDT/RRTN' } },
  reversal: { entry: { reversal: true } },
};

const drawn = fc.record({
  payment: fc.nat(3),
  form: fc.constantFrom(...Object.keys(forms)),
  place: fc.constantFrom(...Object.keys(places)),
  amount: fc.constantFrom(...Object.keys(amounts)),
  mark: fc.constantFrom(...Object.keys(returns)),
  direction: fc.constantFrom('DBIT', 'CRDT', 'DBIT', 'BOTH'),
  status: fc.constantFrom('BOOK', 'BOOK', 'BOOK', 'PDNG', 'ODD'),
  servicer: fc.constantFrom(undefined, 'A', 'B'),
  /** Others of the same entry, which are not ours. */
  strangers: fc.constantFrom(0, 0, 0, 1, 2),
});
type Drawn = typeof drawn extends fc.Arbitrary<infer T> ? T : never;
const pick = <T>(from: Readonly<Record<string, T>>, name: string): T => from[name] as T;

function entryOf(one: Drawn, ids: readonly string[]): StatementEntry {
  const named = pick(places, one.place)(pick(forms, one.form)(ids[one.payment] ?? 'stl00000000000000000000000000-1'));
  const [amount, mark] = [pick(amounts, one.amount), pick(returns, one.mark)];
  const { direction, status, servicer } = one;
  const strangers = Array.from({ length: one.strangers }, () => ({ endToEnd: 'rent', amount: '1.00 EUR' }));
  return {
    ...{ amount: amount.entry, direction, status },
    ...(servicer === undefined ? {} : { servicer }),
    ...named.entry,
    ...mark.entry,
    transactions: [{ ...named.transaction, ...amount.transaction, ...mark.transaction }, ...strangers],
  };
}

const isDebit = ({ direction, mark, status }: Drawn) => direction === 'DBIT' && mark === 'none' && status === 'BOOK';

test('each id of ours that a statement names ends as a word or in front of a person, and only what is borne out is believed', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.array(drawn, { maxLength: 4 }), { minLength: 1, maxLength: 3 }), async (files) => {
      const { ids, receive, words, items } = await sampleInbox(3);
      for (const [index, entries] of files.entries()) {
        const text = statementOf(
          entries.map((one) => entryOf(one, ids)),
          { kind: index % 2 === 0 ? '053' : '052', id: `F${index}` },
        );
        expect((await receive(text)).set_aside).toEqual([]);
      }
      const all = files.flat();
      for (const [payment, id] of ids.entries()) {
        const own = all.filter((one) => one.payment === payment && one.status !== 'PDNG');
        const told = words.filter(({ webhook_id, provider_reference }) =>
          `${webhook_id} ${provider_reference}`.includes(id),
        );
        const shown = items.filter(({ key }) => key.includes(id));
        if (own.length > 0) expect(told.length + shown.length, id).toBeGreaterThan(0);
        if (own.length === 0) expect(told).toEqual([]);
        const paid = told.filter(({ outcome }) => outcome === 'paid');
        if (paid.length > 0) expect(own.some((one) => isDebit(one) && pick(amounts, one.amount).isPaid)).toBe(true);
        if (told.length > paid.length)
          expect(own.some(({ direction, mark }) => direction === 'CRDT' && mark !== 'none')).toBe(true);
        // Not more comes back than was paid, under whatever names it is told.
        const back = new Map(
          told.flatMap((word) => (word.outcome === 'returned' ? [[word.provider_reference, word]] : [])),
        );
        const sum = [...back.values()].reduce((total, word) => total + BigInt(word.amount_minor ?? 12_345n), 0n);
        expect(sum <= 12_345n).toBe(true);
      }
      // The one that was never sent is no payment of anybody.
      expect(words.every(({ webhook_id }) => !webhook_id.includes('stl000000'))).toBe(true);
    }),
    { numRuns: 300 },
  );
}, 120_000);

test('damaged in whatever way, a file is set aside whole or loses no id that it still names', async () => {
  let read = 0;
  await fc.assert(
    fc.asyncProperty(damages, fc.constantFrom('02', '04', '08', '13'), async (damage, version) => {
      const { ids, receive } = await sampleInbox(3);
      const entries = ids.map((endToEnd, index) => ({ servicer: `S${index}`, transactions: [{ endToEnd }] }));
      const text = damaged(statementOf(entries, { version }), damage);
      const { words, items, set_aside } = await receive(text);
      if (set_aside.length > 0) {
        expect(items).toMatchObject([{ kind: 'bank_file_set_aside' }]);
        return;
      }
      read += 1;
      const ended = JSON.stringify([words, items.map(({ key }) => key)]);
      for (const id of ids) if (text.includes(id)) expect(ended, text).toContain(id);
    }),
    { numRuns: 600 },
  );
  // Most damage leaves a file that can be read.
  expect(read).toBeGreaterThan(100);
}, 120_000);

test('bytes that are no file of a bank at all are set aside, each with its item', async () => {
  const content = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({ unit: 'binary' }).map((text) => Buffer.from(`<?xml version="1.0"?><Document>${text}`)),
  );
  await fc.assert(
    fc.asyncProperty(content, async (bytes) => {
      const { receive } = await sampleInbox(1);
      const { words, items, set_aside } = await receive(bytes);
      expect([words.length, set_aside.length, items.length]).toEqual([0, 1, 1]);
    }),
    { numRuns: 200 },
  );
}, 60_000);
