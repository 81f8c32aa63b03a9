// Runs inside a command before anything else: sets the switch that `switched.ts` puts into the code by the environment. With
// MUTANTS_SEEN, a file, it writes there at the end which mutants the command came by, as JSON.

import { writeFileSync } from 'node:fs';

const on = Number(process.env['MUTANT'] ?? '-1');
const place = process.env['MUTANTS_SEEN'];
const seen = new Set<number>();

function isOn(id: number): boolean {
  if (place !== undefined) seen.add(id);
  return id === on;
}

Object.assign(globalThis, { __m: isOn });
if (place !== undefined) process.on('exit', () => writeFileSync(place, JSON.stringify([...seen])));
