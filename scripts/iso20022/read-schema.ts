// An ISO 20022 schema as data: the types that these schemas are made of, and nothing else of XML Schema. For tests.

import { XmlElement as SchemaElement } from 'libxml2-wasm';
import { schemaOf } from './official-schema.ts';

/** A text of one kind. */
export interface TextType {
  readonly what: 'text';
  readonly base: string;
  readonly enumeration: readonly string[];
  readonly facets: Readonly<Record<string, string>>;
  /** An amount has its currency as an attribute. */
  readonly hasCurrency: boolean;
}
/** An element within, a choice or sequence of others, or one of any name. */
export type Part =
  | {
      readonly what: 'element';
      readonly name: string;
      readonly type: string;
      readonly min: number;
      readonly max: number;
    }
  | { readonly what: 'choice' | 'sequence'; readonly parts: readonly Part[] }
  | { readonly what: 'any' };
export type SchemaType = TextType | Extract<Part, { what: 'choice' | 'sequence' }>;
export type Schema = ReadonlyMap<string, SchemaType>;

const schemas = new Map<string, Schema>();

/** The types of a message by name; the root is of the type `Document`. */
export function readSchema(message: string): Schema {
  const known = schemas.get(message);
  if (known !== undefined) return known;
  const document = schemaOf(message);
  const found = new Map<string, SchemaType>();
  for (const element of childrenOf(document.root)) {
    if (element.name !== 'element') found.set(attribute(element, 'name') ?? '', typeOf(element));
  }
  document.dispose();
  const amounts = [...found].map(([name, type]) => [name, withBaseOf(type, found)] as const);
  const schema: Schema = new Map(amounts);
  schemas.set(message, schema);
  return schema;
}

function typeOf(element: SchemaElement): SchemaType {
  const [inner] = childrenOf(element);
  if (inner === undefined) throw new Error('a type of nothing');
  if (inner.name === 'simpleContent') {
    const [extension] = childrenOf(inner);
    if (extension === undefined) throw new Error('an extension of nothing');
    return { what: 'text', base: attribute(extension, 'base') ?? '', enumeration: [], facets: {}, hasCurrency: true };
  }
  if (inner.name !== 'restriction') {
    const part = partOf(inner);
    if (part.what === 'choice' || part.what === 'sequence') return part;
    throw new Error(`a type that is ${inner.name}`);
  }
  const facets = childrenOf(inner).map((facet) => [facet.name, attribute(facet, 'value') ?? ''] as const);
  return {
    what: 'text',
    base: attribute(inner, 'base') ?? '',
    enumeration: facets.filter(([name]) => name === 'enumeration').map(([, value]) => value),
    facets: Object.fromEntries(facets),
    hasCurrency: false,
  };
}

function partOf(element: SchemaElement): Part {
  switch (element.name) {
    case 'element': {
      const max = attribute(element, 'maxOccurs') ?? '1';
      return {
        what: 'element',
        name: attribute(element, 'name') ?? '',
        type: attribute(element, 'type') ?? '',
        min: Number(attribute(element, 'minOccurs') ?? '1'),
        max: max === 'unbounded' ? Number.POSITIVE_INFINITY : Number(max),
      };
    }
    case 'choice':
    case 'sequence':
      return { what: element.name, parts: childrenOf(element).map(partOf) };
    case 'any':
      return { what: 'any' };
    default:
      throw new Error(`these schemas have no ${element.name}`);
  }
}

/** An amount is of the facets of the type it extends. */
function withBaseOf(type: SchemaType, types: Schema): SchemaType {
  if (type.what !== 'text' || !type.hasCurrency) return type;
  const base = types.get(type.base);
  return base?.what === 'text' ? { ...base, hasCurrency: true } : type;
}

function childrenOf(element: SchemaElement): SchemaElement[] {
  const children: SchemaElement[] = [];
  for (let child = element.firstChild; child !== null; child = child.next) {
    if (child instanceof SchemaElement) children.push(child);
  }
  return children;
}

function attribute(element: SchemaElement, name: string): string | undefined {
  return element.attr(name)?.value;
}
