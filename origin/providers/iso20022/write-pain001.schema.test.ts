// Every file that we write is one that the official schema of pain.001.001.09 allows.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { currencyExponent } from '../../../contracts/money.ts';
import { schemaProblems } from '../../../scripts/iso20022/official-schema.ts';
import { merchantAccount, ourAccounts } from '../../testing/sample-bank.ts';
import { type BankAccount, bankAccountSchema } from './bank-account.ts';
import { endToEndId, messageId } from './payment-files.ts';
import { type CreditTransfer, writePain001 } from './write-pain001.ts';

const ibans = [
  ...['DE89370400440532013000', 'FR1420041010050500013M02606', 'NO9386011117947', 'GB29NWBK60161331926819'],
  ...['MT84MALT011000012345MTLCAST001S', 'LC55HEMM000100010012001200023015', 'CH9300762011623852957'],
];
/** Of each number of decimals that a currency can have. */
const currencies = ['EUR', 'CHF', 'USD', 'JPY', 'KWD', 'CLF'];

const bic = fc.constantFrom('COBADEFFXXX', 'PSSTFRPP', '1234DE00', undefined);
const account: fc.Arbitrary<BankAccount> = fc
  .record({ name: fc.string({ unit: 'binary', maxLength: 70 }), iban: fc.constantFrom(...ibans), bic })
  .map(({ name, iban, bic }) => ({ name: name || 'A', iban, ...(bic === undefined ? {} : { bic }) }))
  .map((one) => (bankAccountSchema.safeParse(one).success ? one : { ...one, name: 'Þórður & Sœur @ Łódź' }));

const transfer: fc.Arbitrary<CreditTransfer> = fc.record({
  end_to_end_id: fc.oneof(
    fc.uuid().map((id) => endToEndId(id)),
    fc.stringMatching(/^stl_[A-Za-z0-9-]{1,31}$/).map((id) => endToEndId(id)),
  ),
  amount_minor: fc.oneof(fc.bigInt(1n, 99_999_999_999n), fc.constantFrom(1n, 100n, 99_999_999_999n)),
  currency: fc.constantFrom(...currencies),
  creditor: account,
  remittance: fc.oneof(fc.string({ unit: 'binary', maxLength: 300 }), fc.string({ unit: 'grapheme', maxLength: 300 })),
});

/** An instant of a year with four digits, as clocks show it. */
const instant = fc.date({ min: new Date(0), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true });

function written(
  transfers: readonly CreditTransfer[],
  changes: Partial<Parameters<typeof writePain001>[0]> = {},
): string {
  const debtors = Object.fromEntries(currencies.map((currency) => [currency, ourAccounts['EUR'] ?? merchantAccount]));
  const message_id = messageId(transfers.map(({ end_to_end_id }) => end_to_end_id));
  const at = new Date('2026-11-21T15:16:17.890Z');
  return writePain001({ message_id, at, initiator: 'Atlas GmbH', debtors, transfers, ...changes });
}

const one: CreditTransfer = {
  end_to_end_id: 'stl1-1',
  amount_minor: 12_345n,
  currency: 'EUR',
  creditor: merchantAccount,
  remittance: 'invoice 7',
};

describe('pain.001.001.09, by its official schema', () => {
  test('whatever is to be paid, to whom and when', () => {
    fc.assert(
      fc.property(
        fc.array(transfer, { minLength: 1, maxLength: 12 }),
        fc.record({ at: instant, initiator: account.map(({ name }) => name), debtor: account }),
        (transfers, { at, initiator, debtor }) => {
          const debtors = Object.fromEntries(currencies.map((currency) => [currency, debtor]));
          expect(schemaProblems(written(transfers, { at, initiator, debtors }))).toEqual([]);
        },
      ),
      { numRuns: 300 },
    );
  });

  test.each([
    ['one payment', [one]],
    ['a reference of nothing', [{ ...one, remittance: '' }]],
    ['a reference of spaces', [{ ...one, remittance: ' \n\t' }]],
    ['a reference that is cut', [{ ...one, remittance: `${'long '.repeat(28)}long` }]],
    ['the longest id', [{ ...one, end_to_end_id: 'a'.repeat(35) }]],
    ['the longest name', [{ ...one, creditor: { ...merchantAccount, name: 'ß'.repeat(35) } }]],
    ['an account without its bank', [{ ...one, creditor: { name: 'A', iban: 'NO9386011117947' } }]],
    [
      '1,500 payments of the largest amount',
      Array.from({ length: 1_500 }, () => ({ ...one, amount_minor: 99_999_999_999n })),
    ],
    ['every number of decimals', currencies.map((currency) => ({ ...one, currency, amount_minor: 99_999_999_999n }))],
  ])('%s', (_, transfers) => {
    expect(schemaProblems(written(transfers))).toEqual([]);
  });

  test('an account of ours may be without its bank', () => {
    const debtors = { EUR: { name: 'Atlas GmbH', iban: 'DE89370400440532013000' } };
    expect(schemaProblems(written([one], { debtors }))).toEqual([]);
  });

  test('the samples have each number of decimals that there is', () => {
    expect(new Set(currencies.map(currencyExponent))).toEqual(new Set([0, 2, 3, 4]));
  });

  test.each([
    ['an element that is missing', (xml: string) => xml.replace(/<PmtMtd>TRF<\/PmtMtd>/, '')],
    [
      'one in the wrong place',
      (xml: string) => xml.replace(/(<PmtMtd>TRF<\/PmtMtd>)(<BtchBookg>true<\/BtchBookg>)/, '$2$1'),
    ],
    ['an id that is too long', (xml: string) => xml.replace('stl1-1', 'a'.repeat(36))],
    ['an amount that is none', (xml: string) => xml.replace('123.45', '123,45')],
    ['a bank that is none', (xml: string) => xml.replace('PSSTFRPP', 'PSSTFRP')],
  ])('and the schema does judge: %s', (_, spoil) => {
    expect(schemaProblems(spoil(written([one])))).not.toEqual([]);
  });
});
