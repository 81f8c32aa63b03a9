// Valid files such as a bank may send: what a test plans is in them as planned, and everything else that the schema allows comes
// and goes by chance. For tests.

import fc from 'fast-check';
import { seededRandom } from '../seeded-random.ts';
import { type Part, readSchema, type Schema, type TextType } from './read-schema.ts';

/** Of one element: its text, or its children by name. Children that are not named are left to chance; `[]` keeps one away. */
export type Planned = { readonly text: string; readonly currency?: string } | { readonly children: Plan };
export type Plan = Readonly<Record<string, readonly Planned[]>>;

/** Different files for different seeds, the same for the same one. */
export function sampleBySchema(message: string, plan: Plan, seed: number): string {
  const random = seededRandom(seed);
  const writer = new Writer(readSchema(message), random);
  const namespace = `urn:iso:std:iso:20022:tech:xsd:${message}`;
  const schemaLocation = `xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:schemaLocation="${namespace} x.xsd"`;
  const declared = writer.prefix === '' ? `xmlns="${namespace}"` : `xmlns:${writer.prefix.slice(0, -1)}="${namespace}"`;
  const name = `${writer.prefix}Document`;
  const head = random() < 0.7 ? '<?xml version="1.0" encoding="UTF-8"?>\n' : '';
  const body = writer.type('Document', { children: plan }, 0);
  return `${head}<${name} ${declared}${random() < 0.5 ? ` ${schemaLocation}` : ''}>${body}</${name}>`;
}

class Writer {
  readonly prefix: string;
  readonly #schema: Schema;
  readonly #random: () => number;
  readonly #space: string;

  constructor(schema: Schema, random: () => number) {
    this.#schema = schema;
    this.#random = random;
    this.prefix = random() < 0.3 ? 'ns2:' : '';
    this.#space = random() < 0.3 ? '\r\n  ' : '';
  }

  /** What stands between the tags of an element of the type. */
  type(name: string, planned: Planned | null, depth: number): string {
    const type = this.#schema.get(name);
    if (type === undefined) throw new Error(`the schema has no ${name}`);
    if (type.what === 'text')
      return planned !== null && 'text' in planned ? escaped(planned.text) : escaped(this.#text(name, type));
    const plan = planned !== null && 'children' in planned ? planned.children : {};
    const known = new Set(namesOf(type));
    const strange = Object.keys(plan).find((child) => !known.has(child) && (plan[child] ?? []).length > 0);
    if (strange !== undefined) throw new Error(`${name} has no ${strange}`);
    return this.#part(type, plan, depth);
  }

  #part(part: Part, plan: Plan, depth: number): string {
    switch (part.what) {
      case 'any':
        return `<${this.prefix}Note>anything</${this.prefix}Note>`;
      case 'sequence':
        return part.parts.map((one) => this.#part(one, plan, depth)).join('');
      case 'choice': {
        const wanted = part.parts.filter((one) => namesOf(one).some((name) => (plan[name] ?? []).length > 0));
        const free = part.parts.filter((one) => namesOf(one).every((name) => plan[name] === undefined));
        const chosen = this.#oneOf(wanted.length > 0 ? wanted : free);
        // An alternative that was chosen is there, even where it could be left out.
        return this.#part(chosen.what === 'element' ? { ...chosen, min: 1 } : chosen, plan, depth);
      }
      case 'element': {
        const own = plan[part.name] ?? this.#byChance(part, depth);
        return own.map((planned) => this.#element(part, planned, depth)).join('');
      }
    }
  }

  #element({ name, type }: { name: string; type: string }, planned: Planned | null, depth: number): string {
    const of = this.#schema.get(type);
    const currency = planned !== null && 'text' in planned && planned.currency ? planned.currency : 'EUR';
    const tag = `${this.prefix}${name}`;
    const inner = this.type(type, planned, depth + 1);
    return `${this.#space}<${tag}${of?.what === 'text' && of.hasCurrency ? ` Ccy="${currency}"` : ''}>${inner}</${tag}>`;
  }

  /** The deeper, the fewer: a file stays of some hundred elements. */
  #byChance({ min, max }: { min: number; max: number }, depth: number): readonly null[] {
    const more = this.#random() < 1 / (1 + depth) ? (this.#random() < 0.2 ? 2 : 1) : 0;
    return Array.from({ length: Math.min(Math.max(min, more), max) }, () => null);
  }

  #text(name: string, type: TextType): string {
    if (type.enumeration.length > 0) return this.#oneOf(type.enumeration);
    return this.#oneOf(poolOf(name, type));
  }

  #oneOf<T>(values: readonly T[]): T {
    const value = values[Math.floor(this.#random() * values.length)];
    if (value === undefined) throw new Error('there is nothing to choose from');
    return value;
  }
}

function namesOf(part: Part): readonly string[] {
  if (part.what === 'element') return [part.name];
  return part.what === 'any' ? [] : part.parts.flatMap(namesOf);
}

const pools = new Map<string, readonly string[]>();
const byBase: Readonly<Record<string, readonly string[]>> = {
  'xs:boolean': ['true', 'false', '1', '0', ' true '],
  'xs:date': ['2026-11-21', '2026-11-21Z', '2026-11-21+01:00'],
  'xs:dateTime': ['2026-11-21T10:00:00', '2026-11-21T10:00:00.123Z', '2026-11-21T24:00:00+14:00'],
  'xs:gYear': ['2026', '2026Z'],
  'xs:gYearMonth': ['2026-11', '2026-11+01:00'],
  'xs:base64Binary': ['QXRsYXM='],
};

/** Some texts of a type; the same ones in every run, so that a seed is all that makes a file. */
function poolOf(name: string, { base, facets }: TextType): readonly string[] {
  const key = JSON.stringify([name, base, facets]);
  const known = pools.get(key);
  if (known !== undefined) return known;
  const pool = byBase[base] ?? fc.sample(textOf(base, facets), { seed: 1, numRuns: 40 });
  pools.set(key, pool);
  return pool;
}

function textOf(
  base: string,
  { pattern, minLength, maxLength, fractionDigits, minInclusive }: TextType['facets'],
): fc.Arbitrary<string> {
  if (pattern !== undefined) return fc.stringMatching(new RegExp(`^(?:${pattern})$`));
  if (base === 'xs:decimal') return fc.constantFrom(...decimals(fractionDigits === '0', minInclusive === '1'));
  const sign = fc.constantFrom(...'Az09 /?:.,-+&<>"\'\n\té漢😀');
  return fc.string({ unit: sign, minLength: Number(minLength ?? 0), maxLength: Math.min(Number(maxLength ?? 60), 60) });
}

function decimals(isWhole: boolean, isFromOne: boolean): readonly string[] {
  if (isWhole) return ['7', '007', '+7', '7.'];
  return isFromOne ? ['1', '12.5', '5.', '+01.10'] : ['0', '12.5', '.5', '5.', '+01.10'];
}

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '\n': '&#10;',
  '\r': '&#xD;',
};

/** As Java's writers do, which number a line's end. */
function escaped(text: string): string {
  return text.replaceAll(/[&<>\n\r]/g, (sign) => escapes[sign] ?? '');
}
