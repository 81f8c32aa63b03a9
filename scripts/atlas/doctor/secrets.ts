// The origin's whole configuration with its secrets, where this machine has it. Names alone are said, never a value.

import { readConfig } from '../../../origin/config.ts';
import { type Check, messageOf, notLookedAt, ok, wrong } from './check.ts';

export function secretChecks(environment: NodeJS.ProcessEnv): Check[] {
  const hasIt = ['INTERNAL_SECRET', 'INTERNAL_SECRET_FILE', 'API_KEY', 'API_KEY_FILE'].some(
    (name) => environment[name],
  );
  if (!hasIt)
    return [
      notLookedAt('secrets', "needs the origin's environment: run it where that is, or npm run secrets -- check"),
    ];
  try {
    const { ENVIRONMENT } = readConfig(environment);
    return [ok('secrets', `the origin would start with this environment (${ENVIRONMENT})`)];
  } catch (error) {
    return messageOf(error)
      .replace(/^configuration: /, '')
      .split('; ')
      .map((problem) => wrong('configuration', problem, 'docs/operating.md; a good secret: npm run secrets -- new'));
  }
}
