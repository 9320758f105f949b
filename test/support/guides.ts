// The TypeScript of a page in docs/guides/, as files that the compiler checks and Node runs. Each line has the number that
// it has in the page, so an error names the place. Nothing here knows what is checked.

export type PageFiles = Readonly<Record<string, string>>;

/** The name of the file that the blocks which begin with `// run` make together. */
export const runFile = "run.ts";

/**
 * The files of a page. A block names its file in a comment on its first line, or the page does in bold above it.
 * Blocks of one name follow each other in one file; those without a name make `page.ts`, or `page.tsx`.
 */
export function filesOf(page: string): PageFiles {
  const files: Record<string, string[]> = {};
  const blocks = page.matchAll(/(?:^\*\*`([^`\n]+\.tsx?)`\*\*\n\n)?^```(tsx?)\n(.*?)^```$/gms);
  for (const { 0: whole, 1: above, 2: kind = "ts", 3: code = "", index } of blocks) {
    const [, first] = /^\/\/ (run|[\w./-]+\.tsx?)\n/.exec(code) ?? [];
    const name = first === "run" ? runFile : (first ?? above ?? `page.${kind}`);
    const start = page.slice(0, index + whole.length - code.length - "```".length).split("\n");
    const lines = (files[name] ??= []);
    while (lines.length < start.length - 1) lines.push("");
    lines.push(...code.trimEnd().split("\n"));
  }
  return Object.fromEntries(
    Object.entries(files).map(([name, lines]) => [name, `${lines.join("\n")}\n`]),
  );
}

/** What a file says that it prints: the comments behind `console.log(…);`. */
export const printedBy = (code: string): readonly string[] =>
  Array.from(code.matchAll(/console\.log\(.*\); \/\/ (.*)$/gm), ([, text = ""]) => text);
