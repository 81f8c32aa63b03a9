// The bytes of a bank's file as text: by their byte order mark, else by the encoding that the file declares, else UTF-8.
// Ids and amounts are plain ASCII in every encoding that banks use; a letter that is decoded wrongly can only spoil a text.

import { isUtf8 } from 'node:buffer';
import { BadFile } from './bad-file.ts';

/** A day's statement of ten thousand entries has about 15 MB. */
const bytesMax = 32 * 1024 * 1024;

/** What the first bytes say that it is instead, with what to do about it. */
const notXml: readonly (readonly [bytes: readonly number[], problem: string])[] = [
  [[0x50, 0x4b, 0x03, 0x04], 'is a zip archive: unpack it, and put its files into the inbox'],
  [[0x1f, 0x8b], 'is compressed (gzip): unpack it, and put the file into the inbox'],
  [[0x25, 0x50, 0x44, 0x46], 'is a PDF'],
];

/** Bytes that are decoded at once: a millisecond's work. */
const sliceBytes = 64 * 1024;

/** The text in pieces, in order. Throws a BadFile. */
export function* decodeFile(bytes: Uint8Array): Generator<string> {
  if (bytes.length > bytesMax) throw new BadFile(`has ${bytes.length} bytes, and ${bytesMax} are read at most`);
  for (const [first, problem] of notXml) if (startsWith(bytes, first)) throw new BadFile(problem);
  const encoding = encodingOf(bytes);
  const decoder = decoderOf(encoding);
  let isBeginning = true;
  for (let from = 0; from < bytes.length; from += sliceBytes) {
    const end = from + sliceBytes;
    const text = decoded(decoder, { encoding, slice: bytes.subarray(from, end), stream: end < bytes.length });
    if (text.includes('\u0000')) throw new BadFile('holds a zero byte');
    // Blanks before the XML declaration are harmless, and yet no strict reader takes them.
    yield isBeginning ? text.trimStart() : text;
    isBeginning &&= text.trim() === '';
  }
}

function encodingOf(bytes: Uint8Array): string {
  const wide = wideEncodingOf(bytes);
  if (wide !== null) return wide;
  const head = Buffer.from(bytes.subarray(0, 200)).toString('latin1');
  const declared = /^(?:\xef\xbb\xbf)?\s*<\?xml[^>]*?encoding\s*=\s*["']([^"']{1,40})["']/.exec(head)?.[1] ?? 'UTF-8';
  // Declared UTF-16, and yet one byte a character: .NET writes a string's encoding, and then saves it as UTF-8.
  const isWideByName = /^(?:utf-?16|ucs-?2|unicode|iso-10646-ucs-2)/i.test(declared);
  const isSaidToBeUtf8 = isWideByName || /^utf-?8$/i.test(declared) || startsWith(bytes, [0xef, 0xbb, 0xbf]);
  if (!isSaidToBeUtf8) return declared;
  // Said to be UTF-8, and written as Latin-1: a known slip of banks' converters. windows-1252 gives every byte a sign.
  return isUtf8(bytes) ? 'utf-8' : 'windows-1252';
}

/** UTF-16 by its byte order mark, or by a `<` or white space in front whose other byte is zero. */
function wideEncodingOf(bytes: Uint8Array): string | null {
  const [first = 0, second = 0] = bytes;
  if (bytes.length < 2) return null;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const isStart = (byte: number) => byte === 0x3c || byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09;
  if (second === 0 && isStart(first)) return 'utf-16le';
  return first === 0 && isStart(second) ? 'utf-16be' : null;
}

interface Slice {
  readonly encoding: string;
  readonly slice: Uint8Array;
  readonly stream: boolean;
}

function decoded(decoder: ReturnType<typeof decoderOf>, { encoding, slice, stream }: Slice): string {
  try {
    return decoder.decode(slice, { stream });
  } catch {
    throw new BadFile(`is not ${encoding}, the encoding that it has or declares`);
  }
}

function decoderOf(encoding: string) {
  try {
    return new TextDecoder(encoding, { fatal: true });
  } catch {
    throw new BadFile(`declares the encoding ${JSON.stringify(encoding)}, which is not read here`);
  }
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}
