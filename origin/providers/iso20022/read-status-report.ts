// A payment status report (pain.002): what the bank says of a file of ours, of a currency in it, and of single transfers.
// Versions 001.03 to .14, the German 002.03 and 003.03 and the Swiss ones have these fields alike.

import type { PaymentStatus } from './bank-file.ts';
import { namedIds, namesAnything } from './named-ids.ts';
import { amountOf } from './read-amounts.ts';
import { elementAt, elementsAt, textAt, type XmlElement } from './read-xml.ts';
import { reasonIn } from './return-marks.ts';

/** Settled on our account, or on the creditor's. */
const paid = new Set(['ACSC', 'ACCC']);
const rejected = new Set(['RJCT', 'CANC']);
/**
 * Accepted so far, and may still be rejected; or a whole whose parts speak for themselves. Not BLCK: a blocked payment is neither
 * credited nor sent back, for as long as nobody asks.
 */
const notFinal = new Set(['ACCP', 'ACTC', 'ACSP', 'ACWC', 'ACWP', 'ACFC', 'ACPT', 'PDNG', 'RCVD', 'PART', 'PATC']);

/** All that it says for good; what may still change is left out. */
export function readStatusReport(report: XmlElement): PaymentStatus[] {
  const payments = elementsAt(report, 'OrgnlPmtInfAndSts');
  const originals = elementsAt(report, 'OrgnlGrpInfAndSts');
  const ofAll = originals.flatMap((original) => textAt(original, 'GrpSts') ?? [])[0] ?? null;
  return [
    ...originals.flatMap((original) =>
      statusOf(original, {
        about: 'message',
        field: 'GrpSts',
        otherwise: null,
        names: ['OrgnlMsgId'],
        hasParts: payments.length > 0,
      }),
    ),
    ...payments.flatMap((payment) => {
      const transfers = elementsAt(payment, 'TxInfAndSts');
      const about = { about: 'payment', field: 'PmtInfSts', otherwise: null, names: ['OrgnlPmtInfId'] } as const;
      return [
        ...statusOf(payment, { ...about, hasParts: transfers.length > 0 }),
        ...transfers.flatMap((transfer) => statusOfTransfer(transfer, textAt(payment, 'PmtInfSts') ?? ofAll)),
      ];
    }),
    ...elementsAt(report, 'TxInfAndSts').flatMap((transfer) => statusOfTransfer(transfer, ofAll)),
  ];
}

/** `ofWhole`: the status of what it is a part of, which is its own where it has none. A rejection of the whole is told already. */
function statusOfTransfer(transfer: XmlElement, ofWhole: string | null): PaymentStatus[] {
  if (textAt(transfer, 'TxSts') === null && ofWhole !== null && rejected.has(ofWhole)) return [];
  const names = ['OrgnlEndToEndId', 'OrgnlInstrId', 'OrgnlTxId'];
  return statusOf(transfer, {
    about: 'transfer',
    field: 'TxSts',
    otherwise: ofWhole ?? 'none',
    names,
    hasParts: false,
  }).map((status) => ({
    ...status,
    amount: amountOf(elementAt(transfer, 'OrgnlTxRef', 'Amt', 'InstdAmt')),
  }));
}

interface Reading {
  readonly about: PaymentStatus['about'];
  readonly field: string;
  /** The status where it has none of its own; null: then it says nothing. */
  readonly otherwise: string | null;
  readonly names: readonly string[];
  /** A good word about a whole is left to its parts; a rejection of the whole holds for all of them. */
  readonly hasParts: boolean;
}

function statusOf(element: XmlElement, { about, field, otherwise, names, hasParts }: Reading): PaymentStatus[] {
  const status = textAt(element, field) ?? otherwise;
  if (status === null || notFinal.has(status)) return [];
  const outcome = paid.has(status) ? 'paid' : rejected.has(status) ? 'rejected' : 'unclear';
  if (outcome === 'paid' && hasParts) return [];
  // Each may only name its originator: the first that gives a reason counts.
  const reason = elementsAt(element, 'StsRsnInf').flatMap((one) => reasonIn(one) ?? [])[0];
  const named = names.flatMap((name) => textAt(element, name) ?? []);
  return [
    {
      ...{ about, outcome, amount: null, element },
      ids: idsOf(element, about, names),
      named: named.find((name) => name !== 'NOTPROVIDED')?.slice(0, 80) ?? null,
      // Of a status that a person has to read, the status comes first: "BLCK, AC04".
      code: (outcome === 'unclear' && reason !== undefined ? `${status}, ${reason}` : (reason ?? status)).slice(0, 80),
    },
  ];
}

/** Of a whole, only its own name: what is within it speaks for itself. */
function idsOf(element: XmlElement, about: PaymentStatus['about'], names: readonly string[]) {
  const own = namedIds(names.flatMap((name) => elementsAt(element, name)));
  return about === 'transfer' && !namesAnything(own) ? namedIds([element]) : own;
}
