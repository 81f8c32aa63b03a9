// Mutants of any files, tried in a copy of the working tree that holds all of them, each behind a switch.

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Mutant } from './mutants-of.ts';
import type { Found, Outcome, Outcomes } from './outcomes.ts';
import { refusedByCompiler, Sandbox } from './sandbox.ts';
import { type Numbered, switched } from './switched.ts';
import { Trier } from './trier.ts';
import { type Room, RoomTrial } from './try-room.ts';

export interface House {
  /** Where the files are, and which of them a sandbox needs. */
  readonly root: string;
  readonly files: readonly string[];
  /** The compiler's project of a file. */
  readonly projectOf: (path: string) => string;
  /** By what the paths of its files begin with. */
  readonly rooms: Readonly<Record<string, Room>>;
}

export interface Trying {
  readonly outcomes: Outcomes;
  readonly onFound: (found: Found, left: number) => void;
  /** All of a file are found out, those that were known included. */
  readonly onFile: (path: string, found: readonly Found[]) => void;
  readonly onProgress: (text: string) => void;
  readonly before: () => void;
  readonly tryMs?: number;
  readonly timeoutMs?: number;
}

export async function tryAll(house: House, mutants: readonly Mutant[], trying: Trying): Promise<Found[]> {
  const textOf = (path: string) => readFileSync(join(house.root, path), 'utf8');
  const texts = new Map(mutants.map(({ path }) => [path, textOf(path)]));
  const found: Found[] = [];
  const left = mutants.filter((mutant) => {
    const known = trying.outcomes.of(mutant, texts.get(mutant.path) ?? '');
    if (known !== null) found.push(known);
    return known === null;
  });
  const keep = (mutant: Mutant, outcome: Outcome, killedBy: string | null) => {
    const one = { mutant, outcome, killedBy };
    trying.outcomes.keep(one, texts.get(mutant.path) ?? '');
    found.push(one);
    trying.onFound(one, mutants.length - found.length);
    const isOfFile = ({ path }: Mutant) => path === mutant.path;
    const ofFile = found.filter((other) => isOfFile(other.mutant));
    if (ofFile.length === mutants.filter(isOfFile).length) trying.onFile(mutant.path, ofFile);
  };
  const sandbox = new Sandbox(house.root, house.files);
  const trier = new Trier(sandbox.root);
  try {
    const compiled = withoutRefused(house, sandbox, left, (mutant) => keep(mutant, 'refused', null));
    const numbered = compiled.map((mutant, id) => ({ id, mutant }));
    for (const [path, ofFile] of Map.groupBy(numbered, ({ mutant }) => mutant.path))
      sandbox.write(path, switched(texts.get(path) ?? '', ofFile));
    for (const [prefix, room] of Object.entries(house.rooms)) {
      for (const test of room.tests) sandbox.withDraws(test, room.drawsMax);
      const ids = numbered.filter(({ mutant }) => mutant.path.startsWith(prefix)).map(({ id }) => id);
      const onOutcome = (id: number, outcome: Outcome, killedBy: string | null) =>
        keep((numbered[id] as Numbered).mutant, outcome, killedBy);
      const { onProgress, before, tryMs = 20_000, timeoutMs = 60_000 } = trying;
      const { root } = sandbox;
      const size = numbered.length;
      const nameOf = (id: number) => numbered[id]?.mutant.path.replace(/\.ts$/, '') ?? '';
      const given = { trier, root, size, nameOf, before, onOutcome, onProgress, tryMs, timeoutMs };
      await new RoomTrial(room, given, ids).run();
    }
    return found;
  } finally {
    trier.close();
    sandbox.remove();
  }
}

function withoutRefused(
  house: House,
  sandbox: Sandbox,
  mutants: readonly Mutant[],
  onRefused: (mutant: Mutant) => void,
): Mutant[] {
  return [...Map.groupBy(mutants, ({ path }) => path)].flatMap(([path, ofFile]) => {
    const refused = refusedByCompiler(sandbox, house.projectOf(path), ofFile);
    for (const mutant of refused) onRefused(mutant);
    return ofFile.filter((mutant) => !refused.has(mutant));
  });
}
