// The words of a command line, read the same way by every command.

/** Ends the process where there is nothing to run: with 0 and the help that was asked for, with 2 and what is wrong. */
export function wordsOf<W>(read: (args: readonly string[]) => W | null, help: string): W {
  try {
    const words = read(process.argv.slice(2));
    if (words !== null) return words;
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${help}\n`);
    process.exit(2);
  }
  process.stdout.write(`${help}\n`);
  process.exit(0);
}
