// OpenAPI's links: which operation can be called with what an answer brought. Found by name: an answer with `card_id` leads to every route
// that has `{card_id}`. For people at /docs, for generated clients, and for `npm run fuzz-api`, which reaches a route only with an id
// that there is.

import { type Json, schemaOf } from './json-schema.ts';
import type { Route } from './route.ts';

/** Where members of an answer are whose name is not the parameter's. */
const otherNames: Readonly<Record<string, string>> = { action: 'actions/0/name' };

interface Link {
  readonly operationId: string;
  readonly parameters: Readonly<Record<string, string>>;
  readonly requestBody?: Readonly<Record<string, string>>;
}

/** By the name of the operation that each leads to. */
export function linksOf(source: Route, routes: readonly Route[]): Record<string, Link> {
  const at = placesIn(source);
  const linked = routes.flatMap((target) => {
    const link = target === source ? null : linkTo(target, at);
    return link === null || leadsNowhereNew(source, target) ? [] : [[target.name, link] as const];
  });
  return Object.fromEntries(linked);
}

/** Members of the answer that say which one: a pointer to each, of a page those of its first item. */
function placesIn({ answers: { schema } }: Route): ReadonlyMap<string, string> {
  const members = schema === undefined ? {} : membersOf(schemaOf(schema, 'output'));
  const places = new Map(Object.keys(members).map((name) => [name, name]));
  for (const [name, member] of Object.entries(members)) {
    if (member['type'] !== 'array') continue;
    for (const inner of Object.keys(membersOf((member['items'] ?? {}) as Json)))
      if (!places.has(inner)) places.set(inner, `${name}/0/${inner}`);
  }
  for (const [name, place] of Object.entries(otherNames)) if ('actions' in members) places.set(name, place);
  return places;
}

function membersOf(schema: Json): Readonly<Record<string, Json>> {
  return (schema['properties'] ?? {}) as Readonly<Record<string, Json>>;
}

function linkTo({ name, path, query, body }: Route, at: ReadonlyMap<string, string>): Link | null {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, parameter = '']) => parameter);
  const wanted = [...inPath, ...(query === undefined ? [] : neededIds(schemaOf(query, 'input')))];
  const needed = body === undefined ? [] : neededIds(schemaOf(body, 'input'));
  const all = [...wanted, ...needed];
  if (all.length === 0 || !all.some((one) => one.endsWith('_id'))) return null;
  if (all.some((one) => !at.has(one))) return null;
  const expressions = (names: readonly string[]) =>
    Object.fromEntries(names.map((one) => [one, `$response.body#/${at.get(one)}`]));
  const requestBody = needed.length === 0 ? {} : { requestBody: expressions(needed) };
  return { operationId: name, parameters: expressions(wanted), ...requestBody };
}

function neededIds(schema: Json): string[] {
  return ((schema['required'] ?? []) as string[]).filter((name) => name.endsWith('_id'));
}

/**
 * Where the answer is of what the caller has named, its id is not news: those links stand where the id came from. And what is a dead
 * letter is found among the dead letters alone, though its id is a settlement's.
 */
function leadsNowhereNew(source: Route, target: Route): boolean {
  if (target.tag === 'dead letters' && source.tag !== 'dead letters') return true;
  const parameters = [...target.path.matchAll(/\{\w+\}/g)].map(([parameter]) => parameter);
  return parameters.length > 0 && parameters.every((parameter) => source.path.includes(parameter));
}
