// What npm run load can start: a script with options of its own.

export interface LoadScript {
  /** In a few words, for --help. */
  readonly does: string;
  /** Reads its own words, and throws what is wrong with them. Returns whether everything held. */
  run(args: readonly string[]): Promise<boolean>;
}
