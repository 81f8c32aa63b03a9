// Property tests draw new cases each run, and fast-check prints the seed where one fails. `SEED=… npm test` draws that one again.

import fc from 'fast-check';

const given = process.env['SEED'];
if (given !== undefined) {
  const seed = Number(given);
  if (!Number.isSafeInteger(seed)) throw new Error(`SEED must be an integer, not ${given}`);
  fc.configureGlobal({ seed });
  console.log(`property tests: SEED=${seed}`);
}
