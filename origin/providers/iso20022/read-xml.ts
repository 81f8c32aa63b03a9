// XML as banks send it, and as somebody hostile might: one pass from tag to tag, in time that grows with the length alone, bounded in
// depth and elements. Document types and entities of their own are refused; comments and processing instructions are passed over.
// A reader of our own, because what a parser lets through is the question here: it is held to libxml2's reading in tests.

import { BadFile } from './bad-file.ts';

/** Namespaces are told apart; of the attributes only the currency counts. */
export interface XmlElement {
  /** Without its prefix. */
  readonly name: string;
  readonly namespace: string;
  readonly children: readonly XmlElement[];
  /** Its own text, without that of its children. */
  readonly text: string;
  readonly currency: string | null;
}

type Scope = ReadonlyMap<string, string>;
/** An element that is not closed yet, and what holds for all within it. */
interface Open {
  readonly element: XmlElement & { readonly children: XmlElement[]; text: string };
  readonly tag: string;
  readonly scope: Scope;
  /** Within a message's Document there is one namespace; the envelope around it may have any. */
  readonly isInDocument: boolean;
  readonly isInExtension: boolean;
}

const depthMax = 64;
const elementsMax = 1_000_000;

const name = '[A-Za-z_][A-Za-z0-9_.-]{0,99}';
const startTag = new RegExp(`<((?:${name}:)?${name})(?=[\\s/>])`, 'y');
const endTag = new RegExp(`</((?:${name}:)?${name})\\s*>`, 'y');
const attribute = new RegExp(`\\s+((?:${name}:)?${name})\\s*=\\s*(?:"([^"<]*)"|'([^'<]*)')`, 'y');
const tagEnd = /\s*(\/?)>/y;

/** What an extension of the bank's own stands in: its elements may be of any namespace, and nothing of them is read. */
const extension = 'Envlp';

const noAttributes: ReadonlyMap<string, string> = new Map();

/** The root. Throws a BadFile. */
export function readXml(content: string): XmlElement {
  // As XML wants the ends of lines to be read.
  const text = content.includes('\r') ? content.replaceAll(/\r\n?/g, '\n') : content;
  const document = new Document();
  let at = 0;
  for (let next = text.indexOf('<'); next !== -1; next = text.indexOf('<', at)) {
    document.text(text.slice(at, next));
    if (text.startsWith('<!--', next)) at = after(text, '-->', next + 4);
    else if (text.startsWith('<?', next)) at = after(text, '?>', next + 2);
    else if (text.startsWith('<![CDATA[', next)) {
      at = after(text, ']]>', next + 9);
      document.literal(text.slice(next + 9, at - 3));
    } else if (text.startsWith('<!', next)) throw new BadFile('holds a document type or an entity of its own');
    else if (text.startsWith('</', next)) at = readEnd(text, next, document);
    else at = readStart(text, next, document);
  }
  document.text(text.slice(at));
  return document.end();
}

function readEnd(text: string, from: number, document: Document): number {
  const [whole = '', tag = ''] = matchAt(endTag, text, from) ?? [];
  if (whole === '') throw notWellFormed(text, from, 'an end tag that is none');
  if (!document.close(tag)) throw notWellFormed(text, from, `the end of ${tag}, which does not stand open`);
  return from + whole.length;
}

function readStart(text: string, from: number, document: Document): number {
  const [head = '', tag = ''] = matchAt(startTag, text, from) ?? [];
  if (head === '') throw notWellFormed(text, from, 'a tag whose name is none');
  let at = from + head.length;
  if (text[at] === '>') {
    document.open(tag, noAttributes);
    return at + 1;
  }
  const attributes = new Map<string, string>();
  for (let found = matchAt(attribute, text, at); found !== null; found = matchAt(attribute, text, at)) {
    const [whole, key = '', quoted, apostrophed] = found;
    if (attributes.has(key)) throw notWellFormed(text, from, `the attribute ${key} twice`);
    attributes.set(key, plain(quoted ?? apostrophed ?? ''));
    at += whole.length;
  }
  const end = matchAt(tagEnd, text, at);
  if (end === null) throw notWellFormed(text, from, 'a tag that does not end');
  document.open(tag, attributes);
  if (end[1] === '/') document.close(tag);
  return at + end[0].length;
}

/** The tree as it grows. */
class Document {
  readonly #open: Open[] = [];
  #root: XmlElement | null = null;
  #elements = 0;

  open(tag: string, attributes: ReadonlyMap<string, string>): void {
    const parent = this.#open.at(-1);
    if (parent === undefined && this.#root !== null) throw new BadFile('has two roots');
    this.#elements += 1;
    if (this.#elements > elementsMax) throw new BadFile(`has more than ${elementsMax} elements`);
    if (this.#open.length >= depthMax) throw new BadFile(`is deeper than ${depthMax} elements`);
    const scope = scopeWithin(parent?.scope ?? noAttributes, attributes);
    const colon = tag.indexOf(':');
    const local = tag.slice(colon + 1);
    const namespace = scope.get(colon === -1 ? '' : tag.slice(0, colon)) ?? (colon === -1 ? '' : null);
    if (namespace === null) throw new BadFile(`has an element of a prefix that is not declared: ${tag.slice(0, 80)}`);
    const { isInDocument = false, isInExtension = false } = parent ?? {};
    if (isInDocument && !isInExtension && namespace !== parent?.element.namespace)
      throw new BadFile(`has an element of another namespace: ${tag.slice(0, 80)}`);
    const element = { name: local, namespace, children: [], text: '', currency: attributes.get('Ccy') ?? null };
    if (parent === undefined) this.#root = element;
    else if (!isInExtension) parent.element.children.push(element);
    this.#open.push({
      ...{ element, tag, scope, isInDocument: isInDocument || local === 'Document' },
      isInExtension: isInExtension || local === extension,
    });
  }

  /** False: another element stands open, or none. */
  close(tag: string): boolean {
    return this.#open.pop()?.tag === tag;
  }

  text(text: string): void {
    if (text !== '') this.literal(plain(text));
  }

  literal(text: string): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined) parent.element.text += text;
    else if (text.trim() !== '') throw new BadFile('is not well-formed: it has text beside its root');
  }

  end(): XmlElement {
    if (this.#open.length > 0) throw new BadFile(`is not well-formed: it ends within ${this.#open.at(-1)?.tag}`);
    if (this.#root === null) throw new BadFile('has no element');
    return this.#root;
  }
}

function scopeWithin(outer: Scope, attributes: ReadonlyMap<string, string>): Scope {
  if (attributes.size === 0) return outer;
  const declared = [...attributes].flatMap(([key, value]): (readonly [string, string])[] => {
    if (key === 'xmlns') return [['', value]];
    return key.startsWith('xmlns:') ? [[key.slice('xmlns:'.length), value]] : [];
  });
  return declared.length === 0 ? outer : new Map([...outer, ...declared]);
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** XML's own five entities and characters by number, once: what comes out is text, and is not read again. */
function plain(text: string): string {
  if (!text.includes('&')) return text;
  return text.replaceAll(/&([^;&]{0,10});?/g, (whole, named: string) => {
    const number = /^#(?:x([0-9a-fA-F]{1,6})|([0-9]{1,7}))$/.exec(named);
    const code =
      number === null ? null : Number.parseInt(number[1] ?? number[2] ?? '', number[1] === undefined ? 10 : 16);
    // Of the signs below a space XML has the tab and the ends of a line, which Java's writers do number.
    const isBlank = code === 0x9 || code === 0xa || code === 0xd;
    const isSign = code !== null && code >= 0x20 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff);
    const sign = code !== null && (isBlank || isSign) ? String.fromCodePoint(code) : entities[named];
    if (sign === undefined || !whole.endsWith(';')) throw new BadFile('uses an entity that XML does not have');
    return sign;
  });
}

function matchAt(pattern: RegExp, text: string, from: number): RegExpExecArray | null {
  pattern.lastIndex = from;
  return pattern.exec(text);
}

function after(text: string, mark: string, from: number): number {
  const at = text.indexOf(mark, from);
  if (at === -1) throw new BadFile('ends within a tag');
  return at + mark.length;
}

function notWellFormed(text: string, at: number, what: string): BadFile {
  const line = text.slice(0, at).split('\n').length;
  return new BadFile(`is not well-formed in line ${line}: it has ${what}`);
}

/** The one at the end of a path, or null. */
export function elementAt(element: XmlElement, ...path: readonly string[]): XmlElement | null {
  return path.reduce<XmlElement | null>(
    (at, step) => at?.children.find((child) => child.name === step) ?? null,
    element,
  );
}

/** Its text without outer spaces; null where there is none. */
export function textAt(element: XmlElement, ...path: readonly string[]): string | null {
  return elementAt(element, ...path)?.text.trim() || null;
}

export function elementsAt(element: XmlElement, named: string): readonly XmlElement[] {
  return element.children.filter((child) => child.name === named);
}

const nothing = () => false;

/** The element and all within it, from the outside in, but for what `isLeftOut` with all within that. */
export function within(
  element: XmlElement,
  isLeftOut: (element: XmlElement) => boolean = nothing,
): readonly XmlElement[] {
  const found: XmlElement[] = [];
  const add = (one: XmlElement) => {
    if (isLeftOut(one)) return;
    found.push(one);
    for (const child of one.children) add(child);
  };
  add(element);
  return found;
}
