// One TypeScript file, parsed once for all rules. Rules ask the syntax tree, never the text: a word in a comment or a string
// is no finding.

import { parseSync, Visitor } from 'vite';
import { lineAt, type RepositoryFile } from './finding.ts';

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** `value` exists at run time; `type` is erased; `reexport` passes something on. */
  readonly use: 'value' | 'type' | 'reexport';
}

export interface FunctionSpan {
  /** Null for a function that is handed to another as it is written, such as a test's body. */
  readonly name: string | null;
  readonly line: number;
  readonly lines: number;
}

export interface Source {
  readonly file: RepositoryFile;
  readonly imports: readonly Import[];
  readonly functions: readonly FunctionSpan[];
  /** The text with comments and the insides of strings and regular expressions blanked, every character at its place. */
  readonly code: string;
  readonly defaultExportLine: number | null;
  /** Line of the first `export * from`. */
  readonly exportAllLine: number | null;
  /** Whether the file does nothing but pass on what others export. */
  readonly isBarrel: boolean;
}

interface Span {
  readonly start: number;
  readonly end: number;
}

export function parseSource(file: RepositoryFile): Source {
  const { text, path } = file;
  const { program, module, comments, errors } = parseSync(path, text);
  const [error] = errors;
  if (error !== undefined) throw new Error(`${path}: ${error.message}`);

  const imports: Import[] = [];
  const add = (specifier: string, at: Span, use: Import['use']) =>
    imports.push({ specifier, line: lineAt(text, at.start), use });
  for (const statement of module.staticImports) {
    const erased = statement.entries.length > 0 && statement.entries.every((entry) => entry.isType);
    add(statement.moduleRequest.value, statement, erased ? 'type' : 'value');
  }
  const exported = module.staticExports.flatMap((statement) => statement.entries);
  for (const entry of exported) if (entry.moduleRequest !== null) add(entry.moduleRequest.value, entry, 'reexport');
  for (const { moduleRequest } of module.dynamicImports)
    add(text.slice(moduleRequest.start, moduleRequest.end).replace(/^['"`]|['"`]$/g, ''), moduleRequest, 'value');

  const lineOf = (span: Span | undefined) => (span === undefined ? null : lineAt(text, span.start));
  const blanks: Span[] = [...comments];
  const functions = walk(program, text, blanks);
  return {
    file,
    imports,
    functions,
    code: blanked(text, blanks),
    defaultExportLine: lineOf(exported.find((entry) => entry.exportName.kind === 'Default')),
    exportAllLine: lineOf(exported.find((entry) => entry.importName.kind.startsWith('All'))),
    isBarrel:
      program.body.length > 0 &&
      program.body.every(
        (node) =>
          node.type === 'ExportAllDeclaration' || (node.type === 'ExportNamedDeclaration' && node.source !== null),
      ),
  };
}

/** Collects the file's functions, and adds to `blanks` what is not code. */
function walk(program: ReturnType<typeof parseSync>['program'], text: string, blanks: Span[]): FunctionSpan[] {
  const names = new Map<number, string>();
  const functions: FunctionSpan[] = [];
  const named = (value: Span | null, name: Span) => {
    if (value !== null) names.set(value.start, text.slice(name.start, name.end));
  };
  const found = (node: Span & { id?: { name: string } | null }) => {
    const line = lineAt(text, node.start);
    const name = node.id?.name ?? names.get(node.start) ?? null;
    functions.push({ name, line, lines: lineAt(text, node.end) - line + 1 });
  };
  new Visitor({
    VariableDeclarator: (node) => named(node.init, node.id),
    Property: (node) => named(node.value, node.key),
    MethodDefinition: (node) => named(node.value, node.key),
    PropertyDefinition: (node) => named(node.value, node.key),
    FunctionDeclaration: found,
    FunctionExpression: found,
    ArrowFunctionExpression: found,
    Literal: (node) => {
      if (typeof node.value === 'string' || 'regex' in node) blanks.push(node);
    },
    TemplateElement: (node) => {
      blanks.push(node);
    },
  }).visit(program);
  return functions;
}

function blanked(text: string, spans: readonly Span[]): string {
  let code = '';
  let at = 0;
  for (const { start, end } of [...spans].sort((one, other) => one.start - other.start)) {
    if (start < at) continue;
    code += text.slice(at, start) + text.slice(start, end).replace(/[^\n]/g, ' ');
    at = end;
  }
  return code + text.slice(at);
}
