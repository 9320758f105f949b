// The rules for close frames, and the code for an end that received none. It knows no sockets: those of both ends ask
// here.

export type Closing = { readonly code: number; readonly reason: string };

/** The code that reports the end of a connection without a close frame. */
export const abnormal: Closing = { code: 1006, reason: "" };

/** A close frame without a code is told as this one. */
const noCode = 1005;

const maxReasonBytes = 123;

/**
 * The close frame of a client, as a browser makes it.
 * @throws Error for what no browser sends
 */
export function clientClosing(code: number | undefined, reason: string): Closing {
  if (code === undefined) return { code: noCode, reason: "" };
  if (code !== 1000 && !(code >= 3000 && code <= 4999))
    throw new Error(`A client closes with 1000, or with 3000 to 4999, got ${code}.`);
  if (new TextEncoder().encode(reason).length > maxReasonBytes)
    throw new Error(`The reason of a close frame has at most ${maxReasonBytes} bytes.`);
  return { code, reason };
}
