// The document with ids of the system that runs in it: of each parameter that is an id, those that its listings have, beside any that
// only look like one. Made-up ids alone would meet 404 and no code behind it.

type Node = Readonly<Record<string, unknown>>;
export interface Documented {
  readonly name: string;
  readonly in: string;
  readonly schema: Node;
}
export interface Document extends Node {
  readonly paths: Readonly<
    Record<string, Readonly<Record<string, Node & { readonly parameters: readonly Documented[] }>>>
  >;
}
type Get = (path: string) => Promise<unknown>;
type Ids = Map<string, Set<string>>;

/** Of each name: enough that what one call takes away leaves others. */
const ofEachMax = 10;

export async function withKnownIds(document: Document, get: Get): Promise<Document> {
  const ids: Ids = new Map();
  const gettable = Object.entries(document.paths).flatMap(([path, methods]) => ('get' in methods ? [path] : []));
  // What lists at a path of its own needs the ids of what is listed without one.
  for (const path of gettable.toSorted((one, other) => placesIn(one).length - placesIn(other).length)) {
    const filled = path.replaceAll(/\{(\w+)\}/g, (place, name: string) => [...(ids.get(name) ?? [])][0] ?? place);
    if (!filled.includes('{')) collect(await get(filled), ids);
  }
  const paths = Object.fromEntries(
    Object.entries(document.paths).map(([path, methods]) => [
      path,
      Object.fromEntries(
        Object.entries(methods).map(([method, operation]) => [
          method,
          { ...operation, parameters: operation.parameters.map((parameter) => withIds(parameter, ids)) },
        ]),
      ),
    ]),
  );
  return { ...document, paths };
}

function placesIn(path: string): string[] {
  return path.match(/\{\w+\}/g) ?? [];
}

function collect(value: unknown, ids: Ids): void {
  if (Array.isArray(value)) for (const member of value) collect(member, ids);
  else if (typeof value === 'object' && value !== null)
    for (const [name, member] of Object.entries(value)) {
      if (name.endsWith('_id') && typeof member === 'string') {
        const known = ids.get(name) ?? new Set();
        if (known.size < ofEachMax) known.add(member);
        ids.set(name, known);
      } else collect(member, ids);
    }
}

function withIds(parameter: Documented, ids: Ids): Documented {
  const known = [...(ids.get(parameter.name) ?? [])];
  const [first] = known;
  if (parameter.in !== 'path' || first === undefined) return parameter;
  return { ...parameter, schema: { anyOf: [{ enum: known }, parameter.schema] }, example: first } as Documented;
}
