// How banks mark that a payment of ours came back. One of these and the direction together make a return; the direction alone does not.

import { elementAt, elementsAt, textAt, within, type XmlElement } from './read-xml.ts';

/** ISO 20022 external bank transaction codes: return of a payment, reversal after a cancellation request. */
const returnSubFamilies = new Set(['RRTN', 'RPCR']);
/** Families of payments that we issue (credit transfers, instant ones): a credit among them undoes one. */
const issuedFamilies = new Set(['ICDT', 'IRCT']);
/** Proprietary: SWIFT's NRTI (returned item), Germany's business transaction codes 159 and 160 (credit transfer returned). */
const proprietary = /(?:^|[^A-Z0-9])(?:N?RTI|RRTN|159|160)(?![A-Z0-9])/i;

/**
 * The reason that the bank gives, `by_the_bank` where it gives none; null where nothing marks a return.
 * `transaction`: with all that is within it. `entry`: only its own fields count.
 */
export function returnCodeOf(transaction: XmlElement, entry: XmlElement, isCredit: boolean): string | null {
  const information = within(transaction).find(({ name }) => name === 'RtrInf') ?? null;
  if (information !== null) return reasonIn(information) ?? 'by_the_bank';
  const codes = [transaction, entry].flatMap((element) => elementsAt(element, 'BkTxCd'));
  for (const code of codes) {
    const family = elementAt(code, 'Domn', 'Fmly');
    const subFamily = family === null ? null : textAt(family, 'SubFmlyCd');
    if (subFamily !== null && returnSubFamilies.has(subFamily)) return subFamily;
    if (isCredit && family !== null && issuedFamilies.has(textAt(family, 'Cd') ?? '')) return 'by_the_bank';
    if (proprietary.test(textAt(code, 'Prtry', 'Cd') ?? '')) return 'by_the_bank';
  }
  return null;
}

/** The reason of a return or a rejection: a code of ISO 20022's list, or the bank's own. */
export function reasonIn(element: XmlElement): string | null {
  return textAt(element, 'Rsn', 'Cd') ?? textAt(element, 'Rsn', 'Prtry');
}
