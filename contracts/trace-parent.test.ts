import { describe, expect, test } from 'vitest';
import { traceParentOf, tracesIn } from './trace-parent.ts';

const good = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('a traceparent', () => {
  test('of version 00 comes through as it is, sampled or not', () => {
    expect(traceParentOf(good)).toBe(good);
    expect(traceParentOf(good.replace(/01$/, '00'))).toBe(good.replace(/01$/, '00'));
  });

  test('whose trace has the digits of a card by chance is one all the same', () => {
    const chance = '00-89fdb6689040676802649ae22e44b935-00f067aa0ba902b7-01';
    expect(traceParentOf(chance)).toBe(chance);
  });

  test.each([
    ['nothing', undefined],
    ['null', null],
    ['no text', 7],
    ['an empty text', ''],
    ['a version that nobody has written yet', good.replace(/^00/, '01')],
    ['the version that W3C forbids', good.replace(/^00/, 'ff')],
    ['a trace of zeros', `00-${'0'.repeat(32)}-00f067aa0ba902b7-01`],
    ['a span of zeros', `00-4bf92f3577b34da6a3ce929d0e0e4736-${'0'.repeat(16)}-01`],
    ['capital letters', good.toUpperCase()],
    ['one with something after it', `${good}-more`],
    ['two in one header', `${good}, ${good}`],
    ['one with a line break, for whoever writes it into a log', `${good}\n`],
    ['a card number', '4111111111111111'],
    ['one with a card number in its trace', `00-${'4111111111111111'.padStart(32, '0')}-00f067aa0ba902b7-01`],
    ['one with a card number for its span', '00-4bf92f3577b34da6a3ce929d0e0e4736-4111111111111111-01'],
    ['a megabyte', good + '0'.repeat(1024 * 1024)],
  ])('is not %s', (_, text) => {
    expect(traceParentOf(text)).toBeNull();
  });
});

describe('the traces of a queue message', () => {
  test('are all that its events name, two at most of each', () => {
    const other = good.replace('4bf9', '4bfa');
    expect(tracesIn({ 7: good, 8: `${good} ${other} ${other}` })).toEqual([good, good, other]);
  });

  test.each([
    undefined,
    null,
    'text',
    7,
    [],
    [[]],
    { 7: 7 },
    { 7: null },
    { 7: 'no trace' },
    { 7: ` ${'x'.repeat(1_000)}` },
  ])('are none in %j', (traces) => {
    expect(tracesIn(traces)).toEqual([]);
  });
});
