// Bank files as their official schemas allow them: each version, with whatever else is in them, is read for what it says of payments.

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { judged, schemaMessages } from '../../../scripts/iso20022/official-schema.ts';
import { type Planned, sampleBySchema } from '../../../scripts/iso20022/sample-by-schema.ts';
import type { Amount, BankMessage } from './bank-file.ts';
import { readBankFile } from './read-bank-file.ts';

const of = (text: string): Planned[] => [{ text }];
const optional = (text: string | null): Planned[] => (text === null ? [] : of(text));
const within = (children: Readonly<Record<string, readonly Planned[]>>): Planned[] => [{ children }];

const id = fc.stringMatching(/^stl[0-9a-hjkmnp-tv-z]{26}-[1-9]$/);
const digest = fc.stringMatching(/^ATM[0-9A-F]{28}$/);
const flag = fc.constantFrom(null, 'true', '1', 'false', '0');
const direction = fc.constantFrom('DBIT' as const, 'CRDT' as const);
const directions = { DBIT: 'debit', CRDT: 'credit' } as const;
/** As a bank writes it, and what it comes to. */
const sum = fc.constantFrom<{ text: string; currency: string; amount: Amount }>(
  { text: '123.45', currency: 'EUR', amount: { minor: 12_345n, currency: 'EUR' } },
  { text: '.5', currency: 'EUR', amount: { minor: 50n, currency: 'EUR' } },
  { text: '+007.', currency: 'EUR', amount: { minor: 700n, currency: 'EUR' } },
  { text: '1.001', currency: 'KWD', amount: { minor: 1_001n, currency: 'KWD' } },
  { text: '500.00', currency: 'JPY', amount: { minor: 500n, currency: 'JPY' } },
  { text: '1.001', currency: 'EUR', amount: 'unreadable' },
  { text: '2', currency: 'XAU', amount: 'unreadable' },
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

async function read(
  message: string,
  plan: Readonly<Record<string, readonly Planned[]>>,
  seed: number,
): Promise<BankMessage> {
  const root = message.startsWith('pain.002') ? 'CstmrPmtStsRpt' : 'BkToCstmrStmt';
  const GrpHdr = within({ MsgId: of('BANK1') });
  const text = judged(sampleBySchema(message, { [root]: within({ GrpHdr, ...plan }) }, seed));
  const [found] = await readBankFile(Buffer.from(text));
  if (found === undefined) throw new Error('no message');
  return found;
}

describe.each(schemaMessages.filter((message) => message.startsWith('pain.002')))('%s', (message) => {
  const codes = ['ACSC', 'RJCT', 'ACSP', 'ACCP', 'ACTC', 'PDNG', 'ACWC'];
  const status = fc.constantFrom(null, ...codes, ...(message.endsWith('03') ? [] : ['ACCC', 'CANC', 'RCVD']));
  const said = fc.record({ status, reasons: fc.array(reason, { maxLength: 3 }) });
  type Said = typeof said extends fc.Arbitrary<infer T> ? T : never;
  const transfer = fc.record({ said, references, sum: fc.option(sum), isEquivalent: fc.boolean() });
  const payment = fc.record({
    id: digest.map((one) => `${one}-EUR`),
    said,
    transfers: fc.array(transfer, { maxLength: 3 }),
  });
  type About = { about: string; id: string; amount?: Amount | null };

  function expected({ status, reasons }: Said, { about, id, amount = null }: About, hasParts: boolean): object[] {
    const found = reasons.find((one) => one !== null)?.replace(/^\w+:/, '');
    const common = { about, amount, ids: { references: [expect.objectContaining({ id })], mentions: [] } };
    if (status === 'RJCT' || status === 'CANC') return [{ ...common, outcome: 'rejected', code: found ?? status }];
    const isPaid = (status === 'ACSC' || status === 'ACCC') && !hasParts;
    return isPaid ? [{ ...common, outcome: 'paid' }] : [];
  }

  const original = (sum: Sum | null, isEquivalent: boolean): Planned[] => {
    if (sum === null) return within({ Amt: isEquivalent ? within({ EqvtAmt: within({}) }) : [] });
    return within({ Amt: within({ InstdAmt: [{ text: sum.text, currency: sum.currency }] }) });
  };

  test('the status of a file, of its payments and of their transfers', async () => {
    await fc.assert(
      fc.asyncProperty(
        digest,
        said,
        fc.array(payment, { maxLength: 3 }),
        fc.nat(),
        async (of_, group, payments, seed) => {
          const file = await read(
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
          expect(file).toMatchObject({ kind: 'pain.002', message_id: 'BANK1', entries: [] });
          expect(file.statuses).toMatchObject([
            ...expected(group, { about: 'message', id: of_ }, payments.length > 0),
            ...payments.flatMap((one) => [
              ...expected(one.said, { about: 'payment', id: one.id }, one.transfers.length > 0),
              ...one.transfers.flatMap(({ said, references: { meant }, sum }) => {
                const about = { about: 'transfer', id: meant, amount: sum?.amount ?? null };
                const ofWhole = one.said.status ?? group.status;
                // Without a status of its own it has that of the whole, whose rejection is told already.
                if (said.status !== null) return expected(said, about, false);
                if (ofWhole === null) return [{ about: 'transfer', outcome: 'unclear' }];
                return ofWhole === 'RJCT' || ofWhole === 'CANC'
                  ? []
                  : expected({ ...said, status: ofWhole }, about, false);
              }),
            ]),
          ]);
        },
      ),
    );
  });

  test('a transfer that is not named is read, as nobody of ours', async () => {
    const TxInfAndSts = within({ OrgnlEndToEndId: [], OrgnlInstrId: [], TxSts: of('ACSC'), OrgnlTxRef: [] });
    const { statuses } = await read(message, { OrgnlPmtInfAndSts: within({ TxInfAndSts }) }, 1);
    expect(statuses.filter(({ about }) => about === 'transfer')).toMatchObject([
      { ids: { references: [] }, named: null },
    ]);
  });
});

describe.each(schemaMessages.filter((message) => message.startsWith('camt.053')))('%s', (message) => {
  const version = message.slice(-2);
  const hasPlainStatus = version < '07';
  /** Version 02 has no amount and no direction of a detail of its own; up to 06 the others must have both. */
  const details = version === '02' ? 'in_part' : version < '07' ? 'must' : 'may';
  const detail = fc.record({
    references,
    sum: details === 'must' ? sum : fc.option(sum),
    direction: details === 'must' ? direction : details === 'may' ? fc.option(direction) : fc.constant(null),
    returned: fc.option(reason, { nil: undefined }),
  });
  type Detail = typeof detail extends fc.Arbitrary<infer T> ? T : never;
  const status = fc.constantFrom('BOOK', 'PDNG', 'INFO', ...(hasPlainStatus ? [] : ['FUTR', 'own']));
  const entry = fc.record({
    status,
    direction,
    reversal: flag,
    sum,
    groups: fc.array(fc.array(detail, { maxLength: 3 }), { maxLength: 3 }),
  });
  type Entry = typeof entry extends fc.Arbitrary<infer T> ? T : never;

  const planOfDetail = ({ references: { names }, sum, direction, returned }: Detail): Planned[] => {
    const amount = sum === null ? [] : [{ text: sum.text, currency: sum.currency }];
    return within({
      Refs: within({ EndToEndId: optional(names[0] ?? null), InstrId: optional(names[1] ?? null) }),
      Amt: details === 'in_part' ? [] : amount,
      AmtDtls:
        details === 'in_part' && sum !== null
          ? within({
              InstdAmt: [],
              TxAmt: within({ Amt: amount, CcyXchg: [] }),
              CntrValAmt: [],
              AnncdPstngAmt: [],
              PrtryAmt: [],
            })
          : [],
      CdtDbtInd: optional(direction),
      RtrInf: returned === undefined ? [] : reasonIn(returned),
      BkTxCd: [],
      Chrgs: [],
    });
  };
  const planOf = ({ status, direction, reversal, sum, groups }: Entry): Planned[] =>
    within({
      Amt: [{ text: sum.text, currency: sum.currency }],
      CdtDbtInd: of(direction),
      RvslInd: optional(reversal),
      Sts: hasPlainStatus ? of(status) : within({ [status === 'own' ? 'Prtry' : 'Cd']: of(status) }),
      BkTxCd: within({}),
      AmtDtls: [],
      NtryDtls: groups.flatMap((group) => within({ Btch: [], TxDtls: group.flatMap(planOfDetail) })),
    });

  function expectedOf(entry: Entry): object {
    const { status, direction, reversal, sum, groups } = entry;
    const all = groups.flat();
    return {
      status: status === 'BOOK' ? 'booked' : status === 'own' ? 'unclear' : 'not_yet',
      amount: sum.amount,
      direction: directions[direction],
      transactions: all.length,
      bookings: all.map((one) => ({
        ids: { references: [expect.objectContaining({ id: one.references.meant })] },
        direction: directions[one.direction ?? direction],
        isReversal: reversal === 'true' || reversal === '1',
        amounts: amountsOf(one, entry, all.length === 1 && groups.length === 1),
        ...(one.returned === undefined ? {} : { return_code: one.returned?.replace(/^\w+:/, '') ?? 'by_the_bank' }),
      })),
    };
  }
  function amountsOf(one: Detail, entry: Entry, isOnly: boolean): object {
    const own = one.sum?.amount ?? null;
    const ofEntry = isOnly ? entry.sum.amount : null;
    if (details === 'in_part') return { booked: ofEntry, others: own === null ? [] : [own] };
    return { booked: own ?? ofEntry, others: own !== null && ofEntry !== null ? [ofEntry] : [] };
  }

  test('statements and their entries: booked or not, alone and together, in either direction', async () => {
    const statements = fc.array(fc.array(entry, { maxLength: 4 }), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(statements, fc.nat(), async (all, seed) => {
        const file = await read(
          message,
          { Stmt: all.flatMap((entries) => within({ Ntry: entries.flatMap(planOf) })) },
          seed,
        );
        expect(file).toMatchObject({ kind: 'camt.053', message_id: 'BANK1', statuses: [] });
        expect(file.entries).toMatchObject(all.flat().map(expectedOf));
      }),
    );
  });
});
