// Shown when the board is empty or cannot be used: one sentence and one button.

import type { ReactNode } from "react";
import { openNewBoard } from "./page-address.ts";
import { useRoom, useStatus } from "./rooms.ts";
import { noticeOf } from "./sentences.ts";

type Props = {
  readonly isReady: boolean;
  readonly isEmpty: boolean;
  readonly hasToken: boolean;
  onAdd(): void;
  /** Restore the line; set only while it is cut. */
  onMend?(): void;
};

export function NoticeBox({ isReady, isEmpty, hasToken, onAdd, onMend }: Props) {
  const room = useRoom();
  const status = useStatus();
  const notice = noticeOf(status, hasToken);
  if (notice?.act === "read-api")
    return (
      <Box kind={notice.kind} sentence={notice.sentence}>
        <a className="primary" href="/openapi.json">
          {notice.button}
        </a>
      </Box>
    );
  if (notice) {
    const act = notice.act === "again" ? () => room.reconnect() : openNewBoard;
    return (
      <Box kind={notice.kind} sentence={notice.sentence}>
        <button className="primary" onClick={act}>
          {notice.button}
        </button>
      </Box>
    );
  }
  if (!isReady && onMend)
    return (
      <Box kind="cut" sentence="You are unplugged, and the board has not loaded yet.">
        <button className="primary" onClick={onMend}>
          Plug back in
        </button>
      </Box>
    );
  if (!isReady) return <Box kind="joining" sentence="Joining the board…" />;
  if (!isEmpty) return null;
  return (
    <Box kind="empty" sentence="No notes here yet. Yours can be the first.">
      <button className="primary" onClick={onAdd}>
        Add the first note
      </button>
    </Box>
  );
}

type BoxProps = {
  readonly kind: string;
  readonly sentence: string;
  readonly children?: ReactNode;
};

const Box = ({ kind, sentence, children }: BoxProps) => (
  <div className="notice" data-kind={kind}>
    <div className="card">
      <p role="status">{sentence}</p>
      {children}
    </div>
  </div>
);
