// The file as it goes to the bank: ids, sums and amounts exact, one payment per currency, and nothing of a text ever markup.

import { describe, expect, test } from 'vitest';
import { merchantAccount, ourAccounts } from '../../testing/sample-bank.ts';
import { messageId } from './payment-files.ts';
import { elementAt, elementsAt, readXml, textAt, type XmlElement } from './read-xml.ts';
import { type CreditTransfer, decimalText, paymentId, writePain001 } from './write-pain001.ts';

const transfer = (changes: Partial<CreditTransfer> = {}): CreditTransfer => ({
  end_to_end_id: 'stl1-1',
  amount_minor: 12_345n,
  currency: 'EUR',
  creditor: merchantAccount,
  remittance: 'invoice 7',
  ...changes,
});

function written(transfers: readonly CreditTransfer[]): XmlElement {
  const at = new Date('2026-11-21T15:16:17.890Z');
  const xml = writePain001({ message_id: 'ATM1', at, initiator: 'Atlas GmbH', debtors: ourAccounts, transfers });
  const document = readXml(xml);
  const initiation = elementAt(document, 'CstmrCdtTrfInitn');
  if (initiation === null) throw new Error('no initiation');
  return initiation;
}

describe('pain.001.001.09', () => {
  test('says how many there are and what they come to, over all and for each currency', () => {
    const file = written([
      transfer(),
      transfer({ end_to_end_id: 'stl2-1', amount_minor: 1n }),
      transfer({ end_to_end_id: 'stl3-1', amount_minor: 1_001n, currency: 'KWD' }),
    ]);
    expect(textAt(file, 'GrpHdr', 'NbOfTxs')).toBe('3');
    expect(textAt(file, 'GrpHdr', 'CtrlSum')).toBe('124.461');
    expect(textAt(file, 'GrpHdr', 'CreDtTm')).toBe('2026-11-21T15:16:17Z');
    const payments = elementsAt(file, 'PmtInf');
    expect(payments.map((payment) => textAt(payment, 'PmtInfId'))).toEqual(['ATM1-EUR', 'ATM1-KWD']);
    expect(payments.map((payment) => textAt(payment, 'CtrlSum'))).toEqual(['123.46', '1.001']);
    expect(payments.map((payment) => textAt(payment, 'BtchBookg'))).toEqual(['true', 'true']);
    expect(payments.map((payment) => textAt(payment, 'DbtrAcct', 'Id', 'IBAN'))).toEqual([
      ourAccounts['EUR']?.iban,
      ourAccounts['KWD']?.iban,
    ]);
    expect(payments.map((payment) => textAt(payment, 'ChrgBr'))).toEqual(['SLEV', 'SHAR']);
  });

  test('has each transfer with its id, amount, currency, account, bank and reference', () => {
    const [payment] = elementsAt(written([transfer()]), 'PmtInf');
    const [one] = payment === undefined ? [] : elementsAt(payment, 'CdtTrfTxInf');
    if (one === undefined) throw new Error('no transfer');
    expect(textAt(one, 'PmtId', 'EndToEndId')).toBe('stl1-1');
    expect(elementAt(one, 'Amt', 'InstdAmt')).toMatchObject({ text: '123.45', currency: 'EUR' });
    expect(textAt(one, 'Cdtr', 'Nm')).toBe('Cafe Muller + Sohne');
    expect(textAt(one, 'CdtrAcct', 'Id', 'IBAN')).toBe(merchantAccount.iban);
    expect(textAt(one, 'CdtrAgt', 'FinInstnId', 'BICFI')).toBe('PSSTFRPP');
    expect(textAt(one, 'RmtInf', 'Ustrd')).toBe('invoice 7');
  });

  test('the elements of a transfer come in the order that the schema wants', () => {
    const [payment] = elementsAt(written([transfer()]), 'PmtInf');
    expect(payment?.children.map(({ name }) => name)).toEqual(
      [
        'PmtInfId',
        'PmtMtd',
        'BtchBookg',
        'NbOfTxs',
        'CtrlSum',
        'PmtTpInf',
        'ReqdExctnDt',
        'Dbtr',
        'DbtrAcct',
        'DbtrAgt',
      ].concat(['ChrgBr', 'CdtTrfTxInf']),
    );
    const [one] = payment === undefined ? [] : elementsAt(payment, 'CdtTrfTxInf');
    expect(one?.children.map(({ name }) => name)).toEqual(['PmtId', 'Amt', 'CdtrAgt', 'Cdtr', 'CdtrAcct', 'RmtInf']);
  });

  test.each(['</Ustrd><Evil/>', '&lt;', ']]>', '<!DOCTYPE x>', '"\'', '&#60;'])(
    'the reference %j stays a text',
    (remittance) => {
      const [payment] = elementsAt(written([transfer({ remittance })]), 'PmtInf');
      const [one] = payment === undefined ? [] : elementsAt(payment, 'CdtTrfTxInf');
      expect(one && elementAt(one, 'RmtInf')?.children.map(({ name }) => name)).toEqual(['Ustrd']);
    },
  );

  test.each([
    [12_345n, 'EUR', '123.45'],
    [5n, 'EUR', '0.05'],
    [500n, 'JPY', '500'],
    [1_001n, 'KWD', '1.001'],
    [9_007_199_254_740_993n, 'EUR', '90071992547409.93'],
  ])('%s minor units of %s are %s', (minor, currency, text) => {
    expect(decimalText(minor, currency)).toBe(text);
  });

  test('a reference of nothing is left out', () => {
    const [payment] = elementsAt(written([transfer({ remittance: ' ' })]), 'PmtInf');
    const [one] = payment === undefined ? [] : elementsAt(payment, 'CdtTrfTxInf');
    expect(one?.children.map(({ name }) => name)).toEqual(['PmtId', 'Amt', 'CdtrAgt', 'Cdtr', 'CdtrAcct']);
  });

  test('the same submissions make the same id in any order, others another, and every id fits', () => {
    expect(messageId(['a', 'b'])).toBe(messageId(['b', 'a']));
    expect(messageId(['a', 'b'])).not.toBe(messageId(['a', 'c']));
    expect(paymentId(messageId(['a']), 'EUR').length).toBeLessThanOrEqual(35);
  });
});
