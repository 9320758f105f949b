// Edits the user's own name and colour in place. Others see every keystroke.

import { keepIdentity, type Identity } from "./people.ts";
import { usePresence } from "./rooms.ts";

type Props = {
  readonly seat: number;
  readonly identity: Identity;
  onChange(identity: Identity): void;
};

export function PersonEditor({ seat, identity, onChange }: Props) {
  const [, setPresence] = usePresence();
  const change = (part: Partial<Identity>) => {
    const next = { ...identity, ...part };
    onChange(next);
    keepIdentity(seat, next);
    setPresence({ name: next.name.trim() || "Someone", color: next.color });
  };
  return (
    <div className="person">
      <input
        type="color"
        aria-label="Your colour"
        value={identity.color}
        onChange={({ target }) => change({ color: target.value })}
      />
      <input
        className="name"
        aria-label="Your name"
        value={identity.name}
        maxLength={24}
        size={Math.max(identity.name.length, 3)}
        spellCheck={false}
        autoComplete="off"
        onChange={({ target }) => change({ name: target.value })}
        onKeyDown={({ key, currentTarget }) => {
          if (key === "Enter") currentTarget.blur();
        }}
      />
      <span className="you">(You)</span>
    </div>
  );
}
