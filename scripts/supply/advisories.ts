// Known weaknesses of what is shipped, as the package registry tells them. Not every registry does: then that is said, and
// nothing is concluded from it.

import { spawnSync } from 'node:child_process';
import * as z from 'zod';

const answerMsMax = 20_000;

const severities = ['info', 'low', 'moderate', 'high', 'critical'] as const;

const reportSchema = z.object({
  vulnerabilities: z.record(z.string(), z.object({ severity: z.enum(severities), range: z.string().default('*') })),
});

export type Advisories =
  | { readonly kind: 'told'; readonly packages: readonly Weak[] }
  | { readonly kind: 'not_told'; readonly why: string };

export interface Weak {
  readonly name: string;
  readonly severity: (typeof severities)[number];
  readonly range: string;
}

export function askForAdvisories(): Advisories {
  const { stdout, error } = spawnSync('npm', ['audit', '--omit=dev', '--json', '--fetch-retries=0'], {
    encoding: 'utf8',
    timeout: answerMsMax,
  });
  if (error !== undefined) return { kind: 'not_told', why: error.message };
  return readAdvisories(stdout);
}

/** npm exits with 1 both where it found something and where it could not ask: only its output tells them apart. */
export function readAdvisories(stdout: string): Advisories {
  let answer: unknown;
  try {
    answer = JSON.parse(stdout);
  } catch {
    return { kind: 'not_told', why: 'npm audit printed no JSON' };
  }
  const report = reportSchema.safeParse(answer);
  if (!report.success) {
    const { message = 'an answer of another shape' } = (answer ?? {}) as { message?: string };
    return { kind: 'not_told', why: String(message).split('\n')[0]?.trim() ?? '' };
  }
  const packages = Object.entries(report.data.vulnerabilities);
  return { kind: 'told', packages: packages.map(([name, { severity, range }]) => ({ name, severity, range })) };
}

/** High and critical ones stop a release; the others are listed for a person. */
export function stopsRelease({ severity }: Weak): boolean {
  return severity === 'high' || severity === 'critical';
}
