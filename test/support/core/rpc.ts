// What a call to an object does to its values: they are copied, and a function among an operation's fields
// can be called from the other end until the call has ended.

/** Values on their way to an object. */
export function crossing(input: unknown): { readonly input: unknown; readonly end: () => void } {
  if (!hasFunctions(input)) return { input: structuredClone(input), end: () => {} };
  let hasEnded = false;
  const fields = Object.entries(input).map(([name, value]) => {
    if (typeof value !== "function") return [name, structuredClone(value)];
    const call = async (...values: unknown[]): Promise<unknown> => {
      if (hasEnded) throw new Error("The call that this function came with has ended.");
      return structuredClone(await value(...values.map((each) => structuredClone(each))));
    };
    return [name, call];
  });
  return {
    input: Object.fromEntries(fields),
    end: () => {
      hasEnded = true;
    },
  };
}

const hasFunctions = (input: unknown): input is Record<string, unknown> =>
  typeof input === "object" &&
  input !== null &&
  Object.values(input).some((value) => typeof value === "function");
