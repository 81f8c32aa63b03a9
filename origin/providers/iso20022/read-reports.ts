// What a bank reports: status of our files (pain.002) and what it booked (camt.053), as outcomes of payments. What is still on its
// way is left out; what cannot be read makes the file bad as a whole.

import { currencyExponent } from '../../../contracts/money.ts';
import { BadFile, elementAt, elementsAt, readXml, textAt, type XmlElement } from './read-xml.ts';
import { idLengthMax } from './write-pain001.ts';

export interface Report {
  /** One transfer, all of one currency in a file, or all of a file. */
  readonly about: { readonly what: 'transfer' | 'payment' | 'message'; readonly id: string };
  readonly outcome: 'paid' | 'rejected';
  /** The bank's own; null for what is paid. */
  readonly code: string | null;
  /** Null: the bank does not repeat it. */
  readonly amount: { readonly minor: bigint; readonly currency: string } | null;
}

export interface BankFile {
  readonly kind: 'pain.002' | 'camt.053';
  /** The bank's id of it. */
  readonly message_id: string;
  readonly reports: readonly Report[];
}

const messages = [/^pain\.002\.001\.(?:03|09|10|11|12)$/, /^camt\.053\.001\.(?:02|04|06|08|09|10|11)$/];

/** Throws a BadFile. */
export function readBankFile(bytes: Uint8Array): BankFile {
  const { message, document } = readXml(bytes, messages);
  return message.startsWith('pain.002') ? readStatusReport(document) : readStatement(document);
}

/** Settled on our account, or on the creditor's. Accepted ones (ACCP, ACTC, ACSP, ACWC, PDNG, RCVD) may still be rejected. */
const paid = new Set(['ACSC', 'ACCC']);
const rejected = new Set(['RJCT', 'CANC']);

function readStatusReport(document: XmlElement): BankFile {
  const report = required(elementAt(document, 'CstmrPmtStsRpt'), 'CstmrPmtStsRpt');
  const message_id = required(textAt(report, 'GrpHdr', 'MsgId'), 'GrpHdr/MsgId');
  const original = required(elementAt(report, 'OrgnlGrpInfAndSts'), 'OrgnlGrpInfAndSts');
  const originalId = required(textAt(original, 'OrgnlMsgId'), 'OrgnlMsgId');
  const payments = elementsAt(report, 'OrgnlPmtInfAndSts');
  const ofMessage = reportOf({ what: 'message', id: originalId }, original, 'GrpSts', payments.length > 0);
  const ofPayments = payments.flatMap((payment) => {
    const transfers = elementsAt(payment, 'TxInfAndSts');
    const id = required(textAt(payment, 'OrgnlPmtInfId'), 'OrgnlPmtInfId');
    return [
      ...reportOf({ what: 'payment', id }, payment, 'PmtInfSts', transfers.length > 0),
      ...transfers.flatMap((transfer) => {
        const endToEndId = required(textAt(transfer, 'OrgnlEndToEndId'), 'OrgnlEndToEndId');
        const amount = amountOf(elementAt(transfer, 'OrgnlTxRef', 'Amt', 'InstdAmt'));
        return reportOf({ what: 'transfer', id: endToEndId }, transfer, 'TxSts', false).map((one) => ({
          ...one,
          amount,
        }));
      }),
    ];
  });
  return { kind: 'pain.002', message_id, reports: [...ofMessage, ...ofPayments] };
}

/** `hasParts`: a good word about the whole is then left to its parts; a rejection of the whole holds for all of them. */
function reportOf(about: Report['about'], element: XmlElement, name: string, hasParts: boolean): Report[] {
  const status = textAt(element, name);
  if (status === null) return [];
  if (rejected.has(status)) {
    const reason = textAt(element, 'StsRsnInf', 'Rsn', 'Cd') ?? textAt(element, 'StsRsnInf', 'Rsn', 'Prtry');
    return [{ about, outcome: 'rejected', code: reason ?? status, amount: null }];
  }
  return paid.has(status) && !hasParts ? [{ about, outcome: 'paid', code: null, amount: null }] : [];
}

function readStatement(document: XmlElement): BankFile {
  const statement = required(elementAt(document, 'BkToCstmrStmt'), 'BkToCstmrStmt');
  const message_id = required(textAt(statement, 'GrpHdr', 'MsgId'), 'GrpHdr/MsgId');
  const entries = elementsAt(statement, 'Stmt').flatMap((one) => elementsAt(one, 'Ntry'));
  return { kind: 'camt.053', message_id, reports: entries.flatMap(reportsOfEntry) };
}

/** A debit is one of ours paid; a credit that is a return or a reversal, one of ours come back. Others are not about payouts. */
function reportsOfEntry(entry: XmlElement): Report[] {
  const status = textAt(entry, 'Sts', 'Cd') ?? textAt(entry, 'Sts');
  if (status !== 'BOOK') return [];
  const isReversal = textAt(entry, 'RvslInd') === 'true';
  const details = elementsAt(entry, 'NtryDtls').flatMap((one) => elementsAt(one, 'TxDtls'));
  return details.flatMap((detail): Report[] => {
    const id = textAt(detail, 'Refs', 'EndToEndId');
    if (id === null || id === 'NOTPROVIDED') return [];
    const about = { what: 'transfer', id } as const;
    const own = elementAt(detail, 'Amt') ?? elementAt(detail, 'AmtDtls', 'TxAmt', 'Amt');
    const amount = amountOf(own ?? (details.length === 1 ? elementAt(entry, 'Amt') : null));
    const direction = textAt(detail, 'CdtDbtInd') ?? textAt(entry, 'CdtDbtInd');
    if (direction === 'DBIT') return isReversal ? [] : [{ about, outcome: 'paid', code: null, amount }];
    const returned = elementAt(detail, 'RtrInf');
    if (returned === null && !isReversal) return [];
    const code = returned === null ? null : textAt(returned, 'Rsn', 'Cd');
    return [{ about, outcome: 'rejected', code: `returned_${code ?? 'by_the_bank'}`, amount }];
  });
}

function amountOf(element: XmlElement | null): Report['amount'] {
  if (element === null) return null;
  const { currency, text } = element;
  const exponent = currencyExponent(currency ?? '');
  const match = /^(\d{1,18})(?:\.(\d{1,17}))?$/.exec(text.trim());
  if (match === null || currency === null || exponent === undefined) throw new BadFile('has an amount that is none');
  const [, whole = '', fraction = ''] = match;
  const kept = fraction.slice(0, exponent).padEnd(exponent, '0');
  if (/[1-9]/.test(fraction.slice(exponent)))
    throw new BadFile(`has an amount with more decimals than ${currency} holds`);
  return { minor: BigInt(whole + kept), currency };
}

function required<T extends XmlElement | string>(found: T | null, name: string): T {
  if (found === null) throw new BadFile(`has no ${name}`);
  if (typeof found === 'string' && found.length > idLengthMax)
    throw new BadFile(`has a ${name} of more than ${idLengthMax} characters`);
  return found;
}
