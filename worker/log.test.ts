// The edge's lines: one JSON object each, and of the corpus of card numbers none survives in one (I16).

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { holdsCardNumber } from '../contracts/card-numbers/card-numbers.ts';
import { eachCardText } from '../contracts/testing/sample-card-texts.ts';
import { logEvent } from './log.ts';

let lines: string[];
beforeEach(() => {
  lines = [];
  for (const level of ['info', 'warn', 'error'] as const)
    vi.spyOn(console, level).mockImplementation((line) => lines.push(String(line)));
});
afterEach(() => {
  vi.restoreAllMocks();
});

describe('a line of the edge', () => {
  test('is one JSON object with level, event and fields', () => {
    logEvent('warn', 'authorization_stood_in', {
      network: 'native',
      trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
      tries: 2,
    });
    expect(lines).toEqual([
      '{"level":"warn","event":"authorization_stood_in","network":"native","trace_id":"4bf92f3577b34da6a3ce929d0e0e4736","tries":2}',
    ]);
  });

  test('holds no card number of the whole corpus', () => {
    const corpus = eachCardText();
    for (const { text } of corpus) logEvent('error', 'request_failed', { error: `Error: ${text}` });
    expect(lines).toHaveLength(corpus.length);
    const digitsOf = (line = '') => line.normalize('NFKC').replaceAll(/\D/g, '');
    const survivors = corpus.filter(
      ({ card }, index) => holdsCardNumber(lines[index] ?? card) || digitsOf(lines[index]).includes(card),
    );
    expect(survivors).toEqual([]);
  });
});
