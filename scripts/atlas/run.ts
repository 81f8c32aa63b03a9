// Finds the command in the words, and runs it. What only a command that runs needs is loaded then: perform.ts, with the API's client.

import { type Command, commonHelp, exits } from './command.ts';
import { commands } from './commands.ts';

/** Returns the exit code. */
export async function runAtlas(args: readonly string[]): Promise<number> {
  const listed = commandIn(args);
  if (listed === null) {
    const isAsked = args.length === 0 || args[0] === '--help' || args[0] === 'help';
    if (isAsked) process.stdout.write(`${overview()}\n`);
    else
      process.stderr.write(
        `atlas has no command ${args.filter((word) => !word.startsWith('-')).join(' ') || args[0]}\n\n${overview()}\n`,
      );
    return isAsked ? exits.well : exits.usedWrongly;
  }
  const rest = args.slice(listed.name.split(' ').length);
  const command = await listed.load();
  // Asked of by itself: a command whose words are not complete has a help too.
  if (rest.includes('--help')) {
    process.stdout.write(`${helpOf(command)}\n`);
    return exits.well;
  }
  let work: ReturnType<Command['read']>;
  try {
    work = command.read(rest);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${helpOf(command)}\n`);
    return exits.usedWrongly;
  }
  const { perform } = await import('./perform.ts');
  return await perform(work, rest);
}

function commandIn(args: readonly string[]) {
  const [first = '', second = ''] = args;
  return (
    commands.find(({ name }) => name === `${first} ${second}`) ?? commands.find(({ name }) => name === first) ?? null
  );
}

function overview(): string {
  const width = Math.max(...commands.map(({ name }) => name.length));
  const rows = commands.map(({ name, summary }) => `  ${name.padEnd(width)}   ${summary}`);
  return ['atlas <command> [options]', '', ...rows, '', commonHelp, 'atlas <command> --help says more.'].join('\n');
}

const helpOf = ({ help }: Command) => `${help}\n\n${commonHelp}`;
