// The bank's side for tests: our accounts, and its files as it writes them. Not used by the service.

import type { BankAccount } from './bank-account.ts';

export const ourAccounts: Readonly<Record<string, BankAccount>> = {
  EUR: { name: 'Atlas GmbH', iban: 'DE89370400440532013000', bic: 'COBADEFFXXX' },
  CHF: { name: 'Atlas GmbH', iban: 'CH9300762011623852957', bic: 'UBSWCHZH80A' },
  KWD: { name: 'Atlas GmbH', iban: 'KW81CBKU0000000000001234560101', bic: 'CBKUKWKW' },
};

export const merchantAccount: BankAccount = {
  name: 'Café Müller & Söhne',
  iban: 'FR1420041010050500013M02606',
  bic: 'PSSTFRPP',
};

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
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:pain.002.001.${version}"><CstmrPmtStsRpt>
  <GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm></GrpHdr>
  <OrgnlGrpInfAndSts><OrgnlMsgId>${of}</OrgnlMsgId><OrgnlMsgNmId>pain.001.001.09</OrgnlMsgNmId>${
    group === undefined ? '' : `<GrpSts>${group}</GrpSts>`
  }</OrgnlGrpInfAndSts>${payments}
</CstmrPmtStsRpt></Document>`;
}

export interface Entry {
  readonly id: string;
  readonly amount?: string;
  readonly currency?: string;
  readonly direction?: 'DBIT' | 'CRDT';
  readonly status?: string;
  readonly returned?: string;
  readonly reversal?: boolean;
}

export function statement(entries: readonly Entry[], { id = 'STMT1', version = '08' } = {}): string {
  const texts = entries.map(
    ({
      id: endToEnd,
      amount = '123.45',
      currency = 'EUR',
      direction = 'DBIT',
      status = 'BOOK',
      returned,
      reversal,
    }) => `
    <Ntry><Amt Ccy="${currency}">${amount}</Amt><CdtDbtInd>${direction}</CdtDbtInd>${reversal ? '<RvslInd>true</RvslInd>' : ''}
      <Sts>${version === '02' ? status : `<Cd>${status}</Cd>`}</Sts>
      <NtryDtls><TxDtls><Refs><EndToEndId>${endToEnd}</EndToEndId></Refs>${
        returned === undefined ? '' : `<RtrInf><Rsn><Cd>${returned}</Cd></Rsn></RtrInf>`
      }</TxDtls></NtryDtls></Ntry>`,
  );
  return `<?xml version="1.0" encoding="UTF-8"?>
<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.${version}"><BkToCstmrStmt>
  <GrpHdr><MsgId>${id}</MsgId><CreDtTm>2026-11-21T10:00:00Z</CreDtTm></GrpHdr>
  <Stmt><Id>1</Id>${texts.join('')}</Stmt></BkToCstmrStmt></Document>`;
}
