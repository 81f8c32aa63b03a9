// The edge's secrets, held to one standard: each is strong, none is published, no two are alike, and a deployed edge has all that it needs.

import { createHash } from 'node:crypto';
import { alikeIn, isPublished, type NamedSecret, secretsIn, weaknessOf } from '../contracts/secret-strength.ts';
import type { Credentials, Problem } from './networks/network.ts';

interface Common {
  readonly ENVIRONMENT: string;
  readonly SECRETS_OF: string;
  readonly ORIGIN_URL: string;
  readonly INTERNAL_SECRET: string;
}

/** A name with a dot in it whose end is no number, so no address of a private network, and none that is not in the world's name service. */
const publicOrigin = /^https:\/\/[^:]+\.(?!local|internal|test|lan)[a-z][^.:]+(?::\d+)?\/?$/i;

/** What is wrong, without any value. */
export function secretProblems(settings: Common, networks: readonly Credentials[]): Problem[] {
  const { ENVIRONMENT, SECRETS_OF, ORIGIN_URL, INTERNAL_SECRET } = settings;
  const isDeployed = ENVIRONMENT !== 'development';
  const secrets: NamedSecret[] = [
    ...secretsIn(INTERNAL_SECRET).map((secret) => ({ name: 'INTERNAL_SECRET', secret })),
    ...networks.flatMap((network) => network.secrets),
  ];
  const logins = networks.flatMap((network) => network.logins);
  const problems: Problem[] = networks.flatMap((network) => network.problems);
  if (SECRETS_OF !== ENVIRONMENT)
    problems.push({ name: 'SECRETS_OF', message: `is ${SECRETS_OF} and ENVIRONMENT is ${ENVIRONMENT}` });
  for (const { name, secret } of secrets) {
    const weakness = weaknessOf(secret, { mayBeShort: !isDeployed });
    if (weakness !== null) problems.push({ name, message: `${weakness}; make a random one` });
  }
  // One name may go with several passwords, and be given with each.
  const names = new Map(logins.map((login) => [login.secret, login])).values();
  for (const [one, other] of alikeIn([...secrets, ...names])) {
    const what = one === other ? 'holds one secret twice' : `holds the same secret as ${one}`;
    problems.push({ name: other, message: `${what}; make one for each purpose` });
  }
  if (!isDeployed) return problems;
  for (const { name, secret } of [...secrets, ...logins])
    if (isPublished(secret, sha256Hex))
      problems.push({ name, message: 'holds a demo value or a published one; set a secret of your own' });
  if (ORIGIN_URL !== '' && !publicOrigin.test(ORIGIN_URL))
    problems.push({
      name: 'ORIGIN_URL',
      message: 'must be https and a public name where it is deployed, or empty where the origin pulls',
    });
  return problems;
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
