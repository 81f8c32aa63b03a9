// The mutants of one file: every place where a small change of the code should be noticed by a test, and the change. Found in the
// syntax tree, never in the text. Left out, because no test should depend on them: types, imports, what errors and logs say.

import { parseSync, Visitor } from 'vite';
import { lineAt } from '../tidy/finding.ts';

export interface Mutant {
  readonly path: string;
  readonly line: number;
  /** The line as it stands, without its indentation. */
  readonly code: string;
  /** What is done, such as `< → <=`. */
  readonly change: string;
  readonly start: number;
  readonly end: number;
  readonly replacement: string;
  /** The smallest whole expression or statement around the change: what a switch can choose between. */
  readonly place: Span;
  readonly isStatement: boolean;
}

export interface Span {
  readonly start: number;
  readonly end: number;
}

type Node<T extends keyof VisitorObject> = Parameters<NonNullable<VisitorObject[T]>>[0];
type VisitorObject = ConstructorParameters<typeof Visitor>[0];

const binaryChanges: Readonly<Record<string, readonly string[]>> = {
  '<': ['<=', '>='],
  '<=': ['<', '>'],
  '>': ['>=', '<='],
  '>=': ['>', '<'],
  '===': ['!=='],
  '!==': ['==='],
  '+': ['-'],
  '-': ['+'],
  '*': ['/'],
  '/': ['*'],
  '%': ['*'],
};
const assignmentChanges: Readonly<Record<string, string>> = {
  '+=': '-=',
  '-=': '+=',
  '||=': '=',
  '&&=': '=',
  '??=': '=',
};
const methodChanges: Readonly<Record<string, string>> = {
  min: 'max',
  max: 'min',
  some: 'every',
  every: 'some',
  floor: 'ceil',
  ceil: 'floor',
};

class Collector {
  readonly mutants: Mutant[] = [];
  readonly #path: string;
  readonly #text: string;
  /** Spans in which nothing is changed. */
  readonly #quiet: Span[] = [];
  /** By a link of a chain such as `a?.b.c`, the whole chain: `(a?.b).c` would be other code. */
  readonly #chains = new Map<string, Span>();

  constructor(path: string, text: string) {
    this.#path = path;
    this.#text = text;
  }

  leaveOut({ start, end }: Span): void {
    this.#quiet.push({ start, end });
  }

  textOf({ start, end }: Span): string {
    return this.#text.slice(start, end);
  }

  linkOf(chain: Span, { start, end }: Span): void {
    this.#chains.set(`${start}-${end}`, chain);
  }

  add(
    { start, end }: Span,
    replacement: string,
    more: { change?: string; in?: Span; isStatement?: boolean } = {},
  ): void {
    const line = lineAt(this.#text, start);
    const code = this.#text.split('\n')[line - 1]?.trim() ?? '';
    const from = this.textOf({ start, end });
    const change = more.change ?? `${shortened(from)} → ${shortened(replacement)}`;
    const around = more.in ?? { start, end };
    const { start: first, end: last } = this.#chains.get(`${around.start}-${around.end}`) ?? around;
    const place = { start: first, end: last };
    const { isStatement = false } = more;
    this.mutants.push({ path: this.#path, line, code, change, start, end, replacement, place, isStatement });
  }

  /** The sign between the two operands of a node. */
  between(node: Span & { left: Span; right: Span }, from: string, to: string): void {
    const at = this.#text.indexOf(from, node.left.end);
    if (at >= node.left.end && at < node.right.start) this.add({ start: at, end: at + from.length }, to, { in: node });
  }

  found(): Mutant[] {
    const isQuiet = ({ start, end }: Mutant) => this.#quiet.some((span) => span.start <= start && end <= span.end);
    return this.mutants.filter((mutant) => !isQuiet(mutant)).sort((one, other) => one.start - other.start);
  }
}

export function mutantsOf(path: string, text: string): Mutant[] {
  const { program, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);
  const found = new Collector(path, text);
  new Visitor({ ...quietNodes(found), ...expressions(found), ...statements(found) }).visit(program);
  return found.found();
}

function quietNodes(found: Collector): VisitorObject {
  const leaveOut = (node: Span) => found.leaveOut(node);
  return {
    ImportDeclaration: leaveOut,
    ExportAllDeclaration: leaveOut,
    TSTypeAnnotation: leaveOut,
    TSTypeAliasDeclaration: leaveOut,
    TSInterfaceDeclaration: leaveOut,
    TSTypeParameterInstantiation: leaveOut,
    TSTypeParameterDeclaration: leaveOut,
    TSAsExpression: (node) => leaveOut(node.typeAnnotation),
    TSSatisfiesExpression: (node) => leaveOut(node.typeAnnotation),
    NewExpression: (node) => {
      if (found.textOf(node.callee).endsWith('Error')) leaveOut(node);
    },
    ThrowStatement: (node) => leaveOut(node.argument),
  };
}

function expressions(found: Collector): VisitorObject {
  return {
    BinaryExpression: (node) => {
      if (node.operator === '+' && isText(found, node)) return;
      for (const to of binaryChanges[node.operator] ?? []) found.between(node, node.operator, to);
    },
    LogicalExpression: (node) => {
      if (node.operator === '??') found.add(node, found.textOf(node.left), { change: 'without its ?? default' });
      else found.between(node, node.operator, node.operator === '&&' ? '||' : '&&');
    },
    AssignmentExpression: (node) => {
      const to = assignmentChanges[node.operator];
      if (to !== undefined) found.between(node, node.operator, to);
    },
    UpdateExpression: (node) => {
      const text = found.textOf(node);
      found.add(node, node.operator === '++' ? text.replace('++', '--') : text.replace('--', '++'));
    },
    UnaryExpression: (node) => {
      if (node.operator === '!') found.add(node, found.textOf(node.argument));
      if (node.operator === '-' && node.argument.type !== 'Literal') found.add(node, found.textOf(node.argument));
    },
    ConditionalExpression: (node) => conditioned(found, node.test),
    ChainExpression: (node) => {
      let link: Span | null = node.expression;
      while (link !== null) {
        found.linkOf(node, link);
        link = nextLink(link as Node<'ChainExpression'>['expression']);
      }
    },
    MemberExpression: (node) => {
      if (!node.optional) return;
      const [object, member] = [found.textOf(node.object), found.textOf({ start: node.object.end, end: node.end })];
      const without = node.computed ? member.replace('?.', '') : member.replace('?.', '.');
      found.add(node, object + without, { change: 'without ?.' });
    },
    CallExpression: (node) => {
      const { callee } = node;
      if (found.textOf(callee).startsWith('console.')) return found.leaveOut(node);
      if (callee.type !== 'MemberExpression' || callee.computed) return;
      const to = methodChanges[found.textOf(callee.property)];
      if (to !== undefined) found.add(callee.property, to, { in: node });
    },
    ArrayExpression: (node) => {
      if (node.elements.length > 0) found.add(node, '[]');
    },
    Literal: (node) => literal(found, node),
  };
}

/** What a link of a chain hangs on, where that is a link as well. */
function nextLink(link: Node<'ChainExpression'>['expression']): Span | null {
  if (link.type === 'CallExpression') return link.callee;
  return link.type === 'MemberExpression' ? link.object : null;
}

function literal(found: Collector, node: Node<'Literal'>): void {
  const { value } = node;
  if (typeof value === 'boolean') found.add(node, String(!value));
  if (typeof value === 'number') found.add(node, String(value + 1));
  if (typeof value === 'string' && value !== '') found.add(node, "''");
}

function statements(found: Collector): VisitorObject {
  return {
    IfStatement: (node) => conditioned(found, node.test),
    WhileStatement: (node) => found.add(node.test, 'false'),
    ExpressionStatement: (node) => {
      if (!('directive' in node) || node.directive === null || node.directive === undefined)
        found.add(node, ';', { change: `without ${shortened(found.textOf(node))}`, isStatement: true });
    },
    ContinueStatement: (node) => found.add(node, ';', { isStatement: true }),
    BreakStatement: (node) => found.add(node, ';', { isStatement: true }),
    Property: (node) => {
      // Names of properties are no values.
      if (!node.computed) found.leaveOut(node.key);
    },
  };
}

function conditioned(found: Collector, test: Span): void {
  found.add(test, 'true');
  found.add(test, 'false');
}

/** A sum with a text in it puts texts together. */
function isText(found: Collector, { left, right }: Node<'BinaryExpression'>): boolean {
  return [left, right].some((side) => /^['"`]/.test(found.textOf(side)));
}

function shortened(text: string): string {
  const line = text.replace(/\s+/g, ' ');
  return line.length > 60 ? `${line.slice(0, 57)}…` : line;
}

export function mutated(text: string, { start, end, replacement }: Mutant): string {
  return text.slice(0, start) + replacement + text.slice(end);
}
