// A bank's files for tests, as it writes them: each one that its official schema allows.

import { ourAccounts } from '../../origin/testing/sample-bank.ts';
import { judged } from './official-schema.ts';

export interface TransferStatus {
  readonly id: string;
  readonly status: string;
  readonly reason?: string;
  readonly amount?: string;
  readonly currency?: string;
}

export interface StatusReport {
  readonly id?: string;
  readonly of: string;
  readonly group?: string;
  readonly payment?: { readonly id: string; readonly status?: string; readonly transfers?: readonly TransferStatus[] };
  readonly version?: string;
}

const reasonOf = (reason: string | undefined) =>
  reason === undefined ? '' : `<StsRsnInf><Rsn><Cd>${reason}</Cd></Rsn></StsRsnInf>`;

export function statusReport({ id = 'BANK1', of, group, payment, version = '10' }: StatusReport): string {
  const transfers = (payment?.transfers ?? []).map(
    ({ id: endToEnd, status, reason, amount, currency = 'EUR' }) =>
      `<TxInfAndSts><OrgnlEndToEndId>${endToEnd}</OrgnlEndToEndId><TxSts>${status}</TxSts>${reasonOf(reason)}${
        amount === undefined
          ? ''
          : `<OrgnlTxRef><Amt><InstdAmt Ccy="${currency}">${amount}</InstdAmt></Amt></OrgnlTxRef>`
      }</TxInfAndSts>`,
  );
  const status = payment?.status === undefined ? '' : `<PmtInfSts>${payment.status}</PmtInfSts>`;
  const payments =
    payment === undefined
      ? ''
      : `<OrgnlPmtInfAndSts><OrgnlPmtInfId>${payment.id}</OrgnlPmtInfId>${status}${transfers.join('')}</OrgnlPmtInfAndSts>`;
  return judged(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.${version}"><CstmrPmtStsRpt>
  <GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm></GrpHdr>
  <OrgnlGrpInfAndSts><OrgnlMsgId>${of}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${
    group === undefined ? '' : `<GrpSts>${group}</GrpSts>`
  }</OrgnlGrpInfAndSts>${payments}
</CstmrPmtStsRpt></Document>`);
}

export interface Entry {
  /** Without: an entry of which the bank names no reference. */
  readonly id?: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly direction?: 'DBIT' | 'CRDT';
  readonly status?: string;
  readonly returned?: string;
  readonly reversal?: boolean;
  /** Booked as one sum: the bank names the payment, and none of its transfers. */
  readonly batch?: string;
}

const balance = `<Bal><Tp><CdOrPrtry><Cd>CLBD</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">1000.00</Amt><CdtDbtInd>CRDT</CdtDbtInd>
      <Dt><Dt>2026-11-21</Dt></Dt></Bal>`;

export function statement(entries: readonly Entry[], { id = 'STMT1', version = '08' } = {}): string {
  // From 07 on a status is a code or the bank's own word.
  const hasPlainStatus = version < '07';
  // From 03 to 06 the details of an entry repeat its amount and direction.
  const repeats = hasPlainStatus && version > '02';
  const account = `<Acct><Id><IBAN>${ourAccounts['EUR']?.iban}</IBAN></Id></Acct>`;
  const texts = entries.map(
    ({
      id: endToEnd,
      amount = '123.45',
      currency = 'EUR',
      direction = 'DBIT',
      status = 'BOOK',
      returned,
      reversal,
      batch,
    }) => `
    <Ntry><Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${direction}</CdtDbtInd>${reversal ? '<RvslInd>true</RvslInd>' : ''}
      <Sts>${hasPlainStatus ? status : `<Cd>${status}</Cd>`}</Sts><BkTxCd><Prtry><Cd>NTRF</Cd></Prtry></BkTxCd>
      <NtryDtls>${batch === undefined ? '<TxDtls>' : `<Btch><PmtInfId>${batch}</PmtInfId></Btch>`}${endToEnd === undefined ? '' : `<Refs><EndToEndId>${endToEnd}</EndToEndId></Refs>`}${
        repeats ? `<Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${direction}</CdtDbtInd>` : ''
      }${returned === undefined ? '' : `<RtrInf><Rsn><Cd>${returned}</Cd></Rsn></RtrInf>`}${batch === undefined ? '</TxDtls>' : ''}</NtryDtls></Ntry>`,
  );
  return judged(`<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt>
  <GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm></GrpHdr>
  <Stmt><Id>1</Id><CreDtTm>2026-11-21T10:00:00Z</CreDtTm>${account}${balance}${texts.join('')}</Stmt>
</BkToCstmrStmt></Document>`);
}
