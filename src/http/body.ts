// Reads request bodies as a stream, never beyond a limit, and checks their content type. It does not parse
// them.

import { CollabError } from "../protocol/errors.ts";

/**
 * Read a body as text.
 * @param limit bytes
 * @throws CollabError `too_large` as soon as the limit is exceeded; `malformed` when it is not UTF-8
 */
export async function readText(request: Request, limit: number): Promise<string> {
  const declared = Number(request.headers.get("content-length") ?? Number.NaN);
  if (declared > limit) {
    // A client that announces this much may wait to be asked for it.
    if (declared > limit + drainedBytes) await request.body?.cancel();
    else await drain(request.body?.getReader());
    throw tooLarge(limit);
  }
  const bytes = await readStream(request.body, limit);
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new CollabError("malformed", { detail: "The body must be UTF-8 text." });
  }
}

async function readStream(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const reader = body?.getReader();
  try {
    // Counted even if a length was declared: a chunked body may come with a wrong content-length.
    for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
      length += read.value.length;
      if (length > limit) {
        await drain(reader);
        throw tooLarge(limit);
      }
      chunks.push(read.value);
    }
  } catch (error) {
    if (error instanceof CollabError) throw error;
    // The client has disconnected, so nobody reads this.
    throw new CollabError("malformed", { detail: "The body is incomplete. Send it again." });
  }
  const [first = new Uint8Array()] = chunks;
  if (first.length === length) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Bytes of a body past the limit that are read and dropped before it is answered. */
const drainedBytes = 8 * 1024 * 1024;

/**
 * Read on for a while: a client that still sends when the answer comes may lose it with the connection. What is
 * longer than that is cut off.
 */
async function drain(reader: ReadableStreamDefaultReader<Uint8Array> | undefined): Promise<void> {
  let length = 0;
  for (let read = await reader?.read(); read && !read.done; read = await reader?.read()) {
    length += read.value.length;
    if (length > drainedBytes) return reader?.cancel();
  }
}

/**
 * Check the media type of a body against the supported ones.
 * @throws CollabError `unsupported_media_type` with the supported media types
 */
export function mediaType<T extends string>(request: Request, supported: readonly T[]): T {
  const [type = "", ...parameters] = (request.headers.get("content-type") ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const found = supported.find((candidate) => candidate === type);
  if (found === undefined || (charset && !/^charset="?utf-8"?$/.test(charset)))
    throw new CollabError("unsupported_media_type", {
      detail: `The Content-Type must be ${supported.join(" or ")} in UTF-8.`,
    });
  return found;
}

const tooLarge = (limit: number): CollabError =>
  new CollabError("too_large", { detail: `The body is larger than its limit of ${limit} bytes.` });
