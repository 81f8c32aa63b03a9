// A credit transfer initiation, pain.001.001.09: one file for many settlements, one batch booking per currency, control sums exact.
// A writer of our own: iso20022.js (0.0.15) writes SWIFT transfers in 001.03 only, and counts money in JavaScript numbers.

import { currencyExponent } from '../../../contracts/money.ts';
import type { BankAccount } from './bank-account.ts';
import { plainTextOrDots } from './plain-text.ts';

export interface CreditTransfer {
  readonly end_to_end_id: string;
  readonly amount_minor: bigint;
  readonly currency: string;
  readonly creditor: BankAccount;
  readonly remittance: string;
}

export interface CreditTransfers {
  readonly message_id: string;
  readonly at: Date;
  /** Who we are to the bank: a name as an account has it. */
  readonly initiator: string;
  /** The account that pays, by currency. */
  readonly debtors: Readonly<Record<string, BankAccount>>;
  readonly transfers: readonly CreditTransfer[];
}

/** Of ISO 20022's Max35Text ids, and of a reference for people. */
export const idLengthMax = 35;
const remittanceLengthMax = 140;

/** ISO 4217's largest exponent: sums over several currencies are counted in the smallest unit of all. */
const sumExponent = 4;

export function writePain001(file: CreditTransfers): string {
  const { message_id, at, initiator, transfers } = file;
  const currencies = [...new Set(transfers.map(({ currency }) => currency))].sort();
  const header = element('GrpHdr', [
    element('MsgId', message_id),
    element('CreDtTm', at.toISOString().replace(/\.\d+Z$/, 'Z')),
    element('NbOfTxs', String(transfers.length)),
    element('CtrlSum', controlSum(transfers)),
    element('InitgPty', [element('Nm', plainTextOrDots(initiator))]),
  ]);
  const body = element('CstmrCdtTrfInitn', [header, ...currencies.map((currency) => paymentOf(file, currency))]);
  const namespace = 'urn:iso:std:iso:20022:tech:xsd:pain.001.001.09';
  return `<?xml version="1.0" encoding="UTF-8"?>\n<Document xmlns="${namespace}">${body}</Document>\n`;
}

/** Stable, and read back from a status report: which currency of which file it was. */
export function paymentId(message_id: string, currency: string): string {
  return `${message_id}-${currency}`;
}

function paymentOf({ message_id, at, debtors, transfers }: CreditTransfers, currency: string): string {
  const debtor = debtors[currency];
  if (debtor === undefined) throw new Error(`no account of ours pays ${currency}`);
  const own = transfers.filter((transfer) => transfer.currency === currency);
  const isSepa = currency === 'EUR';
  return element('PmtInf', [
    element('PmtInfId', paymentId(message_id, currency)),
    element('PmtMtd', 'TRF'),
    element('BtchBookg', 'true'),
    element('NbOfTxs', String(own.length)),
    element('CtrlSum', controlSum(own)),
    ...(isSepa ? [element('PmtTpInf', [element('SvcLvl', [element('Cd', 'SEPA')])])] : []),
    element('ReqdExctnDt', [element('Dt', at.toISOString().slice(0, 10))]),
    element('Dbtr', [nameOf(debtor)]),
    element('DbtrAcct', [ibanOf(debtor), element('Ccy', currency)]),
    element('DbtrAgt', [bankOf(debtor)]),
    element('ChrgBr', isSepa ? 'SLEV' : 'SHAR'),
    ...own.map(transferOf),
  ]);
}

function transferOf({ end_to_end_id, amount_minor, currency, creditor, remittance }: CreditTransfer): string {
  const reference = plainTextOrDots(remittance).slice(0, remittanceLengthMax);
  return element('CdtTrfTxInf', [
    element('PmtId', [element('InstrId', end_to_end_id), element('EndToEndId', end_to_end_id)]),
    element('Amt', [`<InstdAmt Ccy="${currency}">${decimalText(amount_minor, currency)}</InstdAmt>`]),
    ...(creditor.bic === undefined ? [] : [element('CdtrAgt', [bankOf(creditor)])]),
    element('Cdtr', [nameOf(creditor)]),
    element('CdtrAcct', [ibanOf(creditor)]),
    // ISO 20022 has no empty text: a reference of nothing is no reference.
    ...(reference === '' ? [] : [element('RmtInf', [element('Ustrd', reference)])]),
  ]);
}

const nameOf = ({ name }: BankAccount) => element('Nm', plainTextOrDots(name));
const ibanOf = ({ iban }: BankAccount) => element('Id', [element('IBAN', iban)]);
const bankOf = ({ bic }: BankAccount) =>
  element('FinInstnId', [bic === undefined ? element('Othr', [element('Id', 'NOTPROVIDED')]) : element('BICFI', bic)]);

/** The total of all amounts, whatever their currencies, as ISO 20022 defines it. */
function controlSum(transfers: readonly CreditTransfer[]): string {
  const sum = transfers.reduce((total, { amount_minor, currency }) => total + scaled(amount_minor, currency), 0n);
  return decimals(sum, sumExponent).replace(/\.?0+$/, '');
}

function scaled(amountMinor: bigint, currency: string): bigint {
  return amountMinor * 10n ** BigInt(sumExponent - exponentOf(currency));
}

/** With all the decimals that the currency has. */
export function decimalText(amountMinor: bigint, currency: string): string {
  return decimals(amountMinor, exponentOf(currency));
}

function decimals(amount: bigint, exponent: number): string {
  const digits = String(amount).padStart(exponent + 1, '0');
  return exponent === 0 ? digits : `${digits.slice(0, -exponent)}.${digits.slice(-exponent)}`;
}

function exponentOf(currency: string): number {
  const exponent = currencyExponent(currency);
  if (exponent === undefined) throw new Error(`${currency} is not an ISO 4217 currency code`);
  return exponent;
}

/** A text is escaped, parts are elements already. */
function element(name: string, content: string | readonly string[]): string {
  return `<${name}>${typeof content === 'string' ? escaped(content) : content.join('')}</${name}>`;
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
};

/** Throws for what XML 1.0 has no way to write. */
function escaped(text: string): string {
  if (/[^\t\n\r\u{20}-\u{D7FF}\u{E000}-\u{FFFD}\u{10000}-\u{10FFFF}]/u.test(text))
    throw new Error('a text has characters that XML cannot hold');
  return text.replaceAll(/[&<>"']/g, (sign) => escapes[sign] ?? '');
}
