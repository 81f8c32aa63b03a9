// A bank's file as it is put away: card numbers in its free text are masked, and so is what an entry of a card payment says of the
// card. References, accounts and amounts stay as they are: one in ten long references would pass for a card's number, and a file
// that was set aside is read again. A file without any is put away byte by byte. In turns, since a file may have many megabytes.

import { isUtf8 } from 'node:buffer';
import { holdsCardNumber } from '../../../contracts/card-numbers/card-numbers.ts';
import { maskedText } from '../../card-data/found.ts';
import { Turns } from './turns.ts';

/** ISO 20022's names of what people write into: remittances, additional information, names and addresses. */
const freeText = /(<(?:\w+:)?(?:Ustrd|Addtl\w*Inf|Nm|AdrLine|StrtNm|Narrtv|Desc)(?:\s[^<>]*)?>)([^<]*)/g;
/** PlainCardData and its kin: number, code, track. */
const ofCards = /(<(?:\w+:)?(?:PAN|CSCVal|CSCd|TrckVal|TrckData|PrtctdCardData)(?:\s[^<>]*)?>)([^<]*)/g;
/** Of any script: sixteen million dashes are looked through ten times as fast as by the search itself. */
const anyDigit = /[0-9\u0080-\uffff]/;
const ofCard = new RegExp(ofCards.source);
const [cdata, cdataEnd] = ['<![CDATA[', ']]>'];

/** Characters looked at together: less than a millisecond, and a turn of the event loop is not far. */
const pieceLength = 64 * 1024;

export async function maskedFile(content: Uint8Array): Promise<Uint8Array> {
  const encoding = isUtf8(content) ? 'utf8' : 'latin1';
  const text = Buffer.from(content).toString(encoding);
  const isMarkup = text.includes('<');
  const turns = new Turns();
  const masked: string[] = [];
  for (let from = 0; from < text.length; ) {
    const end = endOfPiece(text, from);
    const piece = text.slice(from, end);
    masked.push(isFine(piece) ? piece : isMarkup ? maskedMarkup(text, from, piece) : maskedText('bank_file', piece));
    from = end;
    if (turns.isOver()) await turns.next();
  }
  const whole = masked.join('');
  return whole === text ? content : Buffer.from(whole, encoding);
}

/** A file's name is its bank's to choose. */
export function maskedFileName(name: string): string {
  return maskedText('bank_file', name);
}

/** At a letter, through which no number goes; where there is none for thousands of characters, wherever it is. */
function endOfPiece(text: string, from: number): number {
  const end = from + pieceLength;
  const letter = /[A-Za-z]/.exec(text.slice(end, end + 4_096));
  return Math.min(end + (letter?.index ?? 0), text.length);
}

/** Mostly all of a file is. */
function isFine(piece: string): boolean {
  return !anyDigit.test(piece) || (!holdsCardNumber(piece) && !ofCard.test(piece));
}

/** With the tag before the piece, whose text it begins with: its name says whether people write into it. */
function maskedMarkup(text: string, from: number, piece: string): string {
  const inCdata = text.lastIndexOf(cdata, from) > text.lastIndexOf(cdataEnd, from);
  const before = inCdata
    ? cdata
    : (tagAlone.exec(text.slice(Math.max(text.lastIndexOf('<', from), 0), from))?.[0] ?? '');
  return maskedCdata(before + piece)
    .replace(freeText, (_, tag: string, inside: string) => tag + maskedText('bank_file', inside))
    .replace(ofCards, (_, tag: string, inside: string) => tag + inside.replace(/\d/g, '*'))
    .slice(before.length);
}

const tagAlone = /^<[^<>]{1,500}>/;

/** By hand: an expression would look for the end of each section that has none, to the end of the piece. */
function maskedCdata(part: string): string {
  let masked = '';
  let done = 0;
  for (let at = part.indexOf(cdata); at !== -1; at = part.indexOf(cdata, done)) {
    const ended = part.indexOf(cdataEnd, at);
    const end = ended === -1 ? part.length : ended;
    masked += part.slice(done, at) + maskedText('bank_file', part.slice(at, end));
    done = end;
  }
  return masked + part.slice(done);
}
