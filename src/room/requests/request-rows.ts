// The format of client requests in rows: JSON text, grouped by client.
//
//   [[client, user, before, [[seq, …answer], …]], …]
//
// `before` is the client's highest number in earlier rows. If those rows only go up to a lower number, rows in
// between are gone.

import { utf8Bytes } from "../../protocol/json.ts";
import { answerText, readAnswer, type Answer, type StoredAnswer } from "./answers.ts";

/** The part of a row about one client. */
export type RequestGroup = {
  readonly client: string;
  readonly user: string;
  readonly before: number;
  readonly answers: readonly (readonly [seq: number, answer: Answer])[];
};

/** Maximum bytes of requests in the row of a change, whose patch may fill the rest of the row. */
export const maxBesideBytes = 48 * 1024;
/** Maximum bytes of a separate row with more than one answer. */
const maxApartBytes = 256 * 1024;

const groupText = ({ client, user, before, answers }: RequestGroup): string => {
  const list = answers.map(([seq, answer]) => {
    const text = answerText(answer);
    return text === "" ? `[${seq}]` : `[${seq},${text}]`;
  });
  return `[${JSON.stringify(client)},${JSON.stringify(user)},${before},[${list.join(",")}]]`;
};

export const rowText = (groups: readonly RequestGroup[]): string =>
  `[${groups.map(groupText).join(",")}]`;

/** Divide groups into separate rows, in order. */
export function apartRows(groups: readonly RequestGroup[]): RequestGroup[][] {
  const rows: RequestGroup[][] = [];
  let room = 0;
  for (const { client, user, before, answers } of groups) {
    let reached = before;
    for (const answer of answers) {
      const single = { client, user, before: reached, answers: [answer] };
      const bytes = utf8Bytes(groupText(single));
      if (rows.length === 0 || bytes > room) {
        rows.push([]);
        room = maxApartBytes;
      }
      rows.at(-1)?.push(single);
      room -= bytes;
      reached = Math.max(reached, answer[0]);
    }
  }
  return rows;
}

/** The record of rows that were dropped at this version of the room: `[version, groups]` as text. */
export const droppedText = (version: number, groups: readonly RequestGroup[]): string =>
  `[${version},${rowText(groups)}]`;

/** @returns `null` if it is unreadable */
export function readDropped(text: string): { version: number; groups: RequestGroup[] } | null {
  const [, version, groups] = /^\[(\d+),(.*)\]$/s.exec(text) ?? [];
  const read = groups === undefined ? null : readRow(groups);
  return read && { version: Number(version), groups: read };
}

type StoredGroup = readonly [
  client: string,
  user: string,
  before: number,
  answers: readonly (readonly [seq: number, ...StoredAnswer])[],
];

/** Read a row; `null` if it is unreadable. */
export function readRow(text: string): RequestGroup[] | null {
  try {
    const groups = JSON.parse(text) as StoredGroup[];
    if (!groups.every(isGroup)) return null;
    return groups.map(([client, user, before, answers]) => ({
      client,
      user,
      before,
      answers: answers.map(([seq, ...answer]) => [seq, readAnswer(answer)] as const),
    }));
  } catch {
    return null;
  }
}

const isGroup = ([client, user, before, answers]: StoredGroup): boolean =>
  typeof client === "string" &&
  typeof user === "string" &&
  [before, ...answers.map(([seq]) => seq)].every(Number.isSafeInteger);
