// atlas doctor: looks at everything that a deployment stands on and names what to do about what is wrong. It changes nothing.

import { howToStart, portBaseDefault } from '../dev/home.ts';
import { systemHere } from '../dev/running.ts';
import { type Command, type Found, wholeNumber, wordsIn } from './command.ts';
import { type Connection, NothingHere } from './connection.ts';
import { type Check, notLookedAt } from './doctor/check.ts';
import { lines, table } from './shown.ts';

export const doctor: Command = {
  help: `atlas doctor      looks at everything that a deployment stands on, and changes nothing

  --edge-url URL    the edge (ATLAS_EDGE_URL)

DATABASE_URL      set: migrations, roles, clock and durability of the database too
INTERNAL_SECRET or API_KEY set: the origin's whole configuration too, as npm run secrets -- check does
Where neither a URL nor a running npm start is there, only this machine is looked at, and the ports that npm start would take.
Of the queues it says what the origin's health does: atlas queue status has more.

Found (1): something is wrong; 3 where origin, edge or database does not answer. What was not looked at is said, and is no finding.`,
  read(args) {
    const { values } = wordsIn(args, { options: { 'edge-url': { type: 'string' } } as const });
    const portBase = wholeNumber('port-base', values['port-base']) ?? portBaseDefault;
    return (connection) => run(connection, portBase);
  },
};

async function run(connection: () => Connection, portBase: number): Promise<Found> {
  const { looks } = await import('./doctor/looks.ts');
  const deployment = deploymentOf(connection);
  const checks = [
    looks.node(),
    ...(deployment === null
      ? [...(await looks.ports(portBase)), notLookedAt('origin', `nothing runs here: ${howToStart()}, or --url`)]
      : [...(await looks.origin(deployment)), ...(await looks.edge(deployment)), ...(await looks.clocks(deployment))]),
    ...(await looks.database(databaseUrl(deployment))),
    ...looks.secrets(process.env),
  ];
  const isAway = checks.some(({ outcome }) => outcome === 'unreachable');
  const wrongs = checks.filter(({ outcome }) => isWrong(outcome)).length;
  const verdict = wrongs === 0 ? 'Nothing is wrong that was looked at.' : `${wrongs} of ${checks.length} are wrong.`;
  return {
    text: lines([...shown(checks), '', verdict]),
    answer: { checks, wrong: wrongs },
    isWell: wrongs === 0,
    ...(isAway ? { end: 'unreachable' } : {}),
  };
}

const isWrong = (outcome: Check['outcome']) => outcome === 'wrong' || outcome === 'unreachable';

/** Null: nothing is named, and nothing runs. What is named by half is still used wrongly. */
function deploymentOf(connection: () => Connection): Connection | null {
  try {
    return connection();
  } catch (error) {
    if (!(error instanceof NothingHere)) throw error;
    return null;
  }
}

/** Of the running npm start only where that is what is asked. */
function databaseUrl(deployment: Connection | null): string | undefined {
  const { running } = systemHere();
  return process.env['DATABASE_URL'] || (running?.origin_url === deployment?.url ? running?.database_url : undefined);
}

function shown(checks: readonly Check[]): string[] {
  const rows = table(
    checks.map(({ outcome, name, says }) => [isWrong(outcome) ? outcome.toUpperCase() : outcome, name, says]),
  );
  return checks.flatMap(({ fix }, at) => [rows[at] ?? '', ...(fix === null ? [] : [`                 → ${fix}`])]);
}
