// The edge's secrets, held to one standard: each is strong, none is published, no two are alike, and a deployed edge has all that it needs.

import { createHash } from 'node:crypto';
import { alikeIn, isPublished, type NamedSecret, secretsIn, weaknessOf } from '../contracts/secret-strength.ts';

type Environment = 'development' | 'staging' | 'production';

interface Secrets {
  readonly ENVIRONMENT: Environment;
  readonly SECRETS_OF: Environment;
  readonly ORIGIN_URL: string;
  readonly INTERNAL_SECRET: string;
  readonly NATIVE_SECRETS: readonly string[];
  readonly MARQETA_USERNAME: string;
  readonly MARQETA_PASSWORD: string;
  readonly MARQETA_WEBHOOK_SECRET: string;
}

interface Problem {
  readonly name: keyof Secrets;
  readonly message: string;
}

/** What is wrong, without any value. */
export function secretProblems(settings: Secrets): Problem[] {
  const isDeployed = settings.ENVIRONMENT !== 'development';
  const { INTERNAL_SECRET, NATIVE_SECRETS, MARQETA_USERNAME, MARQETA_PASSWORD, MARQETA_WEBHOOK_SECRET } = settings;
  const secrets = [
    ...named('INTERNAL_SECRET', secretsIn(INTERNAL_SECRET)),
    ...named('NATIVE_SECRETS', NATIVE_SECRETS),
    ...named('MARQETA_PASSWORD', secretsIn(MARQETA_PASSWORD)),
    ...named('MARQETA_WEBHOOK_SECRET', secretsIn(MARQETA_WEBHOOK_SECRET)),
  ];
  const { ENVIRONMENT, SECRETS_OF } = settings;
  const problems: Problem[] = [];
  if (SECRETS_OF !== ENVIRONMENT)
    problems.push({ name: 'SECRETS_OF', message: `is ${SECRETS_OF} and ENVIRONMENT is ${ENVIRONMENT}` });
  for (const { name, secret } of secrets) {
    const weakness = weaknessOf(secret, { mayBeShort: !isDeployed });
    if (weakness !== null) problems.push({ name, message: `${weakness}; make a random one` });
  }
  const usernames = named('MARQETA_USERNAME', secretsIn(MARQETA_USERNAME));
  // One name may go with several passwords, and be given with each.
  const names = new Map(usernames.map((username) => [username.secret, username])).values();
  for (const [one, other] of alikeIn([...secrets, ...names])) {
    const what = one === other ? 'holds one secret twice' : `holds the same secret as ${one}`;
    problems.push({ name: other as Problem['name'], message: `${what}; make one for each purpose` });
  }
  if (usernames.length > 1 && usernames.length !== secretsIn(MARQETA_PASSWORD).length)
    problems.push({ name: 'MARQETA_USERNAME', message: 'must be one, or as many as there are passwords' });
  if (isDeployed) problems.push(...ofDeployed(settings, [...secrets, ...usernames]));
  return problems;
}

/** A name with a dot in it whose end is no number, so no address of a private network, and none that is not in the world's name service. */
const publicOrigin = /^https:\/\/[^:]+\.(?!local|internal|test|lan)[a-z][^.:]+(?::\d+)?\/?$/i;

function ofDeployed(
  { ORIGIN_URL, MARQETA_WEBHOOK_SECRET }: Secrets,
  secrets: readonly (NamedSecret & { name: keyof Secrets })[],
): Problem[] {
  const problems: Problem[] = secrets
    .filter(({ secret }) => isPublished(secret, sha256Hex))
    .map(({ name }) => ({ name, message: 'holds a demo value or a published one; set a secret of your own' }));
  if (secretsIn(MARQETA_WEBHOOK_SECRET).length === 0) {
    const message = "is not set; set the webhook's config.secret, so that nobody else can sign one";
    problems.push({ name: 'MARQETA_WEBHOOK_SECRET', message });
  }
  if (ORIGIN_URL !== '' && !publicOrigin.test(ORIGIN_URL))
    problems.push({
      name: 'ORIGIN_URL',
      message: 'must be https and a public name where it is deployed, or empty where the origin pulls',
    });
  return problems;
}

function named<N extends keyof Secrets>(name: N, secrets: readonly string[]): (NamedSecret & { name: N })[] {
  return secrets.map((secret) => ({ name, secret }));
}

function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
