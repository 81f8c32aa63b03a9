// A bank's file as it is put away: card numbers in its free text are masked, and so is what an entry of a card payment says of the
// card. References, accounts and amounts stay as they are: one in ten long references would pass for a card's number, and a file
// that was set aside is read again. A file without any is put away byte by byte. In turns, since a file may have many megabytes.

import { isUtf8 } from 'node:buffer';
import { setImmediate } from 'node:timers/promises';
import { maskedText } from '../../card-data/found.ts';

/** ISO 20022's names of what people write into: remittances, additional information, names and addresses. */
const freeText = /(<(?:\w+:)?(?:Ustrd|Addtl\w*Inf|Nm|AdrLine|StrtNm|Narrtv|Desc)(?:\s[^>]*)?>)([^<]*)/g;
/** PlainCardData and its kin: number, code, track. */
const ofCards = /(<(?:\w+:)?(?:PAN|CSCVal|CSCd|TrckVal|TrckData|PrtctdCardData)(?:\s[^>]*)?>)([^<]*)/g;
const cdata = /(<!\[CDATA\[)([\s\S]*?)(?=\]\]>)/g;

/** Characters between two turns of the event loop: some milliseconds. */
const turnLength = 256 * 1024;

export async function maskedFile(content: Uint8Array): Promise<Uint8Array> {
  const encoding = isUtf8(content) ? 'utf8' : 'latin1';
  const text = Buffer.from(content).toString(encoding);
  let masked = '';
  for (let from = 0; from < text.length; ) {
    const end = endOfTurn(text, from);
    masked += maskedPart(text.slice(from, end), text.includes('<'));
    from = end;
    if (from < text.length) await setImmediate();
  }
  return masked === text ? content : Buffer.from(masked, encoding);
}

/** A file's name is its bank's to choose. */
export function maskedFileName(name: string): string {
  return maskedText('bank_file', name);
}

/** Where an element ends, and no CDATA is open. */
function endOfTurn(text: string, from: number): number {
  const end = text.indexOf('</', from + turnLength);
  if (end === -1) return text.length;
  const open = text.lastIndexOf('<![CDATA[', end);
  if (open < from || text.lastIndexOf(']]>', end) > open) return end;
  const closed = text.indexOf(']]>', end);
  return closed === -1 ? text.length : closed + 3;
}

function maskedPart(part: string, isMarkup: boolean): string {
  // No markup at all: nobody knows what is what in it.
  if (!isMarkup) return maskedText('bank_file', part);
  const mask = (_: string, opening: string, inside: string) => opening + maskedText('bank_file', inside);
  return part
    .replace(freeText, mask)
    .replace(cdata, mask)
    .replace(ofCards, (_, opening: string, inside: string) => opening + inside.replace(/\d/g, '*'));
}
