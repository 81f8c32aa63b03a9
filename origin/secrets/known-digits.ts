// Digits that anybody can look up or work out, by which people who need "something random" help themselves: those of π, e and the like, in decimal
// and hexadecimal, and the time of day.

const digitsMax = 400;
const [guard, scale] = [20, 10n ** BigInt(digitsMax + 20)];

/** arctan(1/n) by its series, in `scale`. */
function arctanOfPart(n: bigint): bigint {
  let sum = 0n;
  let power = scale / n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += (k % 4n === 1n ? power : -power) / k;
    power /= n * n;
  }
  return sum;
}

function rootOf(n: bigint): bigint {
  const square = n * scale * scale;
  let root = BigInt(Math.floor(Math.sqrt(Number(n)) * 1e6)) * (scale / 1_000_000n) + scale;
  for (let next = (root + square / root) / 2n; next < root; next = (root + square / root) / 2n) root = next;
  return root;
}

function seriesOf(
  next: (term: bigint, k: bigint) => bigint,
  first: bigint,
  sumOf = (term: bigint, _k: bigint) => term,
): bigint {
  let sum = 0n;
  let term = first;
  for (let k = 1n; term !== 0n; k++) {
    sum += sumOf(term, k);
    term = next(term, k);
  }
  return sum;
}

function constants(): bigint[] {
  const pi = 4n * (4n * arctanOfPart(5n) - arctanOfPart(239n));
  const e = seriesOf((term, k) => term / k, scale);
  const ln2 = seriesOf(
    (term) => term / 2n,
    scale / 2n,
    (term, k) => term / k,
  );
  const roots = [2n, 3n, 5n, 7n, 11n].map(rootOf);
  return [pi, 2n * pi, e, ln2, (scale + rootOf(5n)) / 2n, ...roots];
}

/** As it is written in base 10, and in base 16 as programs' constants are. */
function written(value: bigint): string[] {
  const decimal = value.toString().slice(0, -guard);
  let hexadecimal = (value / scale).toString(16);
  let rest = value % scale;
  for (let place = 0; place < digitsMax / 2; place++) {
    rest *= 16n;
    hexadecimal += (rest / scale).toString(16);
    rest %= scale;
  }
  return [decimal, hexadecimal];
}

const allDigits = [...constants().flatMap(written), '0123456789abcdef'.repeat(2), 'fedcba9876543210'.repeat(2)].join(
  ' ',
);

/** Fewer stand somewhere among so many by chance. */
const lengthMin = 6;

/** How many digits of `text` from `at` on are a piece of one of them. */
export function knownDigitsAt(text: string, at: number): number {
  let length = lengthMin;
  let place = allDigits.indexOf(text.slice(at, at + length));
  if (place === -1 || text.length < at + length) return 0;
  while (at + length < text.length) {
    const longer = allDigits.indexOf(text.slice(at, at + length + 1), place);
    if (longer === -1) break;
    place = longer;
    length++;
  }
  return length;
}

/**
 * An instant of these years: a day as ISO 8601 has it (with or without its signs), more of it the same way, or seconds since 1970 with up to nine
 * more digits. Whoever tries all of one day in seconds has 86,400.
 */
const instant =
  /(?:19[5-9]|20[0-4])\d([-/.]?)(?:0[1-9]|1[0-2])\1(?:0[1-9]|[12]\d|3[01])(?:[t _-]?(?:[01]\d|2[0-3])[:h.-]?[0-5]\d(?:[:m.-]?[0-5]\d)?(?:[.,]?\d{3})?z?)?|1[4-9]\d{8}(?:000|\d{3}){0,3}/y;

/** How many characters of it are one; 0: none. */
export function instantAt(text: string, at: number): number {
  instant.lastIndex = at;
  return instant.test(text) ? instant.lastIndex - at : 0;
}
