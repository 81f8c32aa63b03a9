// What wrangler and the test plugin read from the environment to be quiet, fast and offline: no metrics, no download of
// sample request data, and none of the local dashboards, which halve the rate of `wrangler dev`.

export const wranglerEnv: Readonly<Record<string, string>> = {
  WRANGLER_SEND_METRICS: 'false',
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  X_LOCAL_OBSERVABILITY: 'false',
  X_LOCAL_EXPLORER: 'false',
};
