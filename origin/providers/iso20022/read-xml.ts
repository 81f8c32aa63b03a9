// XML as banks send it, and as somebody hostile might, by saxes (a strict reader that takes a file in pieces and does no I/O). What is
// ours are the bounds, which names and attributes count, and what banks get wrong without harm: `--` in a comment, `]]>` in a text,
// a prefix of an attribute that nobody declares. Document types and entities of their own are refused.

import { SaxesParser, type SaxesTagNS } from 'saxes';
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

/** An element that is not closed yet, and what holds for all within it. */
interface Open {
  readonly element: XmlElement & { readonly children: XmlElement[]; text: string };
  /** Within a message's Document there is one namespace; the envelope around it may have any. */
  readonly isInDocument: boolean;
  readonly isInExtension: boolean;
}

const depthMax = 64;
const elementsMax = 1_000_000;
/** Of one element; the messages of ISO 20022 have one or two, and a root its namespaces. */
const attributesMax = 64;
/** Characters of a name with its prefix; ISO 20022's own have 35 at most. */
const nameLengthMax = 100;
/** Characters before the root: a declaration and a comment. A document type is only told once it has ended. */
const prologLengthMax = 32 * 1024;
/** Slips that are passed over; each is an error with its stack. */
const slipsMax = 1_000;
/** Characters that are kept of one element's own text: the longest field that is read has 140, and a text is searched for ids. */
const textLengthMax = 64 * 1024;

/** What an extension of the bank's own stands in: its elements may be of any namespace, and nothing of them is read. */
const extension = 'Envlp';

/** The root. Throws a BadFile. */
export function readXml(content: string): XmlElement {
  const reader = new XmlReader();
  reader.write(content);
  return reader.end();
}

/** Reads a document in pieces of any size. Once a call has thrown (always a BadFile) it is of no further use. */
export class XmlReader {
  readonly #parser = new SaxesParser({ xmlns: true, position: false });
  readonly #tree = new Tree();
  #attributes = 0;
  /** What is being read, and how many lines and characters came before it. */
  #piece = '';
  #linesBefore = 0;
  #lengthBefore = 0;
  #isEnding = false;
  #slips = 0;
  /** Prefixes that nobody has declared, in the tag that is being read. */
  readonly #unbound = new Set<string>();

  constructor() {
    const parser = this.#parser;
    parser.on('error', ({ message }) => this.#fail(message));
    parser.on('doctype', () => {
      throw new BadFile('holds a document type or an entity of its own');
    });
    parser.on('opentagstart', ({ name }) => {
      this.#attributes = 0;
      if (this.#unbound.size > 0) this.#unbound.clear();
      assertShort(name);
    });
    parser.on('attribute', ({ name }) => {
      this.#attributes += 1;
      if (this.#attributes > attributesMax)
        throw new BadFile(`has an element of more than ${attributesMax} attributes`);
      assertShort(name);
    });
    parser.on('opentag', (tag) => {
      if (this.#unbound.size > 0 && this.#unbound.has(tag.prefix) && tag.uri === tag.prefix)
        throw new BadFile(`has an element of a prefix that is not declared: ${tag.name.slice(0, 80)}`);
      this.#tree.open(tag);
    });
    parser.on('closetag', () => this.#tree.close());
    parser.on('text', (text) => this.#tree.text(text));
    parser.on('cdata', (text) => this.#tree.text(text));
  }

  write(text: string): void {
    this.#piece = text.replaceAll(unfit, '\ufffd');
    this.#parser.write(this.#piece);
    this.#linesBefore += linesIn(this.#piece);
    this.#lengthBefore += this.#piece.length;
    if (!this.#tree.hasBegun() && this.#lengthBefore > prologLengthMax)
      throw new BadFile(
        /<!doctype/i.test(this.#piece)
          ? 'holds a document type or an entity of its own'
          : `has no element within its first ${prologLengthMax} characters`,
      );
    this.#piece = '';
  }

  end(): XmlElement {
    this.#isEnding = true;
    this.#parser.close();
    return this.#tree.end();
  }

  #line(): number {
    return 1 + this.#linesBefore + linesIn(this.#piece.slice(0, this.#parser.position - this.#lengthBefore));
  }

  #fail(problem: string): void {
    const prefix = /^unbound namespace prefix: "(.*)"\.$/s.exec(problem)?.[1];
    this.#slips += 1;
    if (this.#slips > slipsMax) throw new BadFile(`is not well-formed in more than ${slipsMax} places`);
    if (prefix !== undefined) this.#unbound.add(prefix);
    else if (!harmless.has(problem))
      throw new BadFile(this.#isEnding ? problemAtEnd(problem) : inWords(problem, this.#line()));
  }
}

/** Counted only where something is wrong, and once a piece: the parser's own count costs a fifth of its time. */
function linesIn(text: string): number {
  let lines = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) lines += 1;
  return lines;
}

/** Control characters, which XML does not have, and yet a converter of a bank may leave in a text. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const unfit = /[\u0001-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g;

const harmless: ReadonlySet<string> = new Set([
  'malformed comment.',
  'the string "]]>" is disallowed in char data.',
  'invalid attempt to undefine prefix in XML 1.0',
]);

/** What is wrong, as a reason reads on from the name of a file. */
function inWords(problem: string, line: number): string {
  const duplicate = /^duplicate attribute: (?:\{[^}]*\})?(.*)\.$/s.exec(problem)?.[1];
  if (duplicate !== undefined) return `is not well-formed in line ${line}: it has the attribute ${duplicate} twice`;
  if (/entity/.test(problem)) return 'uses an entity that XML does not have';
  if (/outside of root/.test(problem)) return 'is not well-formed: it has text beside its root';
  if (/only one root/.test(problem)) return 'has two roots';
  return `is not well-formed in line ${line}: ${problem.slice(0, 200)}`;
}

function problemAtEnd(problem: string): string {
  if (/root element/.test(problem)) return 'has no element';
  if (/outside of root/.test(problem)) return inWords(problem, 0);
  return 'is not well-formed: it ends within a tag, a comment, CDATA or an entity that never ends, or before an end tag';
}

function assertShort(name: string): void {
  if (name.length > nameLengthMax) throw new BadFile(`has a name of more than ${nameLengthMax} characters`);
}

/** The tree as it grows. */
class Tree {
  readonly #open: Open[] = [];
  #root: XmlElement | null = null;
  #elements = 0;

  open({ name, local, uri: namespace, attributes }: SaxesTagNS): void {
    const parent = this.#open.at(-1);
    this.#elements += 1;
    if (this.#elements > elementsMax) throw new BadFile(`has more than ${elementsMax} elements`);
    if (this.#open.length >= depthMax) throw new BadFile(`is deeper than ${depthMax} elements`);
    const { isInDocument = false, isInExtension = false } = parent ?? {};
    if (isInDocument && !isInExtension && namespace !== parent?.element.namespace)
      throw new BadFile(`has an element of another namespace: ${name.slice(0, 80)}`);
    const element = { name: local, namespace, children: [], text: '', currency: attributes['Ccy']?.value ?? null };
    if (parent === undefined) this.#root = element;
    else if (!isInExtension) parent.element.children.push(element);
    this.#open.push({
      element,
      isInDocument: isInDocument || local === 'Document',
      isInExtension: isInExtension || local === extension,
    });
  }

  close(): void {
    this.#open.pop();
  }

  hasBegun(): boolean {
    return this.#root !== null;
  }

  text(text: string): void {
    const parent = this.#open.at(-1);
    if (parent !== undefined) {
      const { length } = parent.element.text;
      if (length < textLengthMax) parent.element.text += text.slice(0, textLengthMax - length);
    } else if (text.trim() !== '') throw new BadFile('is not well-formed: it has text beside its root');
  }

  end(): XmlElement {
    if (this.#root === null) throw new BadFile('has no element');
    return this.#root;
  }
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
export function* within(
  element: XmlElement,
  isLeftOut: (element: XmlElement) => boolean = nothing,
): Generator<XmlElement> {
  const open = [element];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    if (isLeftOut(next)) continue;
    yield next;
    for (let index = next.children.length - 1; index >= 0; index--) {
      const child = next.children[index];
      if (child !== undefined) open.push(child);
    }
  }
}
