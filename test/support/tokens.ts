// Tokens as an issuer makes them, with keys that are made for a test; and tokens that no issuer would make.

import { exportJWK, exportSPKI, generateKeyPair, SignJWT, type JWTPayload } from "jose";

/** `undefined` leaves a claim out. */
type Claims = { readonly [name: string]: unknown };

export const secret = "a secret of tests, of more than 32 bytes".replaceAll(" ", "-");

const secretKey = (text = secret): Uint8Array => new TextEncoder().encode(text);

/** Epoch seconds. */
export const inSeconds = (seconds: number): number => Math.floor(Date.now() / 1000) + seconds;

/** Claims that are complete. */
export const claims = (more: Claims = {}): JWTPayload => ({
  sub: "ada",
  exp: inSeconds(600),
  ...more,
});

/** Sign with a secret. Claims that are `undefined` are left out. */
export const tokenOf = (more: Claims = {}, key = secret, header = {}): Promise<string> =>
  new SignJWT(claims(more)).setProtectedHeader({ alg: "HS256", ...header }).sign(secretKey(key));

/** A pair of keys, and what signs with it. */
export async function keyPair(alg: "RS256" | "ES256" | "EdDSA", kid = "key-1") {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, alg, use: "sig" },
    pem: await exportSPKI(publicKey),
    sign: (more: Claims = {}, header = {}): Promise<string> =>
      new SignJWT(claims(more)).setProtectedHeader({ alg, kid, ...header }).sign(privateKey),
  };
}

const base64 = (value: unknown): string =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

/** A token without a signature. */
export const unsigned = (more: Claims = {}, header: object = { alg: "none" }): string =>
  `${base64(header)}.${base64(claims(more))}.`;

export const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
