// Configuration from the environment, parsed once at start. A wrong value names itself and stops the start (D2).

import * as z from 'zod';
import { networkSchema, networksByDefault } from '../contracts/network.ts';
import { secretsIn } from '../contracts/secret-strength.ts';
import { auditEnvironmentShape, auditProblems } from './audit-config.ts';
import { formerLoginProblems } from './database-address.ts';
import { gateEnvironmentShape, gateProblems } from './gate-config.ts';
import { misspelt, misspeltProblems } from './misspelt.ts';
import { addressProblems, databasesProblems, hostProblems, ownDoorProblems, plaintextProblems } from './outside.ts';
import { type Queues, queueEnvironmentShape, queueProblems, queuesOf } from './queue-config.ts';
import { type Environment, secretProblems, secretSettings, withSecretFiles } from './secrets/secret-settings.ts';
import { relationProblems } from './setting-relations.ts';
import {
  amountsSetting,
  hostSetting,
  oneOfSetting,
  pastedProblems,
  urlSetting,
  wholeSetting,
} from './setting-shapes.ts';
import { settlementEnvironmentShape, settlementProblems } from './settlement-config.ts';
import { surroundingProblems } from './surroundings.ts';
import { tracingEnvironmentShape, tracingProblems } from './tracing/tracing-config.ts';

const severalSecrets = (shape: RegExp, error: string) =>
  z.string().refine((text) => secretsIn(text).length > 0 && secretsIn(text).every((secret) => shape.test(secret)), {
    error,
  });

export const environmentSchema = z.object({
  ENVIRONMENT: oneOfSetting('development', 'production').default('development'),
  HOST: hostSetting.default('127.0.0.1'),
  /** 0: any free one, for tests. */
  PORT: wholeSetting(0, 65_535).default(8788),
  DATABASE_URL: urlSetting('postgres:', 'postgresql:'),
  /** The same database under the login of before, for as long as the change of logins takes. */
  DATABASE_URL_FORMER: urlSetting('postgres:', 'postgresql:').optional(),
  /** The login that runs migrations, where the service does so itself, and it is not the service's own. */
  DATABASE_OWNER_URL: urlSetting('postgres:', 'postgresql:').optional(),
  /** `run`: the service migrates at its start; `check`: it starts only where `npm run migrate` has. By default run in development, check in production. */
  MIGRATE: oneOfSetting('check', 'run').optional(),
  /** Connections for what partners and operators call. */
  DATABASE_POOL_MAX: wholeSetting(4, 200).default(10),
  /** Connections for intake, the engine, the loops and health. At least 4: intake may hold two, and the others must find one. */
  DATABASE_WORK_POOL_MAX: wholeSetting(4, 200).default(10),
  /** The operator's own key; several with spaces while it changes. */
  API_KEY: severalSecrets(/^.{24,}$/, 'must have at least 24 characters'),
  /** Signs and verifies the calls between the halves, and does nothing else; several with spaces while it changes. */
  INTERNAL_SECRET: severalSecrets(/^whsec_[A-Za-z0-9+/]{32,}={0,2}$/, 'must be whsec_ and at least 24 bytes in base64'),
  EDGE_URL: urlSetting('https:', 'http:'),
  /** Whose cards are made here: as the edge's setting of this name has them. */
  NETWORKS: z.string().default(networksByDefault.join(' ')).transform(secretsIn).pipe(z.array(networkSchema).min(1)),
  /** The id of the bundle that should run at the edge, from `npm run supply`; where another runs, /health is `degraded`. */
  EDGE_BUNDLE_SHA256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'must be 64 hexadecimal digits in lower case')
    .optional(),
  /** Hours after which an open item that nobody has seen to makes /health `degraded`. */
  OPEN_ITEM_AGE_HOURS_MAX: wholeSetting(1, 10_000).default(24),
  /** Beyond these, money that belongs to nobody known makes /health `degraded`; a currency that is not named has a default. */
  SUSPENSE_MAX: amountsSetting('nothing that may wait'),
  /** After SIGTERM `/readyz` is 503 and everything else is served for so long: until who balances sends no more. */
  STOP_UNREADY_SECONDS: wholeSetting(0, 120).default(0),
  /** From then to the end of the process, at the longest; what is not over is named. The two together below the service manager's own bound. */
  STOP_SECONDS_MAX: wholeSetting(5, 300).default(40),
  LOG_LEVEL: oneOfSetting('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent').default('info'),
  LOG_FORMAT: oneOfSetting('json', 'pretty').default('json'),
  ...queueEnvironmentShape,
  ...settlementEnvironmentShape,
  ...gateEnvironmentShape,
  ...auditEnvironmentShape,
  ...tracingEnvironmentShape,
});

export type Config = Omit<z.infer<typeof environmentSchema>, keyof typeof queueEnvironmentShape> & Queues;

/** Throws one error that names every wrong value, and quotes none: some are secrets. `flagsOfProcess`: with which Node was started. */
export function readConfig(environment: Environment, flagsOfProcess: readonly string[] = []): Config {
  const files = withSecretFiles(environment);
  // An empty value is a value that somebody forgot, and so are spaces: as if it were not there.
  const trimmed = Object.entries(files.environment).map(([name, value]) => [name, value?.trim()] as const);
  const given: Environment = Object.fromEntries(trimmed.filter(([, value]) => value !== ''));
  const parsed = environmentSchema.safeParse(given);
  const problems = [
    ...files.problems,
    ...(parsed.success
      ? problemsBetween(parsed.data, given)
      : parsed.error.issues.flatMap(({ path, message }) => {
          const name = String(path[0]);
          // Of a file that cannot be read this much has been said.
          if (files.problems.some((problem) => problem.startsWith(`${name}_FILE: `))) return [];
          return `${name}: ${given[name] === undefined ? 'is not set' : message}`;
        })),
    ...pastedProblems(settingsIn(given)),
    ...surroundingProblems(environment, flagsOfProcess, given['ENVIRONMENT'] === 'production'),
    ...misspeltProblems(misspeltIn(given), given),
  ];
  if (!parsed.success || problems.length > 0) throw new Error(`configuration: ${problems.join('; ')}`);
  return { ...parsed.data, ...queuesOf(parsed.data) };
}

function problemsBetween(config: z.infer<typeof environmentSchema>, given: Environment): string[] {
  const isProduction = config.ENVIRONMENT === 'production';
  const problems: string[] = gateProblems(config, isProduction);
  problems.push(...queueProblems(config));
  problems.push(...settlementProblems(config, isProduction));
  problems.push(...auditProblems(config, isProduction));
  problems.push(...tracingProblems(config, isProduction));
  problems.push(...secretProblems(settingsIn(given), isProduction));
  problems.push(...relationProblems(config, given));
  problems.push(...ownDoorProblems(config, given));
  problems.push(...addressProblems(given, isProduction));
  problems.push(...formerLoginProblems(config));
  problems.push(...hostProblems({ HOST: config.HOST, INNER_HOST: config.INNER_HOST }, isProduction));
  problems.push(...databasesProblems(given, isProduction));
  if (isProduction) problems.push(...plaintextProblems(given), ...ownerProblems(config));
  return problems;
}

/** Whoever takes over a service that has the owner's password may change what is append-only. */
function ownerProblems({ MIGRATE, DATABASE_OWNER_URL }: z.infer<typeof environmentSchema>): string[] {
  const problems: string[] = [];
  if (MIGRATE === 'run')
    problems.push('MIGRATE: is run, which needs the owner; in production set check, and run `npm run migrate` first');
  if (DATABASE_OWNER_URL !== undefined)
    problems.push('DATABASE_OWNER_URL: is not for the service in production; give it to `npm run migrate` alone');
  return problems;
}

/** Variables that are nearly a setting of ours, for a warning: whoever wrote one thinks that it is set. */
export function misspeltIn(environment: Environment) {
  return misspelt(environment, [
    ...Object.keys(environmentSchema.shape),
    ...Object.keys(secretSettings).map((name) => `${name}_FILE`),
  ]);
}

/** What is ours of an environment: a variable of the machine's that is like a secret of ours is none of our business. */
function settingsIn(given: Environment): Environment {
  return Object.fromEntries(Object.keys(environmentSchema.shape).map((name) => [name, given[name]]));
}
