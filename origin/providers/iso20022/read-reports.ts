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
  /**
   * Of a transfer, or what all of a payment or message came to. Null: the bank does not repeat it. `uncountable`: of a currency
   * that ISO 4217 does not have now, or in smaller parts than it has; it is nobody's payment of ours, and no reason not to read on.
   */
  readonly amount: { readonly minor: bigint; readonly currency: string } | 'uncountable' | null;
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
        const own = transferId(transfer, ['OrgnlEndToEndId', 'OrgnlInstrId']);
        const endToEndId = required(own, 'OrgnlEndToEndId and no OrgnlInstrId');
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
    // Each may only name its originator: the first that gives a reason counts.
    const reason = elementsAt(element, 'StsRsnInf').flatMap((one) => reasonOf(one) ?? [])[0];
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
  const groups = elementsAt(entry, 'NtryDtls');
  const details = groups.flatMap((one) => elementsAt(one, 'TxDtls'));
  return [
    ...details.flatMap((detail) => reportsOfDetail(entry, detail, details.length === 1)),
    ...groups.flatMap((group) => reportsOfBatch(entry, group, groups.length === 1)),
  ];
}

function reportsOfDetail(entry: XmlElement, detail: XmlElement, isOnly: boolean): Report[] {
  const id = elementsAt(detail, 'Refs').map((refs) => transferId(refs, ['EndToEndId', 'InstrId']))[0] ?? null;
  if (id === null) return [];
  const about = { what: 'transfer', id } as const;
  const own = elementAt(detail, 'Amt') ?? elementAt(detail, 'AmtDtls', 'TxAmt', 'Amt');
  const amount = amountOf(own ?? (isOnly ? elementAt(entry, 'Amt') : null));
  const isReversal = isTrue(textAt(entry, 'RvslInd'));
  const direction = textAt(detail, 'CdtDbtInd') ?? textAt(entry, 'CdtDbtInd');
  if (direction === 'DBIT') return isReversal ? [] : [{ about, outcome: 'paid', code: null, amount }];
  const returned = elementAt(detail, 'RtrInf');
  if (returned === null && !isReversal) return [];
  const code = returned === null ? null : reasonOf(returned);
  return [{ about, outcome: 'rejected', code: `returned_${code ?? 'by_the_bank'}`, amount }];
}

/** Booked as one sum without its transfers, as a batch booking may be: the sum tells whether it is all of them. */
function reportsOfBatch(entry: XmlElement, group: XmlElement, isOnly: boolean): Report[] {
  const batch = elementAt(group, 'Btch');
  if (batch === null || elementsAt(group, 'TxDtls').length > 0 || isTrue(textAt(entry, 'RvslInd'))) return [];
  const direction = textAt(batch, 'CdtDbtInd') ?? textAt(entry, 'CdtDbtInd');
  const amount = amountOf(elementAt(batch, 'TtlAmt') ?? (isOnly ? elementAt(entry, 'Amt') : null));
  if (direction !== 'DBIT' || amount === null) return [];
  const [payment, message] = [textAt(batch, 'PmtInfId'), textAt(batch, 'MsgId')];
  const id = payment ?? message;
  if (id === null) return [];
  return [{ about: { what: payment === null ? 'message' : 'payment', id }, outcome: 'paid', code: null, amount }];
}

/** Ours has the same id in both of its places; a bank may repeat only one. */
function transferId(element: XmlElement, names: readonly string[]): string | null {
  return names.flatMap((name) => textAt(element, name) ?? []).find((id) => id !== 'NOTPROVIDED') ?? null;
}

function reasonOf(element: XmlElement): string | null {
  return textAt(element, 'Rsn', 'Cd') ?? textAt(element, 'Rsn', 'Prtry');
}

/** XML Schema has two words for true. */
function isTrue(text: string | null): boolean {
  return text === 'true' || text === '1';
}

/** As XML Schema writes decimals: `.5`, `5.` and `+05` too. Throws for what is none, or less than nothing. */
function amountOf(element: XmlElement | null): Report['amount'] {
  if (element === null) return null;
  const { currency, text } = element;
  const match = /^\+?(\d{0,36})(?:\.(\d{0,36}))?$/.exec(text.trim());
  const [, whole = '', fraction = ''] = match ?? [];
  if (currency === null || whole + fraction === '') throw new BadFile('has an amount that is none');
  const exponent = currencyExponent(currency);
  if (exponent === undefined || /[1-9]/.test(fraction.slice(exponent))) return 'uncountable';
  return { minor: BigInt(whole + fraction.slice(0, exponent).padEnd(exponent, '0')), currency };
}

function required<T extends XmlElement | string>(found: T | null, name: string): T {
  if (found === null) throw new BadFile(`has no ${name}`);
  if (typeof found === 'string' && found.length > idLengthMax)
    throw new BadFile(`has a ${name} of more than ${idLengthMax} characters`);
  return found;
}
