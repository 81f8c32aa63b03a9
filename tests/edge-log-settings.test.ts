// wrangler.toml keeps every warning and error of the edge: the platform samples whole invocations, and would drop them with the rest.

import { expect, test } from 'vitest';
import { unstable_readConfig } from 'wrangler';

test('production keeps every line that the worker writes, and no line of the platform for each invocation', () => {
  const { observability } = unstable_readConfig({ config: 'wrangler.toml', env: 'production' });
  expect(observability?.enabled).toBe(true);
  expect(observability?.head_sampling_rate).toBe(1);
  expect(observability?.logs).toEqual(
    expect.objectContaining({ enabled: true, head_sampling_rate: 1, invocation_logs: false }),
  );
});
