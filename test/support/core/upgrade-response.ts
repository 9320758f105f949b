// Responses that hand over a socket. Node's Response takes no status 101 and carries none.

const construct: NonNullable<ProxyHandler<typeof Response>["construct"]> = (
  target,
  values,
  newTarget,
) => {
  const [body, init] = values as ConstructorParameters<typeof Response>;
  const { status, webSocket = null } = init ?? {};
  const isUpgrade = status === 101;
  const response = Reflect.construct(
    target,
    [body, isUpgrade ? { ...init, status: 200 } : init],
    newTarget,
  ) as Response;
  const own = { webSocket, ...(isUpgrade && { status }) };
  for (const [name, value] of Object.entries(own)) Object.defineProperty(response, name, { value });
  return response;
};

/** Let every `new Response` take a socket. */
export function allowUpgrades(): void {
  globalThis.Response = new Proxy(Response, { construct });
}
