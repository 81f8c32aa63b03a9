// The way back to a release that was deployed before. Only code goes back: migrations go forward only, and cards keep what they hold.

import { migrationName, migrationOf } from '../../origin/db/migration-file.ts';
import { indented, operatorsOwn, tagOf } from './steps.ts';
import type { Target } from './target.ts';
import { type Tools, wrangler } from './tools.ts';

interface Version {
  readonly id: string;
  readonly annotations?: { readonly 'workers/tag'?: string };
  readonly metadata?: { readonly created_on?: string };
}

export interface WayBack {
  readonly edge: boolean;
  /** Why a half stays as it is. */
  readonly reasons: readonly string[];
  readonly origin: boolean;
}

/** What of a release can run on what there is now. `git` prints of a revision, and throws where there is no such one. */
export function wayBack(to: string, git: (...args: string[]) => string): WayBack {
  const filesOf = (revision: string, folder: string) =>
    git('ls-tree', '-r', '--name-only', revision, folder).split('\n');
  const migrations = (revision: string) =>
    filesOf(revision, 'migrations/').filter((path) => migrationName.test(path.slice('migrations/'.length)));
  const classes = (revision: string) => [
    ...new Set(git('show', `${revision}:wrangler.toml`).match(/^tag = ".+"$/gm) ?? []),
  ];
  const known = migrations(to);
  const looksAhead = filesOf(to, 'origin/db/').includes('origin/db/schema-fit.ts');
  // On those that name it, or an older one, it starts and serves.
  const newMigrations = without(migrations('HEAD'), known).filter((path) => {
    const { compatibleFrom } = migrationOf(path.slice('migrations/'.length), git('show', `HEAD:${path}`));
    return !looksAhead || compatibleFrom > known.length;
  });
  const newClasses = without(classes('HEAD'), classes(to));
  const reasons: string[] = [];
  if (newMigrations.length > 0)
    reasons.push(
      `the origin stays: ${tagOf(to)} lacks ${newMigrations.join(', ')}, which the database has and which does not say that it works with it, and would not start. ` +
        'Mend it forward, with a new release',
    );
  if (newClasses.length > 0)
    reasons.push(
      `the edge stays: ${tagOf(to)} is from before the Durable Object migration ${newClasses.join(', ')}, and Cloudflare rolls ` +
        'nothing back past one. Mend it forward, with a new release',
    );
  return { edge: newClasses.length === 0, origin: newMigrations.length === 0, reasons };
}

/** Releases that were deployed, newest first. */
export function deployedReleases(tools: Tools, environment: string): string {
  const printed = tools.look(wrangler('versions', 'list', '--env', environment, '--json'));
  const versions = printed == null ? [] : (JSON.parse(printed) as Version[]);
  return versions.map((one) => `  ${tagIn(one) ?? 'no tag'}  ${one.metadata?.created_on ?? ''}  ${one.id}`).join('\n');
}

export function rollBackEdge(tools: Tools, { environment }: Target, to: string): void {
  const printed = tools.look(wrangler('versions', 'list', '--env', environment, '--json'));
  const versions = printed == null ? [] : (JSON.parse(printed) as Version[]);
  const version = versions.find((one) => tagIn(one) === tagOf(to));
  if (version === undefined && printed !== undefined)
    throw new Error(`the edge has no version with the tag ${tagOf(to)} among its newest ${versions.length}`);
  const id = version?.id ?? '<version with that tag>';
  const words = ['--env', environment, '--yes', '--message', `back to ${tagOf(to)}`];
  tools.say(indented(tools.run(wrangler('rollback', id, ...words))));
}

export function rollBackOrigin(tools: Tools, { environment, originRollback }: Target, to: string): void {
  const env = { ATLAS_RELEASE: to, ATLAS_ENVIRONMENT: environment };
  tools.say(indented(tools.run(operatorsOwn('ORIGIN_ROLLBACK', originRollback, env))));
}

function tagIn({ annotations }: Version): string | undefined {
  return annotations?.['workers/tag'];
}

function without(all: readonly string[], some: readonly string[]): string[] {
  return all.filter((one) => !some.includes(one));
}
