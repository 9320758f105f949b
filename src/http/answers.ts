// Successful responses; problems.ts writes all others. Rooms change at any time and may be private, so
// responses are not cached unless a route sets its own headers.

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

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

/** A 204 response. */
export const noContent = (): Response => new Response(null, { status: 204 });
