// Configuration of the witness: where hourly checkpoints of the audit trail are put, and the key that signs them.

import * as z from 'zod';
import { readSigningKeys } from './audit/signing-key.ts';
import { placeProblems, type S3Environment } from './object-store/open-object-store.ts';
import { diskProblems, folderProblem } from './places.ts';
import { placeSetting } from './setting-shapes.ts';

export const auditEnvironmentShape = {
  /** A directory, or `s3://bucket/folder`. */
  AUDIT_CHECKPOINTS: placeSetting.optional(),
  /** Ed25519: PKCS #8 in PEM, or its DER in base64. While it changes two with a space between them, the new one first. */
  AUDIT_SIGNING_KEY: z
    .string()
    .refine(
      areSigningKeys,
      'must be an Ed25519 private key, PKCS #8 in PEM or its DER in base64; or two different ones, the new one first',
    )
    .optional(),
} as const;

const shape = z.object(auditEnvironmentShape);

function areSigningKeys(given: string): boolean {
  try {
    return readSigningKeys('AUDIT_SIGNING_KEY', given).length <= 2;
  } catch {
    return false;
  }
}

/** What must be set together. */
export function auditProblems(config: z.infer<typeof shape> & S3Environment, production: boolean): string[] {
  const problems: string[] = [];
  if ((config.AUDIT_CHECKPOINTS === undefined) !== (config.AUDIT_SIGNING_KEY === undefined))
    problems.push('AUDIT_CHECKPOINTS and AUDIT_SIGNING_KEY: set both or neither');
  if (production && config.AUDIT_CHECKPOINTS === undefined)
    problems.push(
      "AUDIT_CHECKPOINTS: is not set, and nobody would witness the audit trail; name a directory or s3://bucket/folder that the database's owner cannot write to",
    );
  if (config.AUDIT_CHECKPOINTS !== undefined)
    problems.push(
      ...placeProblems({ setting: 'AUDIT_CHECKPOINTS', place: config.AUDIT_CHECKPOINTS }, config),
      ...diskProblems('AUDIT_CHECKPOINTS', folderProblem(config.AUDIT_CHECKPOINTS)),
    );
  return problems;
}
