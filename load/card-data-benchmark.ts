// What the search for card numbers costs, and how often it is wrong: time for a usual message and for the worst texts of 64 KiB, and
// the rates of false alarms by class that docs/decisions/0017 publishes.

import { randomInt } from 'node:crypto';
import { holdsCardNumber, maskCardNumbers } from '../contracts/card-numbers/card-numbers.ts';
import { eachCardText } from '../contracts/testing/sample-card-texts.ts';
import { otherTexts } from '../contracts/testing/sample-other-texts.ts';
import { tokenShapes } from '../contracts/testing/sample-tokens.ts';
import { gatewayMessage } from '../scripts/marqeta-messages.ts';
import { rounded } from './statistics.ts';

const messageLength = 2_048;
const longLength = 65_536;
/** A million of all shapes. */
const tokensPerShape = 72_000;

/** Units that make the search look at every digit, at every window, or unescape every character. */
const worstUnits = [
  '4',
  '5',
  '5 ',
  '5,',
  '4\u200b',
  '\uff14',
  '\u0664',
  '\u{1d7d2}',
  '%34',
  '%D9%A4',
  '&#52;',
  '\\u0034',
  '&a',
  '4&a',
  '&zwj;4',
  '4%',
  '4<b>',
  '<b',
  '4<a',
  '"4',
  '4, ',
  '6759 6759 6759 6750',
  '-',
  '\u00e9',
];

export function measureCardData(progress: (line: string) => void) {
  progress('card-data: the time of a usual message, of the worst texts, and the rates of false alarms');
  const gateway = gatewayMessage({ cardToken: 'card', amount: '10.00' });
  const message = asOneText(gateway, messageLength);
  const worst = worstUnits.map((unit) => {
    const text = asOneText(unit, longLength);
    return { unit, ms: bestMs(() => maskCardNumbers(text), 30) };
  });
  const slowest = worst.reduce((before, one) => (one.ms > before.ms ? one : before));
  const cards = eachCardText();
  const shapes = tokenShapes((end) => randomInt(end));
  return {
    card_data: {
      message_2kb_us: rounded(bestMs(() => times(100, () => holdsCardNumber(message)), 100) * 10, 2),
      worst_64kib_ms: rounded(slowest.ms, 2),
      worst_64kib_of: slowest.unit,
      cards: cards.length,
      missed: cards.filter(({ text }) => !holdsCardNumber(text)).length,
      tokens: tokensPerShape * Object.keys(shapes).length,
      tokens_refused: Object.values(shapes).reduce(
        (sum, make) => sum + Array.from({ length: tokensPerShape }, make).filter(holdsCardNumber).length,
        0,
      ),
      false_alarms_percent: Object.fromEntries(
        otherTexts().map(({ name, comes, texts }) => {
          const alarms = texts.filter(holdsCardNumber).length;
          return [`${name} (${comes})`, rounded((alarms / texts.length) * 100, 1)];
        }),
      ),
    },
  };
}

/** Of characters in a row, as what was received and decoded is: not put together of parts, which costs at each look. */
function asOneText(unit: string, length: number): string {
  return Buffer.from(unit.repeat(Math.ceil(length / unit.length)).slice(0, length)).toString();
}

function times(count: number, run: () => unknown): void {
  for (let time = 0; time < count; time++) run();
}

/** The best of many: what it costs where nobody else takes the machine. */
function bestMs(run: () => unknown, rounds: number): number {
  let best = Number.POSITIVE_INFINITY;
  for (let round = 0; round < rounds; round++) {
    const startMs = performance.now();
    run();
    best = Math.min(best, performance.now() - startMs);
  }
  return best;
}
