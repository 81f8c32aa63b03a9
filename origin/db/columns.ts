// A batch's columns as one text each, for `unnest`: a thousand rows are then one statement with a dozen values. The driver's
// own arrays quote and escape every element; these are made of what needs none, which is several times faster.

/** For `::bigint[]` and other numbers. */
export function numberColumn(values: readonly (number | bigint | null)[]): string {
  return `{${values.map((value) => value ?? 'NULL').join(',')}}`;
}

/** For `::text[]` of ids, codes and names that we made or checked ourselves; anything else is refused, not escaped. */
export function wordColumn(values: readonly (string | null)[]): string {
  const words = values.map((value) => value ?? 'NULL').join(',');
  if (!/^[A-Za-z0-9_,]*$/.test(words)) throw new Error('a word column holds more than letters, digits and underscores');
  return `{${words}}`;
}

/** For `string_to_array($n, E'\n', '')::json[]`: JSON text never holds a line break of its own, so nothing is escaped. */
export function jsonColumn(texts: readonly (string | null)[]): string {
  return texts.map((text) => text ?? '').join('\n');
}

/** For `string_to_array($n, E'\n', '')`: texts of one line each, never empty; one with a line break is refused, not escaped. */
export function lineColumn(texts: readonly (string | null)[]): string {
  const lines = texts.map((text) => text ?? '').join('\n');
  if (lines.includes('\0') || lines.split('\n').length > Math.max(1, texts.length))
    throw new Error('a line column holds a text of more than one line');
  return lines;
}
