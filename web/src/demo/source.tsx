// Shows the application code of this page: the behaviour of the room, and what the page does with it.

// The linter does not know that `?raw` imports a file as text.
// oxlint-disable-next-line import/default
import page from "./use-board.ts?raw";
// oxlint-disable-next-line import/default
import room from "../../../src/board.ts?raw";

const files = [
  {
    name: "board.ts",
    what: "in the room",
    text: withoutHead(room).replace("./behaviours/index.ts", "collab-room/behaviours"),
  },
  { name: "use-board.ts", what: "in the page", text: withoutHead(page) },
];

/** The comment at the top of a file is for maintainers, not for visitors. */
function withoutHead(text: string): string {
  return text.replace(/^(\/\/.*\n)+\n/, "").trim();
}

export function Source() {
  return (
    <div className="source">
      {files.map(({ name, what, text }) => (
        <section key={name} aria-label={`${name}, ${what}`}>
          <h3>
            {name}{" "}
            <small>
              {what}, {text.split("\n").length} lines
            </small>
          </h3>
          {/* It scrolls, so it must be reachable by keyboard. */}
          <pre tabIndex={0} dir="ltr">
            <code>{paint(text)}</code>
          </pre>
        </section>
      ))}
    </div>
  );
}

const tokens =
  /(\/\/.*|\/\*[\s\S]*?\*\/)|("[^"\n]*"|`[^`]*`)|\b(import|export|from|type|const|let|return|if|as|typeof|function)\b/g;

function paint(text: string) {
  let at = 0;
  const parts = [];
  for (const { index, 0: token, 1: comment, 2: string } of text.matchAll(tokens)) {
    const kind = comment ? "comment" : string ? "string" : "word";
    parts.push(
      text.slice(at, index),
      <span key={index} className={kind}>
        {token}
      </span>,
    );
    at = index + token.length;
  }
  return [...parts, text.slice(at)];
}
