// The id of a request: its response has it, and so has what the log says of the request, in the Worker and in the
// room. It identifies no caller and permits nothing.

export const requestIdHeader = "x-request-id";

/** The id that Cloudflare has given a request; a random one if there is none. */
export function requestIdOf(headers: Headers): string {
  const ray = headers.get("cf-ray") ?? "";
  return /^[\w-]{1,64}$/.test(ray) ? ray : crypto.randomUUID();
}
