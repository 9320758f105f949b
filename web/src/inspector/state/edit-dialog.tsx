// Shows what an edit changes before it is sent, and explains a conflict if it is refused.

import type { JsonObject, JsonValue } from "collab-room/protocol";
import { useState } from "react";
import { useApi } from "../common/access.tsx";
import type { Problem } from "../common/api.ts";
import { AskDialog } from "../common/ask-dialog.tsx";
import { problemText } from "../common/notice.tsx";
import { count } from "../common/words.tsx";
import { childPointer } from "../../../../src/protocol/pointer.ts";
import { send, stepsOf, type Base, type Difference, type Edit } from "./edit.ts";
import { valueAt } from "./rows.ts";
import { parse } from "./tree.tsx";

/** The target of the edit. Without a value, the dialog asks for one. */
export type Draft =
  | { readonly kind: "change"; readonly pointer: string }
  | {
      readonly kind: "change";
      readonly pointer: string;
      readonly value: JsonValue;
      /** The state when the edit started. */
      readonly base: Base;
    }
  | { readonly kind: "remove"; readonly pointer: string }
  | { readonly kind: "add"; readonly pointer: string; readonly isList: boolean };

type Props = {
  readonly room: string;
  readonly draft: Draft;
  /** The current state, read when the edit starts and again after a conflict. */
  now(): Base;
  onClose(): void;
  onSent(): void;
};

const titles = {
  change: "Change the state",
  remove: "Remove from the state",
  add: "Add to the state",
};

export function EditDialog({ room, draft, now, onClose, onSent }: Props) {
  const api = useApi();
  const [base, setBase] = useState(() => ("base" in draft ? draft.base : now()));
  const [name, setName] = useState("");
  const [text, setText] = useState(() => firstText(draft, base.state));
  const value = parse(text);
  const edit = editOf(draft, name, value, base.state);
  const { patch, differences } = edit ? stepsOf(edit, base.state) : { patch: [], differences: [] };
  const hasField = draft.kind !== "remove";
  const isTaken =
    draft.kind === "add" &&
    edit !== null &&
    !draft.isList &&
    valueAt(base.state, edit.pointer) !== undefined;
  const tell = (problem: Problem) =>
    isOvertaken(problem) ? (
      <>
        Someone changed this since version {count(base.version)}, so nothing was sent.{" "}
        <button type="button" className="link" onClick={() => setBase(now())}>
          Compare with the current state
        </button>
      </>
    ) : (
      problemText(problem)
    );
  return (
    <AskDialog
      title={titles[draft.kind]}
      button={draft.kind === "remove" ? "Remove" : "Send"}
      isDangerous={draft.kind === "remove"}
      isDisabled={patch.length === 0 || isTaken}
      isWide
      tell={tell}
      act={async () => {
        await send(api, room, base, patch);
        onSent();
      }}
      onClose={onClose}
    >
      <p className="where-at">
        <code dir="ltr">{draft.pointer || "/"}</code>
        <span>at version {count(base.version)}</span>
      </p>
      {draft.kind === "add" && !draft.isList && (
        <label className="field">
          <span>Name of the new member</span>
          <input dir="auto" value={name} onChange={({ target }) => setName(target.value)} />
        </label>
      )}
      {hasField && (
        <label className="field">
          <span>Value (JSON)</span>
          <textarea
            dir="ltr"
            rows={Math.min(Math.max(text.split("\n").length, 2), 12)}
            spellCheck={false}
            aria-invalid={value === undefined}
            value={text}
            onChange={({ target }) => setText(target.value)}
          />
        </label>
      )}
      <DifferenceList
        differences={differences}
        sentence={
          value === undefined
            ? "Not valid JSON. Text goes in quotes."
            : isTaken
              ? "There is already a member with this name."
              : draft.kind === "add" && edit === null
                ? "Enter a name for the new member."
                : "No changes."
        }
      />
    </AskDialog>
  );
}

const isOvertaken = ({ code }: Problem): boolean =>
  ["patch_failed", "target_gone", "base_too_old", "version_conflict"].includes(code);

function firstText(draft: Draft, state: JsonObject): string {
  if (draft.kind === "add") return '""';
  if (draft.kind === "remove") return "null";
  const value = "base" in draft ? draft.value : valueAt(state, draft.pointer);
  return JSON.stringify(value ?? null, null, 2);
}

function editOf(
  draft: Draft,
  name: string,
  value: JsonValue | undefined,
  state: JsonObject,
): Edit | null {
  const { kind, pointer } = draft;
  if (kind === "remove") return { kind, pointer };
  if (value === undefined) return null;
  if (kind === "change") return { kind, pointer, value };
  if (!draft.isList)
    return name === "" ? null : { kind, pointer: childPointer(pointer, name), value };
  const list = valueAt(state, pointer);
  return { kind, pointer: childPointer(pointer, Array.isArray(list) ? list.length : 0), value };
}

type ListProps = { readonly differences: readonly Difference[]; readonly sentence: string };

const shownDifferences = 50;

/** @param sentence shown if there are no differences */
export function DifferenceList({ differences, sentence }: ListProps) {
  if (differences.length === 0) return <p className="soft">{sentence}</p>;
  return (
    <div className="differences" dir="ltr" tabIndex={0} role="region" aria-label="Changes">
      {differences.slice(0, shownDifferences).map(({ pointer, before, after }, index) => (
        // Differences have no other identity than their order.
        <div key={index}>
          <code>{pointer || "/"}</code>
          {before !== undefined && <Side sign="−" word="before" value={before} />}
          {after !== undefined && <Side sign="+" word="after" value={after} />}
        </div>
      ))}
      {differences.length > shownDifferences && (
        <p className="soft">… and {count(differences.length - shownDifferences)} more</p>
      )}
    </div>
  );
}

type SideProps = { readonly sign: "−" | "+"; readonly word: string; readonly value: JsonValue };

function Side({ sign, word, value }: SideProps) {
  const text = JSON.stringify(value, null, 2);
  return (
    <pre data-side={word}>
      <span aria-hidden="true">{sign} </span>
      <span className="hidden">{word}: </span>
      {text.length > 2000 ? `${text.slice(0, 2000)}…` : text}
    </pre>
  );
}
