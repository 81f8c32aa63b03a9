// A bank's file as it is put away: card numbers in its free text are masked, and so is what an entry of a card payment says of the
// card. References, accounts and amounts stay as they are: one in ten long references would pass for a card's number, and a file
// that was set aside is read again. A file without any is put away byte by byte. In turns, since a file may have many megabytes.

import { isUtf8 } from 'node:buffer';
import { maskedText } from '../../card-data/found.ts';
import { Turns } from './turns.ts';

/** ISO 20022's names of what people write into: remittances, additional information, names and addresses. */
const freeText = /(<(?:\w+:)?(?:Ustrd|Addtl\w*Inf|Nm|AdrLine|StrtNm|Narrtv|Desc)(?:\s[^<>]*)?>)([^<]*)/g;
/** PlainCardData and its kin: number, code, track. */
const ofCards = /(<(?:\w+:)?(?:PAN|CSCVal|CSCd|TrckVal|TrckData|PrtctdCardData)(?:\s[^<>]*)?>)([^<]*)/g;
const [cdata, cdataEnd] = ['<![CDATA[', ']]>'];

/** Characters between two turns of the event loop: some milliseconds. */
const turnLength = 256 * 1024;

export async function maskedFile(content: Uint8Array): Promise<Uint8Array> {
  const encoding = isUtf8(content) ? 'utf8' : 'latin1';
  const text = Buffer.from(content).toString(encoding);
  const isMarkup = text.includes('<');
  const turns = new Turns();
  let masked = '';
  for (let from = 0; from < text.length; ) {
    const end = endOfTurn(text, from, isMarkup ? '</' : '\n');
    const part = text.slice(from, end);
    // No markup at all: nobody knows what is what in it.
    masked += isMarkup ? maskedMarkup(part) : maskedText('bank_file', part);
    from = end;
    if (turns.isOver()) await turns.next();
  }
  return masked === text ? content : Buffer.from(masked, encoding);
}

/** A file's name is its bank's to choose. */
export function maskedFileName(name: string): string {
  return maskedText('bank_file', name);
}

/** Where an element ends, or a line, and no CDATA is open. */
function endOfTurn(text: string, from: number, at: string): number {
  const end = text.indexOf(at, from + turnLength);
  if (end === -1) return text.length;
  const part = text.slice(from, end);
  if (part.lastIndexOf(cdata) <= part.lastIndexOf(cdataEnd)) return end;
  const closed = text.indexOf(cdataEnd, end);
  return closed === -1 ? text.length : closed + cdataEnd.length;
}

function maskedMarkup(part: string): string {
  return maskedCdata(part)
    .replace(freeText, (_, opening: string, inside: string) => opening + maskedText('bank_file', inside))
    .replace(ofCards, (_, opening: string, inside: string) => opening + inside.replace(/\d/g, '*'));
}

/** By hand: an expression would look for the end of each section that has none, to the end of the file. */
function maskedCdata(part: string): string {
  let masked = '';
  let done = 0;
  for (let at = part.indexOf(cdata); at !== -1; at = part.indexOf(cdata, done)) {
    const end = part.indexOf(cdataEnd, at);
    if (end === -1) break;
    masked += part.slice(done, at) + maskedText('bank_file', part.slice(at, end));
    done = end;
  }
  return masked + part.slice(done);
}
