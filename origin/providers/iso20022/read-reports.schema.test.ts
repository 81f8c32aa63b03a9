// Bank files as their official schemas allow them: each version, with whatever else is in them, is read for what it says of payments.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judged, schemaMessages } from '../../../scripts/iso20022/official-schema.ts';
import { type Planned, sampleBySchema } from '../../../scripts/iso20022/sample-by-schema.ts';
import { type BankFile, type Report, readBankFile } from './read-reports.ts';

const of = (text: string): Planned[] => [{ text }];
const optional = (text: string | null): Planned[] => (text === null ? [] : of(text));
const within = (children: Readonly<Record<string, readonly Planned[]>>): Planned[] => [{ children }];

const id = fc.stringMatching(/^stl[A-Za-z0-9-]{1,32}$/);
const flag = fc.constantFrom(null, 'true', '1', 'false', '0');
const direction = fc.constantFrom('DBIT' as const, 'CRDT' as const);
/** As a bank writes it, and what it comes to. */
const sum = fc.constantFrom<{ text: string; currency: string; amount: Report['amount'] }>(
  { text: '123.45', currency: 'EUR', amount: { minor: 12_345n, currency: 'EUR' } },
  { text: '.5', currency: 'EUR', amount: { minor: 50n, currency: 'EUR' } },
  { text: '+007.', currency: 'EUR', amount: { minor: 700n, currency: 'EUR' } },
  { text: '1.001', currency: 'KWD', amount: { minor: 1_001n, currency: 'KWD' } },
  { text: '500.00', currency: 'JPY', amount: { minor: 500n, currency: 'JPY' } },
  { text: '1.001', currency: 'EUR', amount: 'uncountable' },
  { text: '2', currency: 'XAU', amount: 'uncountable' },
);
type Sum = typeof sum extends fc.Arbitrary<infer T> ? T : never;
/** A reason with a code of the list, with the bank's own, or none. */
const reason = fc.constantFrom(null, 'Cd:AC04', 'Cd:MS03', 'Prtry:closed long ago');
const reasonIn = (given: string | null): Planned[] => {
  const [name = '', text = ''] = given?.split(':') ?? [];
  return within({ Rsn: given === null ? [] : within({ [name]: of(text) }) });
};

/** A bank names ours in both places, in one of them, or says in one that it has none. */
const references = fc.oneof(
  id.map((own) => ({ names: [own, own], meant: own })),
  id.map((own) => ({ names: [own, null], meant: own })),
  id.map((own) => ({ names: [null, own], meant: own })),
  id.map((own) => ({ names: ['NOTPROVIDED', own], meant: own })),
);

function read(message: string, plan: Readonly<Record<string, readonly Planned[]>>, seed: number): BankFile {
  const root = message.startsWith('pain.002') ? 'CstmrPmtStsRpt' : 'BkToCstmrStmt';
  const GrpHdr = within({ MsgId: of('BANK1') });
  return readBankFile(Buffer.from(judged(sampleBySchema(message, { [root]: within({ GrpHdr, ...plan }) }, seed))));
}

describe.each(schemaMessages.filter((message) => message.startsWith('pain.002')))('%s', (message) => {
  const codes = ['ACSC', 'RJCT', 'ACSP', 'ACCP', 'ACTC', 'PDNG', 'ACWC'];
  const status = fc.constantFrom(null, ...codes, ...(message.endsWith('03') ? [] : ['ACCC', 'CANC', 'RCVD']));
  const said = fc.record({ status, reasons: fc.array(reason, { maxLength: 3 }) });
  type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;
  const transfer = fc.record({ said, references, sum: fc.option(sum), isEquivalent: fc.boolean() });
  const payment = fc.record({ id, said, transfers: fc.array(transfer, { maxLength: 3 }) });

  function expected({ status, reasons }: Said, about: Report['about'], hasParts: boolean): Report[] {
    const found = reasons.find((one) => one !== null)?.replace(/^\w+:/, '');
    if (status === 'RJCT' || status === 'CANC')
      return [{ about, outcome: 'rejected', code: found ?? status, amount: null }];
    const isPaid = (status === 'ACSC' || status === 'ACCC') && !hasParts;
    return isPaid ? [{ about, outcome: 'paid', code: null, amount: null }] : [];
  }

  const original = (sum: Sum | null, isEquivalent: boolean): Planned[] => {
    if (sum === null) return within({ Amt: isEquivalent ? within({ EqvtAmt: within({}) }) : [] });
    return within({ Amt: within({ InstdAmt: [{ text: sum.text, currency: sum.currency }] }) });
  };

  test('the status of a file, of its payments and of their transfers', () => {
    fc.assert(
      fc.property(id, said, fc.array(payment, { maxLength: 3 }), fc.nat(), (of_, group, payments, seed) => {
        const file = read(
          message,
          {
            OrgnlGrpInfAndSts: within({
              OrgnlMsgId: of(of_),
              GrpSts: optional(group.status),
              StsRsnInf: group.reasons.flatMap(reasonIn),
            }),
            OrgnlPmtInfAndSts: payments.flatMap((one) =>
              within({
                OrgnlPmtInfId: of(one.id),
                PmtInfSts: optional(one.said.status),
                StsRsnInf: one.said.reasons.flatMap(reasonIn),
                TxInfAndSts: one.transfers.flatMap(({ said, references: { names }, sum, isEquivalent }) =>
                  within({
                    OrgnlEndToEndId: optional(names[0] ?? null),
                    OrgnlInstrId: optional(names[1] ?? null),
                    TxSts: optional(said.status),
                    StsRsnInf: said.reasons.flatMap(reasonIn),
                    OrgnlTxRef: original(sum, isEquivalent),
                  }),
                ),
              }),
            ),
          },
          seed,
        );
        expect(file).toEqual({
          kind: 'pain.002',
          message_id: 'BANK1',
          reports: [
            ...expected(group, { what: 'message', id: of_ }, payments.length > 0),
            ...payments.flatMap((one) => [
              ...expected(one.said, { what: 'payment', id: one.id }, one.transfers.length > 0),
              ...one.transfers.flatMap(({ said, references: { meant }, sum }) =>
                expected(said, { what: 'transfer', id: meant }, false).map((report) => ({
                  ...report,
                  amount: sum?.amount ?? null,
                })),
              ),
            ]),
          ],
        });
      }),
    );
  });

  test('a transfer that is not named is refused with its reason', () => {
    const TxInfAndSts = within({ OrgnlEndToEndId: [], OrgnlInstrId: [], TxSts: of('ACSC') });
    const plan = { OrgnlPmtInfAndSts: within({ TxInfAndSts }) };
    expect(() => read(message, plan, 1)).toThrow('has no OrgnlEndToEndId and no OrgnlInstrId');
  });
});

describe.each(schemaMessages.filter((message) => message.startsWith('camt.053')))('%s', (message) => {
  const version = message.slice(-2);
  const hasPlainStatus = version < '07';
  /** Version 02 has no amount and no direction of a detail of its own; up to 06 the others must have both. */
  const details = version === '02' ? 'in_part' : version < '07' ? 'must' : 'may';
  const detail = fc.record({
    references: fc.oneof(
      references,
      fc.constantFrom({ names: [null, null], meant: null }, { names: ['NOTPROVIDED', null], meant: null }),
    ),
    sum: details === 'must' ? sum : fc.option(sum),
    direction: details === 'must' ? direction : details === 'may' ? fc.option(direction) : fc.constant(null),
    returned: fc.option(reason, { nil: undefined }),
  });
  type Detail = typeof detail extends fc.Arbitrary<infer T> ? T : never;
  const batch = fc.record({
    payment: fc.option(id),
    message: fc.option(id),
    direction: fc.option(direction),
    sum: fc.option(sum),
  });
  const group = fc.record({ details: fc.array(detail, { maxLength: 3 }), batch: fc.option(batch) });
  const status = fc.constantFrom('BOOK', 'PDNG', 'INFO', ...(hasPlainStatus ? [] : ['FUTR', 'own']));
  const entry = fc.record({ status, direction, reversal: flag, sum, groups: fc.array(group, { maxLength: 3 }) });
  type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

  const amountOf = ({ text, currency }: Sum): Planned => ({ text, currency });
  const planOfDetail = ({ references: { names }, sum, direction, returned }: Detail): Planned[] => {
    const amount = sum === null ? [] : [amountOf(sum)];
    return within({
      Refs: within({ EndToEndId: optional(names[0] ?? null), InstrId: optional(names[1] ?? null) }),
      Amt: details === 'in_part' ? [] : amount,
      AmtDtls: details === 'in_part' && sum !== null ? within({ TxAmt: within({ Amt: amount }) }) : [],
      CdtDbtInd: optional(direction),
      RtrInf: returned === undefined ? [] : reasonIn(returned),
    });
  };
  const planOf = ({ status, direction, reversal, sum, groups }: Entry): Planned[] =>
    within({
      Amt: [amountOf(sum)],
      CdtDbtInd: of(direction),
      RvslInd: optional(reversal),
      Sts: hasPlainStatus ? of(status) : within({ [status === 'own' ? 'Prtry' : 'Cd']: of(status) }),
      NtryDtls: groups.flatMap(({ batch, details }) =>
        within({
          Btch:
            batch === null
              ? []
              : within({
                  PmtInfId: optional(batch.payment),
                  MsgId: optional(batch.message),
                  CdtDbtInd: optional(batch.direction),
                  TtlAmt: batch.sum === null ? [] : [amountOf(batch.sum)],
                }),
          TxDtls: details.flatMap(planOfDetail),
        }),
      ),
    });

  function expected({ status, direction, reversal, sum, groups }: Entry): Report[] {
    if (status !== 'BOOK') return [];
    const isReversal = reversal === 'true' || reversal === '1';
    const all = groups.flatMap(({ details }) => details);
    const ofDetails = all.flatMap((one): Report[] => {
      if (one.references.meant === null) return [];
      const about = { what: 'transfer', id: one.references.meant } as const;
      const amount = (one.sum ?? (all.length === 1 ? sum : null))?.amount ?? null;
      if ((one.direction ?? direction) === 'DBIT')
        return isReversal ? [] : [{ about, outcome: 'paid', code: null, amount }];
      if (one.returned === undefined && !isReversal) return [];
      const code = `returned_${one.returned?.replace(/^\w+:/, '') ?? 'by_the_bank'}`;
      return [{ about, outcome: 'rejected', code, amount }];
    });
    const ofBatches = groups.flatMap(({ details, batch }): Report[] => {
      const amount = (batch?.sum ?? (groups.length === 1 ? sum : null))?.amount ?? null;
      const id = batch?.payment ?? batch?.message ?? null;
      if (isReversal || details.length > 0 || id === null || amount === null) return [];
      const what = batch?.payment === null ? 'message' : 'payment';
      return (batch?.direction ?? direction) === 'DBIT'
        ? [{ about: { what, id }, outcome: 'paid', code: null, amount }]
        : [];
    });
    return [...ofDetails, ...ofBatches];
  }

  test('statements and their entries: booked or not, alone and in batches, paid and come back', () => {
    const statements = fc.array(fc.array(entry, { maxLength: 4 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(statements, fc.nat(), (all, seed) => {
        const file = read(message, { Stmt: all.flatMap((entries) => within({ Ntry: entries.flatMap(planOf) })) }, seed);
        expect(file).toEqual({ kind: 'camt.053', message_id: 'BANK1', reports: all.flat().flatMap(expected) });
      }),
    );
  });
});
