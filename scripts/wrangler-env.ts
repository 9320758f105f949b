/** The environment for wrangler: no telemetry, no update check, no request for a sample `cf`. */
export const wranglerEnv: NodeJS.ProcessEnv = {
  WRANGLER_SEND_METRICS: "false",
  // The update check is part of the banner.
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  ...process.env,
};
