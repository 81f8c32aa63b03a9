// What atlas verify does: the database that is meant, that it is the one of the URL that is given, and its proof.

import { openObjectStore, readS3Environment } from '../../../origin/object-store/open-object-store.ts';
import { databaseMeant, placeDefault, verifyingKeys } from '../../audit/place.ts';
import { proofInWords, proveDatabase } from '../../audit/proof.ts';
import { isSamePlace, portBaseWord } from '../../dev/home.ts';
import { systemHere } from '../../dev/running.ts';
import { type Found, Unreachable, UsedWrongly } from '../command.ts';
import type { Connection } from '../connection.ts';
import { assertSameSystem } from './same-system.ts';

interface Words {
  /** Of the checkpoints. */
  readonly place: string | null;
  /** Of --url. */
  readonly url: string | null;
}

export async function proved({ place: named, url: asked }: Words, connection: () => Connection): Promise<Found> {
  const place = named ?? placeDefault;
  const proving = settingsOf(place, asked);
  const isSystemNamed = asked !== null || portBaseWord() !== null || process.env['ATLAS_URL'];
  try {
    const compared = process.env['DATABASE_URL'] && isSystemNamed ? await assertSameSystem(proving, connection) : null;
    const report = await proveDatabase({ ...proving, place, isSigning: false });
    const notCompared = compared === null ? '' : `not compared       ${compared}\n`;
    return {
      text: `${proofInWords(report)}\n${notCompared}`,
      answer: { ...report, not_compared: compared },
      isWell: report.clean && report.witnessed,
    };
  } catch (error) {
    if (error instanceof UsedWrongly) throw error;
    throw new Unreachable(`nothing could be proved: ${error instanceof Error ? error.message : error}`);
  }
}

function settingsOf(place: string, asked: string | null) {
  try {
    const isKeyGiven = process.env['AUDIT_PUBLIC_KEY'] || process.env['AUDIT_SIGNING_KEY'];
    if (process.env['DATABASE_URL'] && !isKeyGiven)
      throw new Error('AUDIT_PUBLIC_KEY is not set: without it nobody can tell a checkpoint that you signed');
    if (!process.env['DATABASE_URL'] && asked !== null) assertHere(asked);
    const store = openObjectStore({ setting: '--checkpoints', place }, readS3Environment(process.env));
    return { ...databaseMeant(), store, keys: verifyingKeys() };
  } catch (error) {
    throw new UsedWrongly(error instanceof Error ? error.message : String(error));
  }
}

/** Without DATABASE_URL it would be the database of what runs here, whatever the URL says. */
function assertHere(asked: string): void {
  const { running } = systemHere();
  if (running !== null && isSamePlace(running.origin_url, asked)) return;
  throw new Error(
    `--url is ${asked}, and that is not the npm start which this command would take. Its database is needed: set DATABASE_URL to that, or name a system of npm start by --port-base N instead of --url`,
  );
}
