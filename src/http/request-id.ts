// The id of a request. Its response has it, and so do all log entries about it, in the Worker and in the room. It does
// not identify the caller and grants no access.

export const requestIdHeader = "x-request-id";

/** The id that Cloudflare has assigned to a request; a random one if there is none. */
export function requestIdOf(headers: Headers): string {
  const ray = headers.get("cf-ray") ?? "";
  return /^[\w-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}
