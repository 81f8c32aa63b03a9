// Entries of statements as banks write them, field by field, for tests: what a bank may send, in the schema's order. Not judged by a
// schema here: some of these are of versions whose schema is not at hand, and some are wrong on purpose.

import { ourAccounts } from '../../origin/testing/sample-bank.ts';

export interface Transaction {
  readonly endToEnd?: string;
  readonly instruction?: string;
  readonly transactionId?: string;
  readonly payment?: string;
  readonly servicer?: string;
  /** `123.45 EUR`. */
  readonly amount?: string;
  readonly direction?: string;
  readonly instructed?: string;
  readonly transactionAmount?: string;
  readonly charges?: string;
  /** `PMNT/ICDT/RRTN`. */
  readonly code?: string;
  readonly returned?: string;
  readonly remittance?: readonly string[];
  readonly text?: string;
  /** As it is, at the end. */
  readonly more?: string;
}

export interface StatementEntry {
  readonly reference?: string;
  readonly servicer?: string;
  readonly amount?: string;
  readonly direction?: string;
  readonly reversal?: boolean;
  readonly status?: string;
  readonly date?: string;
  readonly code?: string;
  /** A proprietary transaction code. */
  readonly ownCode?: string;
  readonly charges?: string;
  readonly instructed?: string;
  readonly batch?: { readonly payment?: string; readonly message?: string; readonly total?: string };
  readonly transactions?: readonly Transaction[];
  readonly text?: string;
}

export interface StatementOptions {
  readonly kind?: '052' | '053' | '054';
  readonly version?: string;
  readonly id?: string;
  readonly encoding?: string;
  readonly namespace?: string;
}

const roots = {
  '052': ['BkToCstmrAcctRpt', 'Rpt'],
  '053': ['BkToCstmrStmt', 'Stmt'],
  '054': ['BkToCstmrDbtCdtNtfctn', 'Ntfctn'],
} as const;

export function statementOf(entries: readonly StatementEntry[], options: StatementOptions = {}): string {
  const { kind = '053', version = '08', id = 'STMT1', encoding = 'UTF-8' } = options;
  const { namespace = `urn:iso:std:iso:20022:tech:xsd:camt.${kind}.001.${version}` } = options;
  const [root, part] = roots[kind];
  const at = '2026-11-21T10:00:00Z';
  const account = `<Acct><Id><IBAN>${ourAccounts['EUR']?.iban}</IBAN></Id></Acct>`;
  const balance =
    kind === '054'
      ? ''
      : '<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd><Dt><Dt>2026-11-21</Dt></Dt></Bal>';
  return `<?xml version="1.0" encoding="${encoding}"?>
<Document xmlns="${namespace}"><${root}><GrpHdr><MsgId>${id}</MsgId><CreDtTm>${at}</CreDtTm></GrpHdr>
<${part}><Id>1</Id><CreDtTm>${at}</CreDtTm>${account}${balance}
${entries.map((entry) => entryXml(entry, version)).join('\n')}
</${part}></${root}></Document>`;
}

function entryXml(entry: StatementEntry, version: string): string {
  const { amount = '123.45 EUR', direction = 'DBIT', status = 'BOOK', date, batch, transactions = [] } = entry;
  const hasPlainStatus = version < '07';
  const code = codeXml(entry.code) || `<BkTxCd><Prtry><Cd>${entry.ownCode ?? 'NTRF'}</Cd></Prtry></BkTxCd>`;
  const btch =
    batch &&
    `<Btch>${tag('MsgId', batch.message)}${tag('PmtInfId', batch.payment)}${money('TtlAmt', batch.total)}</Btch>`;
  const details = `${btch ?? ''}${transactions.map((one) => transactionXml(one, { amount, direction, version })).join('')}`;
  return `<Ntry>${tag('NtryRef', entry.reference)}${money('Amt', amount)}${tag('CdtDbtInd', direction)}${
    entry.reversal ? '<RvslInd>true</RvslInd>' : ''
  }<Sts>${hasPlainStatus ? status : tag('Cd', status)}</Sts>${date ? `<BookgDt><Dt>${date}</Dt></BookgDt>` : ''}${tag(
    'AcctSvcrRef',
    entry.servicer,
  )}${code}${amountDetails(entry.instructed, undefined)}${chargesXml(entry.charges, version)}${
    details === '' ? '' : `<NtryDtls>${details}</NtryDtls>`
  }${tag('AddtlNtryInf', entry.text)}</Ntry>`;
}

function transactionXml(one: Transaction, entry: { amount: string; direction: string; version: string }): string {
  const refs = [
    tag('AcctSvcrRef', one.servicer),
    tag('PmtInfId', one.payment),
    tag('InstrId', one.instruction),
    tag('EndToEndId', one.endToEnd),
    tag('TxId', one.transactionId),
  ].join('');
  // From 03 to 06 the details of an entry must repeat its amount and direction; 02 has no place for them.
  const { version } = entry;
  const mustRepeat = version > '02' && version < '07';
  const amount = version === '02' ? '' : money('Amt', one.amount ?? (mustRepeat ? entry.amount : undefined));
  const direction =
    version === '02' ? '' : tag('CdtDbtInd', one.direction ?? (mustRepeat ? entry.direction : undefined));
  const remittance = (one.remittance ?? []).map((line) => tag('Ustrd', line)).join('');
  const returned = one.returned === undefined ? '' : `<RtrInf><Rsn><Cd>${one.returned}</Cd></Rsn></RtrInf>`;
  return `<TxDtls>${refs === '' ? '' : `<Refs>${refs}</Refs>`}${amount}${direction}${amountDetails(one.instructed, one.transactionAmount)}${codeXml(
    one.code,
  )}${chargesXml(one.charges, version)}${remittance === '' ? '' : `<RmtInf>${remittance}</RmtInf>`}${returned}${tag('AddtlTxInf', one.text)}${
    one.more ?? ''
  }</TxDtls>`;
}

function tag(name: string, text: string | undefined): string {
  return text === undefined ? '' : `<${name}>${text}</${name}>`;
}

function money(name: string, text: string | undefined): string {
  const [amount, currency] = (text ?? '').split(' ');
  if (text === undefined) return '';
  return currency === undefined ? `<${name}>${amount}</${name}>` : `<${name} Ccy="${currency}">${amount}</${name}>`;
}

function amountDetails(instructed: string | undefined, transaction: string | undefined): string {
  const parts = [
    instructed === undefined ? '' : `<InstdAmt>${money('Amt', instructed)}</InstdAmt>`,
    transaction === undefined ? '' : `<TxAmt>${money('Amt', transaction)}</TxAmt>`,
  ].join('');
  return parts === '' ? '' : `<AmtDtls>${parts}</AmtDtls>`;
}

function codeXml(code: string | undefined): string {
  const [domain, family, subFamily] = (code ?? '').split('/');
  if (code === undefined) return '';
  return `<BkTxCd><Domn><Cd>${domain}</Cd><Fmly><Cd>${family}</Cd><SubFmlyCd>${subFamily}</SubFmlyCd></Fmly></Domn></BkTxCd>`;
}

function chargesXml(charges: string | undefined, version: string): string {
  if (charges === undefined) return '';
  const amount = money('Amt', charges);
  return version === '02'
    ? `<Chrgs>${amount}</Chrgs>`
    : `<Chrgs><Rcrd>${amount}<CdtDbtInd>DBIT</CdtDbtInd></Rcrd></Chrgs>`;
}
