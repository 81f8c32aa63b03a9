// atlas verify: the ledger and the audit trail proved from the database itself. Asking the service whether the service was honest would
// prove nothing, so this reads the database, with a login that may only read.

import { type Command, wordsIn } from './command.ts';

export const verify: Command = {
  help: `atlas verify [--checkpoints PLACE]      the same as npm run audit -- verify, which can more (an export, signing, who read what)

  --checkpoints PLACE   a directory or s3://bucket/folder (AUDIT_CHECKPOINTS; default .atlas/checkpoints)

DATABASE_URL          the database: not by URL and key, since asking the service whether it was honest would prove nothing
AUDIT_PUBLIC_KEY      of the key that signs checkpoints; S3_ENDPOINT, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY for a bucket

The first line names the database. Where a URL is given too, and its newest audit events are not in that database, nothing is proved (2).
Reads whole tables in one snapshot. Found (1): something was changed, or no checkpoint has witnessed it.`,
  read(args) {
    const { values } = wordsIn(args, { options: { checkpoints: { type: 'string' } } as const });
    const words = {
      place: values.checkpoints ?? (process.env['AUDIT_CHECKPOINTS'] || null),
      url: values.url ?? null,
    };
    // The driver and the buckets' client are not needed to say what this is.
    return async (connection) => await (await import('./verify/prove.ts')).proved(words, connection);
  },
};
