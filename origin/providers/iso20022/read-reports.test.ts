// What a bank's words mean for a payment.

import { describe, expect, test } from 'vitest';
import { readBankFile } from './read-reports.ts';
import { statement, statusReport } from './sample-bank.ts';

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
    ['anything', null],
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

  test('a good word about the whole says nothing where its parts speak for themselves', () => {
    const payment = { id: 'ATM1-EUR', status: 'ACSC', transfers: [{ id: 'stl1-1', status: 'RJCT' }] };
    expect(reportsOf(statusReport({ of: 'ATM1', group: 'ACSC', payment }))).toMatchObject([
      { about: { what: 'transfer', id: 'stl1-1' }, outcome: 'rejected' },
    ]);
    expect(reportsOf(statusReport({ of: 'ATM1', group: 'ACSC' }))).toMatchObject([{ outcome: 'paid' }]);
  });

  test.each(['03', '10', '12'])('version %s is read, with its amounts exact', (version) => {
    const transfers = [{ id: 'stl1-1', status: 'ACSC', amount: '90071992547409.93' }];
    const [report] = reportsOf(statusReport({ of: 'ATM1', payment: { id: 'p', transfers }, version }));
    expect(report?.amount).toEqual({ minor: 9_007_199_254_740_993n, currency: 'EUR' });
  });
});

describe('camt.053', () => {
  test.each(['02', '08'])('version %s: a debit that is booked is paid', (version) => {
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
    expect(reportsOf(statement([{ id: 'NOTPROVIDED' }, { id: '' }]))).toEqual([]);
  });
});
