// A part of a bank's file as evidence for a person: its elements as JSON, bounded, with account and card numbers masked.

import { maskedText } from '../../card-data/found.ts';
import type { XmlElement } from './read-xml.ts';

/** An entry has some fifty elements; a batch of a thousand is not read by anybody. */
const elementsMax = 200;
const textLengthMax = 500;

export function evidenceOf(element: XmlElement): unknown {
  let left = elementsMax;
  const read = ({ children, currency, text }: XmlElement): unknown => {
    left -= 1;
    if (children.length === 0) return masked(currency === null ? text.trim() : `${text.trim()} ${currency}`);
    const parts = new Map<string, unknown[]>();
    for (const child of children) {
      if (left <= 0) return { ...Object.fromEntries(parts), more: 'cut off here: the file has the rest' };
      parts.set(child.name, [...(parts.get(child.name) ?? []), read(child)]);
    }
    return Object.fromEntries([...parts].map(([name, all]) => [name, all.length === 1 ? all[0] : all]));
  };
  return { [element.name]: read(element) };
}

/** An account keeps its country and its last four signs; what may be a card's number, none of its digits. */
export function masked(text: string): string {
  const iban = /\b([A-Z]{2})\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?\b/g;
  // Masked before it is cut through the middle of a number.
  const accountsMasked = text.replaceAll(iban, (found, country: string) => `${country}**${found.slice(-4)}`);
  return maskedText('bank_file', accountsMasked).slice(0, textLengthMax);
}
