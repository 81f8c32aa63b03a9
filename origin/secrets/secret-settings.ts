// The settings that hold secrets: read from the environment or from files, and held to one standard of strength. A new secret is a row
// here, and in the table of docs/operating.md (a test compares the two).

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { alikeIn, isPublished, type NamedSecret, readingsOf, weaknessOf } from '../../contracts/secret-strength.ts';
import { bitsToSpell, readsLikeWords } from './guessable.ts';
import { shownSettings } from './shown-key.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

interface SecretSetting {
  /** `ours`: made by us, held to its strength everywhere. `theirs`: given by somebody else, looked at in production. */
  readonly madeBy: 'ours' | 'theirs';
  /** What separates several, for as long as a change takes. Null: it holds one, and its owner keeps two. */
  readonly separator: RegExp | null;
}

const space = /\s+/;
const spaceOrComma = /[\s,]+/;

export const secretSettings = {
  API_KEY: { madeBy: 'ours', separator: space },
  INTERNAL_SECRET: { madeBy: 'ours', separator: space },
  WEBHOOK_SECRETS_KEY: { madeBy: 'ours', separator: spaceOrComma },
  AUDIT_SIGNING_KEY: { madeBy: 'ours', separator: null },
  SIMULATED_PROVIDER_KEY: { madeBy: 'ours', separator: space },
  SIMULATED_PROVIDER_WEBHOOK_SECRETS: { madeBy: 'ours', separator: spaceOrComma },
  STRIPE_API_KEY: { madeBy: 'theirs', separator: space },
  STRIPE_WEBHOOK_SECRETS: { madeBy: 'theirs', separator: spaceOrComma },
  CLOUDFLARE_API_TOKEN: { madeBy: 'theirs', separator: space },
  S3_SECRET_ACCESS_KEY: { madeBy: 'theirs', separator: space },
  UPSTASH_REDIS_REST_TOKEN: { madeBy: 'theirs', separator: space },
  /** As `name=value`, so that it is looked at whole. */
  OTEL_EXPORTER_OTLP_HEADERS: { madeBy: 'theirs', separator: null },
  // Their passwords are looked at with the rest of the address.
  DATABASE_URL: { madeBy: 'theirs', separator: null },
  DATABASE_URL_FORMER: { madeBy: 'theirs', separator: null },
  DATABASE_OWNER_URL: { madeBy: 'theirs', separator: null },
} as const satisfies Record<string, SecretSetting>;

type SecretName = keyof typeof secretSettings;
const secretNames = Object.keys(secretSettings) as SecretName[];
/** No secret, but given and changed together with one: it may stand in a file too. */
const inFilesToo = ['S3_ACCESS_KEY_ID'];

/** Given by a provider, and shorter than this it is no secret of theirs. */
const theirsLengthMin = 16;

/**
 * The environment with each secret that stands in a file: of `API_KEY_FILE=/run/secrets/api-key` its content becomes `API_KEY`.
 * `problems`: a file that cannot be read, or a secret given in both ways. No path and no content is repeated.
 */
export function withSecretFiles(environment: Environment): { environment: Environment; problems: string[] } {
  const whole: Record<string, string | undefined> = { ...environment };
  const problems: string[] = [];
  for (const name of [...secretNames, ...inFilesToo]) {
    const setting = `${name}_FILE`;
    const file = environment[setting];
    if (file === undefined || file === '') continue;
    if (environment[name]) {
      problems.push(`${setting}: ${name} is set too; keep one of the two`);
      continue;
    }
    try {
      // A device may never end, and a pipe never begin.
      if (!statSync(file).isFile()) {
        problems.push(`${setting}: must be a file, and is a folder, a device or a pipe`);
        continue;
      }
      // Editors end a file with a line break, some begin it with a byte order mark; no secret has either.
      whole[name] = readFileSync(file, 'utf8').trim();
      if (whole[name] === '') problems.push(`${setting}: the file is empty; put the secret into it`);
    } catch (error) {
      const { code } = error as { code?: unknown };
      problems.push(`${setting}: the file cannot be read (${String(code ?? 'unknown')})`);
      // So that nothing is said of the secret itself, which nobody has seen.
      whole[name] = undefined;
    }
  }
  return { environment: whole, problems };
}

/**
 * By the way that bitsToSpell counts. Of 4,000 texts of 22 random characters, the shortest that we make, the lowest had 68, and of 16, the shortest that is
 * taken from others, 45; `Password1Password2Password3` has 23, `correct-horse-battery` 58.
 */
const bitsMin = { ours: 60, theirs: 40 } as const;

/** Two as long as any secret is, with what does not separate them: `k1,k2` is neither of the two to whoever compares. */
const runTogether = { comma: /[^\s,;]{16,}\s*[,;]\s*[^\s,;]{16,}/, semicolon: /[^\s,;]{16,}\s*;\s*[^\s,;]{16,}/ };

/** A sentence for each secret that is weak, that anybody can read, or that stands in two places. */
export function secretProblems(environment: Environment, isProduction: boolean): string[] {
  const secrets = secretNames.flatMap((name) => secretsOf(name, environment[name] ?? ''));
  const problems: string[] = [];
  for (const { name, secret } of secrets) {
    const problem = problemOf(secretSettings[name], secret, isProduction);
    if (problem !== null) problems.push(`${name}: ${problem}`);
  }
  for (const name of secretNames) {
    const { separator } = secretSettings[name];
    const wrong = separator === space ? runTogether.comma : runTogether.semicolon;
    if (separator !== null && wrong.test(environment[name] ?? ''))
      problems.push(`${name}: must have spaces between its secrets`);
  }
  for (const name of shownSettings)
    if (secrets.filter((one) => one.name === name).length > 2)
      problems.push(`${name}: holds more than two; while it changes, the new one and the one before it`);
  for (const [one, other] of alikeIn(secrets, besideSecrets(environment))) {
    const where = one === other ? `${one}: holds one secret twice` : `${one} and ${other}: hold the same secret`;
    problems.push(`${where}; make one for each purpose`);
  }
  return [...new Set(problems)];
}

/**
 * What may hold a secret by mistake, or by its nature within something longer: settings that are none (a token as an account's id is in
 * every log), passwords in addresses, what a collector is shown. Each value once: of two such settings with one value nothing is said.
 */
function besideSecrets(environment: Environment): NamedSecret[] {
  const found = new Map<string, NamedSecret>();
  for (const [name, text = ''] of Object.entries(environment))
    for (const secret of isSecret(name) ? within(name, text) : text.split(spaceOrComma))
      if (secret.length >= theirsLengthMin && !found.has(secret)) found.set(secret, { name, secret });
  return [...found.values()];
}

/** Of a secret that is looked at as a whole, the part that is one. */
function within(name: SecretName, text: string): string[] {
  if (name === 'OTEL_EXPORTER_OTLP_HEADERS') return decoded(text).split(/[\s,]|=(?=.)/);
  return name.startsWith('DATABASE_') && URL.canParse(text) ? [decoded(new URL(text).password)] : [];
}

/** As it stands where it cannot be decoded: its shape says so. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function isSecret(name: string): name is SecretName {
  return Object.hasOwn(secretSettings, name);
}

function secretsOf<N extends SecretName>(name: N, text: string): (NamedSecret & { name: N })[] {
  const { separator } = secretSettings[name];
  if (separator === null) return [];
  const secrets = text.split(separator).filter((secret) => secret !== '');
  return secrets.map((secret) => ({ name, secret }));
}

/**
 * What a deployment's tools should have put a secret in the place of (`${API_KEY}`, `op://vault/…`, `arn:aws:…`, `ENC[…]`), a line of a settings file with its name
 * and quotes, and characters that no header carries.
 */
const notTaken =
  /^(?:\$\{|\$\(|\{\{|<|op:\/\/|vault:|arn:|secret(?:s)?:|ENC\[|file:|ref\+|["'`]|[A-Z][A-Z0-9_]{3,}=[^=])|\\[nr]$|[^ -~]/;

/** Words of what is to be replaced; whole words only, as random text may hold any four letters. */
const placeholder =
  /(?:^|[^a-z0-9])(?:your|insert|replace|goes|paste|fixme|todo|redacted|change-?(?:it|this)|x{3,})(?:[^a-z0-9]|$)/i;

function problemOf({ madeBy }: SecretSetting, secret: string, isProduction: boolean): string | null {
  const texts = textsOf(secret);
  if (isProduction && texts.some((text) => placeholder.test(text) || isPublished(text, sha256Hex)))
    return 'is a demo value or a published one, which anyone can read; make a random one for production';
  if (isProduction && notTaken.test(secret))
    return 'holds where a secret is kept, or how it was pasted, and not the secret; put the secret itself there';
  if (madeBy === 'theirs' && !isProduction) return null;
  if (madeBy === 'theirs' && secret.length < theirsLengthMin) return 'is too short to be what its provider gives';
  const weakness = weaknessOf(secret, { mayBeShort: !isProduction });
  const isMadeUp = isProduction && texts.some((text) => bitsToSpell(text) < bitsMin[madeBy] || readsLikeWords(text));
  const said = weakness ?? (isMadeUp ? 'is made of words or of walks over a keyboard' : null);
  return said === null ? null : `${said}; make a random one: npm run secrets -- new`;
}

/** Itself without what is written before such secrets, and whatever it is base64, hexadecimal or percent-encoded of, as far as that can be read. */
function textsOf(secret: string): string[] {
  const bare = secret.replace(/^(?:whsec_|base64:|b64:|hex:|0x|[sprw]k_(?:live|test)_|bearer[ _])/i, '');
  const read = readingsOf(bare).filter((text) => /^[ -~]{8,}$/.test(text));
  return [...new Set([secret, bare, ...read])];
}

export function sha256Hex(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
