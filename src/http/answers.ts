// Successful answers. Rooms change at any time and may be private: nothing is cached unless a route
// says so.

const common = { "cache-control": "no-store", "x-content-type-options": "nosniff" };

export const json = (
  value: unknown,
  status = 200,
  headers: Record<string, string> = {},
): Response => jsonText(JSON.stringify(value), status, headers);

/** @param text JSON text */
export const jsonText = (
  text: string,
  status = 200,
  headers: Record<string, string> = {},
): Response =>
  new Response(text, {
    status,
    headers: { ...common, "content-type": "application/json", ...headers },
  });

export const noContent = (): Response => new Response(null, { status: 204 });
