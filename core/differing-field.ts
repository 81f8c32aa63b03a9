// Where two plain JSON values differ: the same request key with another body is a conflict that names the field.

/** Path of the first difference, as `merchant.name`; null where the values are equal. */
export function differingField(before: unknown, after: unknown, path = ''): string | null {
  // JSON has no negative zero and no NaN: 0 and -0 are the same amount.
  if (before === after) return null;
  if (!isRecord(before) || !isRecord(after)) return path === '' ? 'body' : path;
  for (const key of new Set([...Object.keys(before), ...Object.keys(after)])) {
    const field = differingField(before[key], after[key], path === '' ? key : `${path}.${key}`);
    if (field !== null) return field;
  }
  return null;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
