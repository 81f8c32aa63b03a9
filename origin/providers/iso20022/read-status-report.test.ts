// What a bank's status report says of payments; what it means for them is in dirty-bank-files.test.ts and inbox.test.ts.

import { describe, expect, test } from 'vitest';
import { statusReport } from '../../../scripts/iso20022/bank-files.ts';
import { judged } from '../../../scripts/iso20022/official-schema.ts';
import { readBankFile } from './read-bank-file.ts';

const statusesOf = async (content: string) =>
  (await readBankFile(Buffer.from(content))).flatMap(({ statuses }) => statuses);
const message = `ATM${'0123456789ABCDEF'.repeat(2).slice(0, 28)}`;
const transfer = 'stl0123456789abcdefghjkmnpqrs-1';
const named = (id: string) => ({ references: [expect.objectContaining({ id })], mentions: [] });

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
    ['XXXX', 'unclear'],
  ])('a transfer with %s: %s', async (status, outcome) => {
    const content = statusReport({
      of: message,
      payment: { id: `${message}-EUR`, transfers: [{ id: transfer, status, reason: 'AC04' }] },
    });
    const found = await statusesOf(content);
    expect(found.map(({ outcome: said }) => said)).toEqual(outcome === null ? [] : [outcome]);
    if (outcome === 'rejected') expect(found[0]?.code).toBe('AC04');
  });

  test('a rejection of the whole file, or of a payment in it, is about all of it', async () => {
    expect(await statusesOf(statusReport({ of: message, group: 'RJCT' }))).toMatchObject([
      { about: 'message', ids: named(message), outcome: 'rejected', code: 'RJCT' },
    ]);
    expect(
      await statusesOf(statusReport({ of: message, payment: { id: `${message}-EUR`, status: 'RJCT' } })),
    ).toMatchObject([{ about: 'payment', ids: named(`${message}-EUR`), outcome: 'rejected' }]);
  });

  test('a transfer that the bank names by its other id, which has the same text with us', async () => {
    const payment = { id: `${message}-EUR`, transfers: [{ id: transfer, status: 'ACSC' }] };
    const content = statusReport({ of: message, payment });
    const inOther = content.replaceAll('OrgnlEndToEndId>', 'OrgnlInstrId>');
    expect(await statusesOf(judged(inOther))).toMatchObject([
      { about: 'transfer', ids: named(transfer), outcome: 'paid' },
    ]);
    const withNone = inOther.replace(
      '</OrgnlInstrId>',
      '</OrgnlInstrId><OrgnlEndToEndId>NOTPROVIDED</OrgnlEndToEndId>',
    );
    expect(await statusesOf(judged(withNone))).toMatchObject([
      { about: 'transfer', ids: named(transfer), outcome: 'paid' },
    ]);
  });

  test('the first reason counts, behind words that give none', async () => {
    const payment = { id: `${message}-EUR`, transfers: [{ id: transfer, status: 'RJCT', reason: 'AC04' }] };
    const content = statusReport({ of: message, payment });
    const [report] = await statusesOf(
      judged(content.replace('<StsRsnInf>', '<StsRsnInf><AddtlInf>x</AddtlInf></StsRsnInf><StsRsnInf>')),
    );
    expect(report?.code).toBe('AC04');
  });

  test('a good word about the whole says nothing where its parts speak for themselves', async () => {
    const payment = { id: `${message}-EUR`, status: 'ACSC', transfers: [{ id: transfer, status: 'RJCT' }] };
    expect(await statusesOf(statusReport({ of: message, group: 'ACSC', payment }))).toMatchObject([
      { about: 'transfer', ids: named(transfer), outcome: 'rejected' },
    ]);
    expect(await statusesOf(statusReport({ of: message, group: 'ACSC' }))).toMatchObject([{ outcome: 'paid' }]);
  });

  test.each(['03', '10', '11', '12'])('version %s is read, with its amounts exact', async (version) => {
    const transfers = [{ id: transfer, status: 'ACSC', amount: '90071992547409.93' }];
    const [report] = await statusesOf(statusReport({ of: message, payment: { id: 'p', transfers }, version }));
    expect(report?.amount).toEqual({ minor: 9_007_199_254_740_993n, currency: 'EUR' });
  });
});
