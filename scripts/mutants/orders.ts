// What a test file is asked to try, and what it found. Handed over as plain JSON.

export interface Order {
  /** Of property tests that do not say it themselves. */
  readonly drawsMax: number;
  /** Above every mutant's number. */
  readonly size: number;
  /** By place of the test in its file: the mutants to try with it. */
  readonly ids: readonly (readonly number[])[];
  /** A mutant that is on from the start, before the file is imported; the tests then run once, as they are. */
  readonly on: number | null;
  /** How often the mutant that is on from the start may ask for the switch before it counts as endless. */
  readonly askedMax: number;
  /** Whether to see if a test can run twice. */
  readonly repeats: boolean;
  /** No mutant is begun later than this after the file's start. */
  readonly tryMs: number;
}

export interface TestTried {
  reached: number[];
  repeats: boolean;
  readonly killed: number[];
  readonly endless: number[];
  readonly survived: number[];
  readonly unsure: number[];
}

export interface FileTried {
  /** Reached while the file was imported and its tests collected: a constant, or a row of a table. */
  atImport: number[];
  asked: number;
  /** A mutant left something behind, so that the tests fail without it: what was not tried yet has to be tried anew. */
  isSpoiled: boolean;
  readonly tests: TestTried[];
}

declare module 'vitest' {
  interface ProvidedContext {
    mutants: Order;
  }
  interface TaskMeta {
    tried?: FileTried;
  }
}
