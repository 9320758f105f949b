// How a room is, at a glance.

import type { ReactNode } from "react";
import type { RoomInfo } from "../common/api.ts";
import { Ago, count, Until } from "../common/words.tsx";

type Props = { readonly info: RoomInfo; readonly isOld: boolean };

export function RoomFacts({ info, isOld }: Props) {
  return (
    <dl className="facts" data-old={isOld}>
      <Fact name="Version">{count(info.version)}</Fact>
      <Fact name="People">{count(info.users)}</Fact>
      <Fact name="Sockets">{count(info.sockets)}</Fact>
      <Fact name="Kind">{info.behaviour}</Fact>
      <Fact name="Last active">
        <Ago at={info.lastActivityAt} />
      </Fact>
      <Fact name="Stops">
        {info.idleDeadline ? <Until at={info.idleDeadline} /> : "Not while in use"}
      </Fact>
      <Fact name="Saved">{savedText(info)}</Fact>
      <Fact name="Epoch">
        <code>{info.epoch.slice(0, 8)}</code>
      </Fact>
    </dl>
  );
}

export const Fact = ({ name, children }: { name: string; children: ReactNode }) => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
);

function savedText({ save }: RoomInfo): string {
  switch (save.status) {
    case "off":
      return "In the room";
    case "saved":
      return "All of it";
    case "pending":
      return "Not all yet";
    case "failing":
      return save.error === "call_timeout" ? "Fails: takes too long" : "Fails";
    default:
      return save.status satisfies never;
  }
}
