// What a request brings, read once: bounded, JSON, without card data, in the shape of its contract. Refusals name the field
// and the rule, never the value.

import type { Context } from 'hono';
import {
  type CardDataFinding,
  controlIdentifiers,
  findCardData,
  problemOfNumber,
} from '../../../contracts/card-data.ts';
import { piecesOfCards } from '../../../contracts/card-numbers/pieces.ts';
import { limits } from '../../../contracts/limits.ts';
import { lostOf } from '../../../contracts/lost-by-json.ts';
import type { Refusal } from '../../../contracts/problem.ts';
import { findUnfit } from '../../../contracts/text.ts';
import { countCardData } from '../../card-data/found.ts';
import { shownValue } from '../../card-data/hidden.ts';
import { refusal } from '../../errors.ts';
import { bodyBytes } from './body-bytes.ts';

/**
 * Identifiers that others gave: acquirers' ids of merchants are numbers, of which some pass for a card's, and banks' accounts have
 * check digits of their own. A card's token is searched all the same: it is what a card number would be mistaken for.
 */
const identifiers: ReadonlySet<string> = new Set([...controlIdentifiers, 'network_merchant_ids', 'iban']);

/** The text of a body, as it came; empty where none was sent. */
export function readBody(context: Context): Promise<string> {
  return readText(context, limits.bodyBytesMax);
}

/**
 * JSON without card data; its shape is the route's to check. `undefined`: none was sent. `between`: awaited between the steps, each of which computes
 * for up to two milliseconds for the worst body.
 */
export async function readJson(context: Context, text: string, between: () => Promise<void>): Promise<unknown> {
  if (text === '') return undefined;
  if (!isJson(context.req.header('content-type'))) throw refusal('content_type_unsupported');
  const value = parseJson(text);
  refuseManyNames(value);
  await between();
  refuseCardData('api_body', value);
  await between();
  refuseControlCharacters(value);
  return value;
}

/** Of one object; the one with the most of any route has some thirty. */
const namesMax = 500;

/**
 * An object of thousands of names is in no route's shape. To find that out by its shape, after a search of each name for card data, took
 * 7 ms for a body of 64 KB; here it takes half of one. A list in it may be as long as it likes, and as deep.
 */
function refuseManyNames(value: unknown): void {
  const waiting: object[] = [];
  const addIfObject = (member: unknown): void => {
    if (typeof member === 'object' && member !== null) waiting.push(member);
  };
  addIfObject(value);
  for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) {
    if (Array.isArray(one)) {
      for (const item of one) addIfObject(item);
      continue;
    }
    let names = 0;
    for (const name in one) {
      names += 1;
      if (names > namesMax)
        throw refusal('field_invalid', [{ field: 'body', problem: `has an object of more than ${namesMax} fields` }]);
      addIfObject((one as Record<string, unknown>)[name]);
    }
  }
}

/** Card data in a body, a header or a query: refused, by the name of the field and never with what it is. */
export function refuseCardData(channel: 'api_body' | 'api_header' | 'api_query', value: unknown): void {
  const found = findCardData(value, { identifiers }) ?? findPieces(value) ?? findHidden(value);
  if (found === null) return;
  countCardData(channel, 'refused');
  throw refusal('card_data_refused', [{ field: found.path, problem: found.problem }]);
}

function findHidden(value: unknown): CardDataFinding | null {
  const shown = shownValue(value);
  return shown === value ? null : (findCardData(shown, { identifiers }) ?? findPieces(shown));
}

/** Its groups in several texts, or items of lists, one after the other. */
function findPieces(value: unknown): CardDataFinding | null {
  const isIdentifier = (name: string) => identifiers.has(name) || name === 'any_of' || name === 'none_of';
  const pieces = piecesOfCards(value, { isIdentifier, numbersOfFields: false });
  return pieces === null ? null : { path: pieces.field || 'body', problem: problemOfNumber };
}

/**
 * NUL, which no database column holds, line breaks, which forge log lines, halves of a character, and marks that reverse the reading (U+202E
 * shows `exe.pdf` for `fdp.exe`): in no text of any route. Here
 * for all of them, since a route that forgets it answers 500.
 */
export function refuseControlCharacters(value: unknown): void {
  const field = findUnfit(value);
  if (field !== null) throw refusal('field_invalid', [{ field, problem: 'must be printable text' }]);
}

/** Read as UTF-8, so another charset is another content type. */
function isJson(contentType = ''): boolean {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim().toLowerCase());
  if (!/^application\/(?:json|[\w.-]+\+json)$/.test(type)) return false;
  const charset = parameters.find((parameter) => parameter.startsWith('charset='));
  return charset === undefined || /^charset="?utf-8"?$/.test(charset);
}

export async function readText(context: Context, bytesMax: number): Promise<string> {
  // What says that it is too large is not read at all.
  if (Number(context.req.header('content-length') ?? 0) > bytesMax) throw tooLarge(bytesMax);
  const bytes = await bodyBytes(context, bytesMax);
  if (bytes === 'too_large') throw tooLarge(bytesMax);
  if (bytes === 'broken_off') throw refusal('body_malformed');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw refusal('body_malformed');
  }
}

function tooLarge(bytesMax: number): Refusal {
  return refusal('body_too_large', [{ field: 'body', problem: `is larger than ${bytesMax} bytes` }]);
}

/** Refused too: a field that stands there twice, of which another reader takes the other one, and an amount that is rounded by reading it. */
export function parseJson(text: string): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refusal('body_malformed');
  }
  const [first] = lostOf(text, value);
  if (first !== undefined) throw refusal('field_invalid', [{ field: first.field, problem: first.problem }]);
  return value;
}
