// An inbound body: bounded, UTF-8, JSON, without card data. Each step refuses with what is wrong, and never quotes it.

import type * as z from 'zod/mini';
import { type CardDataFinding, findCardData, findCardField } from '../contracts/card-data.ts';
import { limits } from '../contracts/limits.ts';
import { type Lost, lostOf, withNothingLost } from '../contracts/lost-by-json.ts';
import { fieldProblems, Refusal } from '../contracts/problem.ts';
import { reviverFor } from '../contracts/written-number.ts';
import { logEvent } from './log.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** The raw text of the body: what signatures are over. */
export async function readText(request: Request, bytesMax?: number): Promise<string> {
  return textIn(await readBytes(request, bytesMax));
}

/** Text of bytes that are refused where any of them is no UTF-8. */
export function textIn(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new Refusal(400, 'body_malformed', 'The body is not UTF-8 text.');
  }
}

/** The same as it came, for a network whose texts may be in another encoding than they should. */
export async function readBytes(request: Request, bytesMax: number = limits.bodyBytesMax): Promise<ArrayBuffer> {
  // A reader that heeds it would read another body than one that does not.
  if (!/^(identity)?$/i.test(request.headers.get('content-encoding') ?? ''))
    throw new Refusal(415, 'content_encoding_unsupported', 'The body has a Content-Encoding.');
  const declared = request.headers.get('content-length');
  if (declared !== null && Number(declared) > bytesMax) throw tooLarge(bytesMax);
  // A declared length is what the platform lets through; without one the body is counted while it comes.
  return declared === null ? await readBounded(request, bytesMax) : await request.arrayBuffer();
}

/** Text of bytes of which some may be no UTF-8: each of those becomes U+FFFD, and the rest can be read. */
export function lenientText(bytes: ArrayBuffer): string {
  return lenientUtf8.decode(bytes);
}
const lenientUtf8 = new TextDecoder('utf-8', { fatal: false, ignoreBOM: true });

async function readBounded(request: Request, bytesMax: number): Promise<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > bytesMax) throw tooLarge(bytesMax);
    chunks.push(chunk);
  }
  return new Blob(chunks).arrayBuffer();
}

/**
 * JSON from the text, in which a number that JSON would round is no number but what was written. A byte order mark before it is passed over
 * (RFC 8259 section 8.1): some senders' libraries write one.
 */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(withoutMark(text), reviverFor(text) as never);
  } catch {
    throw new Refusal(400, 'body_malformed', 'The body is not JSON.');
  }
}

const withoutMark = (text: string) => (text.startsWith('\ufeff') ? text.slice(1) : text);

/** The same for what is refused where a field stands there twice, or an amount is not the number that was written. */
export function parseWhole(text: string): unknown {
  const body = parseJson(text);
  refuseLost(lostOf(text, body));
  return body;
}

/**
 * The same for facts, which are never refused for one of them: a field that stands there twice has two names, so that its element is kept for a person
 * with both. What stands twice in the body itself is refused, since it is in no element.
 */
export function parseFacts(text: string): unknown {
  const body = parseJson(text);
  const lost = lostOf(text, body);
  refuseLost(lost.filter(({ path }) => path.length < 2));
  return lost.length === 0 ? body : parseJson(withNothingLost(text, lost));
}

function refuseLost([first]: readonly Lost[]): void {
  if (first === undefined) return;
  throw refusalOf(first.field, first.problem);
}

/** For our own contracts: card numbers in texts are refused too. */
export function refuseCardData(body: unknown, identifiers: ReadonlySet<string>): void {
  refuseFound(findCardData(body, { identifiers }));
}

/** For what a network says of a purchase: only fields made for card data are refused; digits in its texts are masked instead. */
export function refuseCardFields(body: unknown): void {
  refuseFound(findCardField(body));
}

function refuseFound(found: CardDataFinding | null): void {
  if (found === null) return;
  logEvent('warn', 'card_data_found', { outcome: 'refused' });
  throw new Refusal(422, 'card_data_refused', `${found.path} ${found.problem}. Send tokens only.`, [
    { field: found.path, problem: found.problem },
  ]);
}

/** The body in its contract's shape. `at`: where it stands in the whole, for the field names of the refusal. */
export function inShape<T>(schema: z.ZodMiniType<T>, body: unknown, at = ''): T {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  const details = fieldProblems(parsed.error, at);
  const [first] = details;
  throw new Refusal(422, 'field_invalid', `${first?.field} ${first?.problem}.`, details);
}

export function refusalOf(field: string, problem: string): Refusal {
  return new Refusal(422, 'field_invalid', `${field} ${problem}.`, [{ field, problem }]);
}

function tooLarge(bytesMax: number): Refusal {
  return new Refusal(413, 'body_too_large', `The body is larger than ${bytesMax} bytes.`);
}
