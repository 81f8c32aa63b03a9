// What a bank's words mean for a payment.

import { describe, expect, test } from 'vitest';
import { statement, statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { judged } from '../../../scripts/iso20022/official-schema.ts';
import { readBankFile } from './read-reports.ts';

const reportsOf = (content: string) => readBankFile(Buffer.from(content)).reports;

describe('pain.002', () => {
  test.each([
    ['ACSC', 'paid'],
    ['ACCC', 'paid'],
    ['RJCT', 'rejected'],
    ['CANC', 'rejected'],
    ['ACSP', null],
    ['ACTC', null],
    ['ACCP', null],
    ['ACWC', null],
    ['PDNG', null],
    ['RCVD', null],
    ['PART', null],
    ['XXXX', null],
  ])('a transfer with %s: %s', (status, outcome) => {
    const content = statusReport({
      of: 'ATM1',
      payment: { id: 'ATM1-EUR', transfers: [{ id: 'stl1-1', status, reason: 'AC04' }] },
    });
    const found = reportsOf(content);
    expect(found.map((report) => report.outcome)).toEqual(outcome === null ? [] : [outcome]);
    if (outcome === 'rejected') expect(found[0]?.code).toBe('AC04');
  });

  test('a rejection of the whole file, or of a payment in it, is about all of it', () => {
    expect(reportsOf(statusReport({ of: 'ATM1', group: 'RJCT' }))).toMatchObject([
      { about: { what: 'message', id: 'ATM1' }, outcome: 'rejected', code: 'RJCT' },
    ]);
    expect(reportsOf(statusReport({ of: 'ATM1', payment: { id: 'ATM1-EUR', status: 'RJCT' } }))).toMatchObject([
      { about: { what: 'payment', id: 'ATM1-EUR' }, outcome: 'rejected' },
    ]);
  });

  test('a transfer that the bank names by its other id, which has the same text with us', () => {
    const payment = { id: 'ATM1-EUR', transfers: [{ id: 'stl1-1', status: 'ACSC' }] };
    const content = statusReport({ of: 'ATM1', payment });
    const about = { what: 'transfer', id: 'stl1-1' };
    const inOther = content.replaceAll('OrgnlEndToEndId>', 'OrgnlInstrId>');
    expect(reportsOf(judged(inOther))).toMatchObject([{ about, outcome: 'paid' }]);
    const withNone = inOther.replace(
      '</OrgnlInstrId>',
      '</OrgnlInstrId><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>',
    );
    expect(reportsOf(judged(withNone))).toMatchObject([{ about, outcome: 'paid' }]);
  });

  test('the first reason counts, behind words that give none', () => {
    const payment = { id: 'ATM1-EUR', transfers: [{ id: 'stl1-1', status: 'RJCT', reason: 'AC04' }] };
    const content = statusReport({ of: 'ATM1', payment });
    const [report] = reportsOf(
      judged(content.replace('<StsRsnInf>', '<StsRsnInf><AddtlInf>x</AddtlInf></StsRsnInf><StsRsnInf>')),
    );
    expect(report?.code).toBe('AC04');
  });

  test('a good word about the whole says nothing where its parts speak for themselves', () => {
    const payment = { id: 'ATM1-EUR', status: 'ACSC', transfers: [{ id: 'stl1-1', status: 'RJCT' }] };
    expect(reportsOf(statusReport({ of: 'ATM1', group: 'ACSC', payment }))).toMatchObject([
      { about: { what: 'transfer', id: 'stl1-1' }, outcome: 'rejected' },
    ]);
    expect(reportsOf(statusReport({ of: 'ATM1', group: 'ACSC' }))).toMatchObject([{ outcome: 'paid' }]);
  });

  test.each(['03', '10', '11', '12'])('version %s is read, with its amounts exact', (version) => {
    const transfers = [{ id: 'stl1-1', status: 'ACSC', amount: '90071992547409.93' }];
    const [report] = reportsOf(statusReport({ of: 'ATM1', payment: { id: 'p', transfers }, version }));
    expect(report?.amount).toEqual({ minor: 9_007_199_254_740_993n, currency: 'EUR' });
  });
});

describe('camt.053', () => {
  test.each(['02', '04', '06', '08', '09', '10', '11'])('version %s: a debit that is booked is paid', (version) => {
    expect(reportsOf(statement([{ id: 'stl1-1' }], { version }))).toEqual([
      {
        about: { what: 'transfer', id: 'stl1-1' },
        outcome: 'paid',
        code: null,
        amount: { minor: 12_345n, currency: 'EUR' },
      },
    ]);
  });

  test.each([
    ['a debit that is only pending', { status: 'PDNG' }, []],
    ['a payment that came in', { direction: 'CRDT' }, []],
    ['a payment that came back', { direction: 'CRDT', returned: 'AC04' }, ['returned_AC04']],
    ['a booking that was undone', { direction: 'CRDT', reversal: true }, ['returned_by_the_bank']],
    ['an incoming payment that was undone', { direction: 'DBIT', reversal: true }, []],
  ] as const)('%s', (_, entry, codes) => {
    expect(reportsOf(statement([{ id: 'stl1-1', ...entry }])).map(({ code }) => code)).toEqual(codes);
  });

  test('an entry without a reference of ours is left out', () => {
    expect(reportsOf(statement([{ id: 'NOTPROVIDED' }, {}]))).toEqual([]);
  });

  test('XML Schema has two words for true: a booking that was undone is one by either', () => {
    const undone = (direction: 'DBIT' | 'CRDT') =>
      statement([{ id: 'stl1-1', direction, reversal: true }]).replace('>true</RvslInd>', '>1</RvslInd>');
    expect(reportsOf(judged(undone('CRDT')))).toMatchObject([{ outcome: 'rejected' }]);
    expect(reportsOf(judged(undone('DBIT')))).toEqual([]);
  });

  test("a payment that came back for the bank's own reason", () => {
    const content = statement([{ id: 'stl1-1', direction: 'CRDT', returned: 'AC04' }]);
    const [report] = reportsOf(judged(content.replace('<Cd>AC04</Cd>', '<Prtry>account closed</Prtry>')));
    expect(report?.code).toBe('returned_account closed');
  });

  test.each([
    ['.5', 50n],
    ['5.', 500n],
    ['+05.10', 510n],
  ])('the amount %s is one, by XML Schema', (amount, minor) => {
    expect(reportsOf(statement([{ id: 'stl1-1', amount }]))[0]?.amount).toEqual({ minor, currency: 'EUR' });
  });

  test.each([
    ['2', 'XAU'],
    ['1.001', 'EUR'],
  ])('a booking of %s %s is nobody of ours, and the others are read', (amount, currency) => {
    const found = reportsOf(statement([{ id: 'gold', amount, currency }, { id: 'stl1-1' }]));
    expect(found.map((report) => report.amount)).toEqual(['uncountable', { minor: 12_345n, currency: 'EUR' }]);
  });

  test('a batch that was booked as one sum is about its payment', () => {
    expect(reportsOf(statement([{ batch: 'ATM1-EUR', amount: '246.90' }]))).toEqual([
      {
        about: { what: 'payment', id: 'ATM1-EUR' },
        outcome: 'paid',
        code: null,
        amount: { minor: 24_690n, currency: 'EUR' },
      },
    ]);
    expect(reportsOf(statement([{ batch: 'ATM1-EUR', direction: 'CRDT' }]))).toEqual([]);
    expect(reportsOf(statement([{ batch: 'ATM1-EUR', status: 'PDNG' }]))).toEqual([]);
    expect(reportsOf(statement([{ batch: 'ATM1-EUR', reversal: true }]))).toEqual([]);
  });

  test('what a bank adds in a namespace of its own is valid, and refused with its reason', () => {
    const added = '<SplmtryData><Envlp><Note xmlns="urn:bank">x</Note></Envlp></SplmtryData>';
    const content = judged(statement([{ id: 'stl1-1' }]).replace('</TxDtls>', `${added}</TxDtls>`));
    expect(() => reportsOf(content)).toThrow(/another namespace/);
  });
});
