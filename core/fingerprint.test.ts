// Fingerprints are stored with the card: they must stay what they are. The values are those of the published hash (cyrb53).

import { expect, test } from 'vitest';
import { fingerprint } from './fingerprint.ts';

test.each([
  ['', 3_338_908_027_751_811],
  ['a', 7_929_297_801_672_961],
  ['b', 8_684_336_938_537_663],
  ['authorization-1', 1_660_601_470_278_971],
  ['ü€😀', 2_020_630_225_530_344],
  ['x'.repeat(255), 4_476_456_100_314_906],
])('of %j', (text, value) => {
  expect(fingerprint(text)).toBe(value);
});
