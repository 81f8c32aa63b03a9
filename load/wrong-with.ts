// Whether an answer of the API is the one that was asked for. Imports nothing, because k6 runs it too.

export interface Expected {
  readonly status: number;
  /** Members of the body that are known beforehand: `{ amount_minor: 12, reference: 'run 7' }`. */
  readonly members: Readonly<Record<string, string | number>>;
}

/** In a few words; null: it is the right answer. `body` is its text, null where none came. */
export function wrongWith(
  { status, body }: { readonly status: number; readonly body: string | null },
  expected: Expected,
): string | null {
  if (status !== expected.status) return `status ${status} instead of ${expected.status}`;
  let said: unknown;
  try {
    said = JSON.parse(body ?? '');
  } catch {
    return 'a body that is no JSON';
  }
  if (typeof said !== 'object' || said === null) return 'a body that is no object';
  const members = said as Readonly<Record<string, unknown>>;
  for (const [name, value] of Object.entries(expected.members))
    if (members[name] !== value) return `${name} ${JSON.stringify(members[name])} instead of ${JSON.stringify(value)}`;
  return null;
}
