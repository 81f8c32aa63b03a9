// XML as banks send it, and as somebody hostile might: bounded in size, depth and elements, without document types, entities,
// processing instructions or CDATA, in one namespace that is named. Read only after all of that was looked at; throws a BadFile.

import { XMLParser, XMLValidator } from 'fast-xml-parser';

/** A file that is not read; the reason is for the operator. */
export class BadFile extends Error {
  override readonly name = 'BadFile';
}

/** An element: its children by name, its text, and the one attribute that counts. */
export interface XmlElement {
  readonly children: Readonly<Record<string, readonly XmlElement[]>>;
  readonly text: string;
  readonly currency: string | null;
}

/** A day's statement of ten thousand entries has about 15 MB. */
const bytesMax = 32 * 1024 * 1024;
const depthMax = 32;
const elementsMax = 1_000_000;

/** All arrays, all texts: what is one, and what is a number, is the reader's to say. Entities are not the parser's either. */
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  parseAttributeValue: false,
  processEntities: false,
  removeNSPrefix: true,
  ignoreDeclaration: true,
  alwaysCreateTextNode: true,
  isArray: (_name, _path, _isLeaf, isAttribute) => !isAttribute,
});

/** The document below its root `Document`, and its message, as `pain.002.001.10`. */
export function readXml(bytes: Uint8Array, messages: readonly RegExp[]): { message: string; document: XmlElement } {
  const text = decode(bytes);
  const namespace = inspect(text);
  const message = /^urn:iso:std:iso:20022:tech:xsd:([a-z]{4}\.\d{3}\.\d{3}\.\d{2})$/.exec(namespace)?.[1];
  if (message === undefined || !messages.some((known) => known.test(message)))
    throw new BadFile(`is of namespace ${JSON.stringify(namespace.slice(0, 80))}, which is not read here`);
  const validity = XMLValidator.validate(text);
  if (validity !== true) throw new BadFile(`is not well-formed in line ${validity.err.line}: ${validity.err.code}`);
  const parsed = parse(text);
  const [document] = parsed['Document'] ?? [];
  return { message, document: elementOf(document) };
}

function parse(text: string): Record<string, readonly unknown[]> {
  try {
    return parser.parse(text) as Record<string, readonly unknown[]>;
  } catch {
    throw new BadFile('is not read by the parser');
  }
}

function decode(bytes: Uint8Array): string {
  if (bytes.length > bytesMax) throw new BadFile(`has ${bytes.length} bytes, and ${bytesMax} are read at most`);
  let text: string;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new BadFile('is not UTF-8');
  }
  const declared = /^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']*)["']/.exec(text)?.[1];
  if (declared !== undefined && declared.toUpperCase() !== 'UTF-8')
    throw new BadFile('declares another encoding than UTF-8');
  if (text.includes('\u0000')) throw new BadFile('holds a zero byte');
  return text;
}

const nameForm = /^(?:([A-Za-z][A-Za-z0-9]{0,19}):)?([A-Z][A-Za-z0-9]{0,49})$/;

/**
 * One pass from tag to tag, in time that grows with the length alone. Returns the namespace of the root; every element is in it,
 * because all have the root's prefix and nobody else declares one.
 */
function inspect(text: string): string {
  let depth = 0;
  let elements = 0;
  let root: { prefix: string; namespace: string } | null = null;
  for (let at = text.indexOf('<'); at !== -1; at = text.indexOf('<', at)) {
    if (text.startsWith('<!--', at)) {
      at = after(text, '-->', at);
      continue;
    }
    if (text.startsWith('<!', at)) throw new BadFile('holds a document type, an entity or CDATA');
    const end = after(text, '>', at);
    const tag = text.slice(at + 1, end - 1);
    at = end;
    if (tag.startsWith('?')) {
      if (elements > 0 || !/^\?xml\s[^?]*\?$/.test(tag)) throw new BadFile('holds a processing instruction');
      continue;
    }
    if (tag.includes('<')) throw new BadFile('has a tag within a tag');
    if (tag.startsWith('/')) {
      depth -= 1;
      continue;
    }
    const [name = ''] = tag.split(/[\s/]/, 1);
    const named = nameForm.exec(name);
    if (named === null) throw new BadFile('has an element whose name ISO 20022 cannot have');
    const prefix = named[1] ?? '';
    if (root === null) root = { prefix, namespace: rootNamespace(tag, prefix, named[2]) };
    else if (depth === 0) throw new BadFile('has two roots');
    else if (prefix !== root.prefix || tag.includes('xmlns')) throw new BadFile('has an element of another namespace');
    elements += 1;
    if (elements > elementsMax) throw new BadFile(`has more than ${elementsMax} elements`);
    if (!tag.endsWith('/')) depth += 1;
    if (depth > depthMax) throw new BadFile(`is deeper than ${depthMax} elements`);
  }
  if (root === null) throw new BadFile('has no element');
  return root.namespace;
}

function rootNamespace(tag: string, prefix: string, name: string | undefined): string {
  if (name !== 'Document') throw new BadFile('has another root than Document');
  const wanted = prefix === '' ? 'xmlns' : `xmlns:${prefix}`;
  // Attributes of a root are few: each is looked at once.
  const namespaces = [...tag.slice(0, 4_000).matchAll(/\s([A-Za-z0-9:]{1,40})\s{0,5}=\s{0,5}["']([^"']{0,200})["']/g)];
  return namespaces.find(([, attribute]) => attribute === wanted)?.[2] ?? '';
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at === -1) throw new BadFile('ends within a tag');
  return at + mark.length;
}

/** The parser's node as an element: `#text`, `@Ccy`, and arrays of nodes. */
function elementOf(node: unknown): XmlElement {
  if (typeof node !== 'object' || node === null)
    return { children: {}, text: decoded(String(node ?? '')), currency: null };
  const children: Record<string, XmlElement[]> = {};
  let [text, currency]: [string, string | null] = ['', null];
  for (const [name, value] of Object.entries(node)) {
    if (name === '#text') text = decoded(String(value));
    else if (name === '@Ccy') currency = String(value);
    else if (!name.startsWith('@')) children[name] = (value as unknown[]).map(elementOf);
  }
  return { children, text, currency };
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML's own five and characters by number, once: what comes out is text, and is not read again. */
function decoded(text: string): string {
  return text.replaceAll(/&([^;&]{0,10});?/g, (whole, name: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(name);
    const code =
      number === null ? null : Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16);
    // Of the signs below a space XML has the tab and the ends of a line, which Java's writers do number.
    const isBlank = code === 0x9 || code === 0xa || code === 0xd;
    const isSign = code !== null && code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    const character = code !== null && (isBlank || isSign) ? String.fromCodePoint(code) : entities[name];
    if (character === undefined || !whole.endsWith(';')) throw new BadFile('uses an entity');
    return character;
  });
}

/** The one at the end of a path, or null. */
export function elementAt(element: XmlElement, ...path: readonly string[]): XmlElement | null {
  return path.reduce<XmlElement | null>((at, name) => at?.children[name]?.[0] ?? null, element);
}

/** Its text without outer spaces; null where there is none. */
export function textAt(element: XmlElement, ...path: readonly string[]): string | null {
  return elementAt(element, ...path)?.text.trim() || null;
}

export function elementsAt(element: XmlElement, name: string): readonly XmlElement[] {
  return element.children[name] ?? [];
}
