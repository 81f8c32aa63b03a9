// atlas verify: the ledger and the audit trail proved from the database itself. Asking the service whether the service was honest would
// prove nothing, so this reads the database, with a login that may only read.

import { openObjectStore, readS3Environment } from '../../origin/object-store/open-object-store.ts';
import { databaseUrl, placeDefault, verifyingKey } from '../audit/place.ts';
import { type ProofReport, proofInWords, proveDatabase } from '../audit/proof.ts';
import { type Command, Unreachable, UsedWrongly, wordsIn } from './command.ts';

export const verify: Command = {
  help: `atlas verify [--checkpoints PLACE]      the same as npm run audit -- verify, which can more (an export, signing, who read what)

  --checkpoints PLACE   a directory or s3://bucket/folder (AUDIT_CHECKPOINTS; default .atlas/checkpoints)

DATABASE_URL          the database: not by URL and key, since asking the service whether it was honest would prove nothing
AUDIT_PUBLIC_KEY      of the key that signs checkpoints; S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY for a bucket

Reads whole tables in one snapshot. Found (1): something was changed, or no checkpoint has witnessed it.`,
  read(args) {
    const { values } = wordsIn(args, { options: { checkpoints: { type: 'string' } } as const });
    const place = values.checkpoints ?? (process.env['AUDIT_CHECKPOINTS'] || placeDefault);
    return async () => {
      const report = await prove(place);
      return { text: `${proofInWords(report)}\n`, answer: report, isWell: report.clean && report.witnessed };
    };
  },
};

async function prove(place: string): Promise<ProofReport> {
  const proving = settingsOf(place);
  try {
    return await proveDatabase({ ...proving, place, isSigning: false });
  } catch (error) {
    throw new Unreachable(`nothing could be proved: ${error instanceof Error ? error.message : error}`);
  }
}

function settingsOf(place: string) {
  try {
    const isKeyGiven = process.env['AUDIT_PUBLIC_KEY'] || process.env['AUDIT_SIGNING_KEY'];
    if (process.env['DATABASE_URL'] && !isKeyGiven)
      throw new Error('AUDIT_PUBLIC_KEY is not set: without it nobody can tell a checkpoint that you signed');
    const store = openObjectStore({ setting: '--checkpoints', place }, readS3Environment(process.env));
    return { url: databaseUrl(), store, key: verifyingKey() };
  } catch (error) {
    throw new UsedWrongly(error instanceof Error ? error.message : String(error));
  }
}
