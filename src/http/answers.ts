// Successful responses; problems.ts writes all others. Rooms change at any time and may be private, so
// responses are not cached unless a route sets its own headers.

const uncached = { "cache-control": "no-store" };
const common = { ...uncached, "x-content-type-options": "nosniff" };

/** A JSON response with a value. */
export const json = (
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response => jsonText(JSON.stringify(value), status, headers);

/** A JSON response with JSON text. */
export const jsonText = (
  text: string,
  status = 200,
  headers: Record<string, string> = {},
): Response =>
  new Response(text, {
    status,
    headers: { ...common, "content-type": "application/json", ...headers },
  });

/** A response with text of another type. */
export const text = (body: string, type: string): Response =>
  new Response(body, { headers: { ...common, "content-type": type } });

/** A response without a body. */
export const noContent = (status = 204, headers: Record<string, string> = {}): Response =>
  new Response(null, { status, headers: { ...uncached, ...headers } });
