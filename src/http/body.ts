// Reads request bodies as a stream, up to a limit, and checks their content type and encoding. It does not parse them.

import type * as z from "zod";
import { CollabError } from "../protocol/errors.ts";
import { HttpError } from "./problems.ts";

export type BodyDefinition = {
  /** Schemas by media type. */
  readonly types: Readonly<Record<string, z.ZodType>>;
  /** The maximum size in bytes. */
  readonly limit: number;
  /** JSON text that replaces an empty body; without it the body is required. */
  readonly ifEmpty?: string;
};

export type Body = { readonly type: string; readonly text: string };

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** The maximum number of bytes to read of an unwanted body: twice the largest state. */
const maxDiscarded = 16 * 1024 * 1024;
/** The maximum ms to spend on it. */
const discardTimeout = 5000;

/**
 * Read a body as text.
 * @throws CollabError `too_large` if it exceeds the limit; `unsupported_media_type`, with the supported types, if it
 * has another type or is compressed; `malformed` if it is not UTF-8
 */
export async function readBody(request: Request, definition: BodyDefinition): Promise<Body> {
  const { limit, ifEmpty } = definition;
  const { headers, body } = request;
  if (!/^\s*(identity\s*)?$/i.test(headers.get("content-encoding") ?? ""))
    throw compressed(request, definition, { "accept-encoding": "identity" });
  if (Number(headers.get("content-length") ?? Number.NaN) > limit) throw tooLarge(limit);
  const bytes = await readBytes(body, limit);
  // The magic number of gzip, which JSON never starts with.
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) throw compressed(request, definition);
  const text = decode(bytes);
  if (text === "" && ifEmpty !== undefined && !typeIsRequired(request.method, definition))
    return { type: "", text: ifEmpty };
  const type = mediaType(request, definition);
  return { type, text: text === "" && ifEmpty !== undefined ? ifEmpty : text };
}

/**
 * Whether a content type is required even if there is no body (rule H4). Any web page can send a POST request
 * without one to any origin, and the browser adds the user's credentials.
 */
export const typeIsRequired = (method: string, { ifEmpty }: BodyDefinition): boolean =>
  ifEmpty !== undefined && method.toUpperCase() === "POST";

/** The header that lists the media types of a body. */
export const acceptHeader = (
  method: string,
  { types }: BodyDefinition,
): Record<string, string> => ({
  [method.toUpperCase() === "PATCH" ? "accept-patch" : "accept"]: Object.keys(types).join(", "),
});

/**
 * Read and discard an unused body. Many clients send their whole body before they look for a response. If the
 * connection is closed meanwhile, they get no response: with local workerd that happened to half of the requests
 * (2026-11). The effort is bounded: a larger or slower body is cut off. Never throws.
 */
export async function discardBody(request: Request): Promise<void> {
  const { body, bodyUsed, headers } = request;
  if (body === null || bodyUsed || body.locked) return;
  const reader: Reader = body.getReader();
  // Such a client waits for permission to send, and reading would grant it.
  if (headers.get("expect")?.toLowerCase() === "100-continue") return cancel(reader);
  await discard(reader);
}

async function readBytes(
  body: ReadableStream<Uint8Array> | null,
  limit: number,
): Promise<Uint8Array> {
  if (body === null) return new Uint8Array();
  const reader: Reader = body.getReader();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await readChunk(reader);
    if (done) return joined(chunks, length);
    // Counted even if a length was declared, because a chunked body may have a wrong content-length.
    length += value.length;
    if (length > limit) {
      await discard(reader);
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}

async function readChunk(reader: Reader): Promise<ReadableStreamReadResult<Uint8Array>> {
  try {
    return await reader.read();
  } catch {
    // The client has disconnected, so nobody will read this error.
    throw new CollabError("malformed", { detail: "The body is incomplete. Send it again." });
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes);
  } catch {
    throw new CollabError("malformed", { detail: "The body must be UTF-8 text." });
  }
}

function joined([first = new Uint8Array(), ...rest]: Uint8Array[], length: number): Uint8Array {
  if (rest.length === 0) return first;
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of [first, ...rest]) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

/** Read the rest of a body, within bounds, then cancel it. */
async function discard(reader: Reader): Promise<void> {
  const timer = setTimeout(() => void cancel(reader), discardTimeout); // ends a pending read
  try {
    for (let length = 0; length <= maxDiscarded;) {
      const { done, value } = await reader.read();
      if (done) break;
      length += value.length;
    }
  } catch {
    // The client has disconnected.
  }
  clearTimeout(timer);
  await cancel(reader);
}

/** Cancel the stream; has no effect if it has ended. */
const cancel = (reader: Reader): Promise<void> => reader.cancel().catch(() => {});

/** The media type of a body. @throws CollabError `unsupported_media_type` */
function mediaType(request: Request, definition: BodyDefinition): string {
  const [type = "", ...parameters] = (request.headers.get("content-type") ?? "")
    .toLowerCase()
    .split(";")
    .map((part) => part.trim());
  const charset = parameters.find((parameter) => parameter.startsWith("charset="));
  const isUtf8 = charset === undefined || /^charset="?utf-8"?$/.test(charset);
  if (Object.hasOwn(definition.types, type) && isUtf8) return type;
  const supported = Object.keys(definition.types).join(" or ");
  const always = typeIsRequired(request.method, definition) ? ", even if there is no body" : "";
  const detail = `The Content-Type must be ${supported} in UTF-8${always}.`;
  throw unsupported(detail, request, definition);
}

const compressed = (
  request: Request,
  definition: BodyDefinition,
  headers?: Readonly<Record<string, string>>,
): CollabError => {
  const detail = "The body must not be compressed. Send it without Content-Encoding.";
  return unsupported(detail, request, definition, headers);
};

const unsupported = (
  detail: string,
  { method }: Request,
  definition: BodyDefinition,
  headers: Readonly<Record<string, string>> = {},
): CollabError =>
  new HttpError("unsupported_media_type", detail, {
    ...acceptHeader(method, definition),
    ...headers,
  });

const tooLarge = (limit: number): CollabError =>
  new CollabError("too_large", { detail: `The body is larger than its limit of ${limit} bytes.` });
