// The environment for wrangler: no telemetry, no update check, no request for a sample `cf` object. Every
// script that starts wrangler uses it.
export const wranglerEnv: NodeJS.ProcessEnv = {
  WRANGLER_SEND_METRICS: "false",
  // Hides the banner, which includes the update check.
  WRANGLER_HIDE_BANNER: "true",
  CLOUDFLARE_CF_FETCH_ENABLED: "false",
  ...process.env,
};
