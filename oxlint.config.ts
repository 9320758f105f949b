import { defineConfig, type OxlintOverride } from "oxlint";

// The layers of docs/ARCHITECTURE.md: what each folder of src/ may import besides itself.
const mayImport = new Map([
  ["protocol", []],
  ["model", ["protocol"]],
  ["storage", ["protocol"]],
  // Of behaviours, only the types: a test checks what the built client contains.
  ["client", ["behaviours", "protocol"]],
  ["react", ["client", "protocol"]],
  ["behaviours", ["model", "protocol"]],
  ["room", ["storage", "behaviours", "model", "protocol"]],
  ["cloudflare", ["room", "storage", "behaviours", "model", "protocol"]],
  ["http", ["cloudflare", "room", "behaviours", "model", "protocol"]],
  ["testing", ["client", "cloudflare", "room", "storage", "behaviours", "model", "protocol"]],
]);
const folders = [...mayImport.keys()];

// Only these know Cloudflare; the others run on any engine, so that a room starts in a plain test.
const platformFolders = ["cloudflare", "http"];

type Pattern = { regex: string; message: string };

const notInSource: Pattern[] = [
  { regex: "^node:", message: "src/ runs in workerd without Node's modules." },
  { regex: "^collab-room(/|$)", message: "That is this package: import the file." },
  { regex: "^\\.\\.?/(.*/)?(test|bench|scripts)/", message: "src/ imports only src/." },
];

function restrictImports(files: string, patterns: Pattern[]): OxlintOverride {
  return {
    files: [files],
    rules: {
      "no-restricted-imports": ["error", { patterns: [...notInSource, ...patterns] }],
    },
  };
}

function restrictFolder(folder: string, allowed: string[]): OxlintOverride {
  const banned = folders.filter((other) => other !== folder && !allowed.includes(other));
  const patterns = [
    {
      regex: `^\\.\\.?/(.*/)?(${banned.join("|")})(/|$)`,
      message: `${folder}/ may import ${allowed.join(", ") || "nothing of ours"}.`,
    },
    {
      regex: "^(\\.\\./)+(index|worker)(\\.ts)?$",
      message: "index and worker stand on top: nothing below imports them.",
    },
    {
      // What other authors need is not what a part needs. React and the testing kit do use the client's index.
      regex: "/protocol/index(\\.ts)?$",
      message: "That is for clients of others: import the file.",
    },
  ];
  if (!platformFolders.includes(folder)) {
    patterns.push({ regex: "^cloudflare:", message: `${folder}/ knows no platform.` });
  }
  return restrictImports(`src/${folder}/**`, patterns);
}

// @types/node puts these in scope everywhere; workerd does not have them all.
const nodeGlobals = ["process", "Buffer", "global", "require", "module", "setImmediate"];

const impureGlobals = [
  "Date",
  "performance",
  "crypto",
  "fetch",
  "caches",
  "console",
  "WebSocket",
  "navigator",
  "scheduler",
  "setTimeout",
  "clearTimeout",
  "setInterval",
  "clearInterval",
  "queueMicrotask",
  // The roundabout ways to the above.
  "globalThis",
  "self",
];

export default defineConfig({
  plugins: ["eslint", "typescript", "unicorn", "oxc", "import"],
  categories: { correctness: "error", suspicious: "error" },
  options: { reportUnusedDisableDirectives: "error" },
  ignorePatterns: ["dist", ".wrangler"],
  rules: {
    "import/no-cycle": ["error", { ignoreTypes: false }],
    // Node runs these files as they are, and it wants the extension.
    "import/extensions": ["error", "always", { ignorePackages: true }],
    // It would forbid `fc.assert` of fast-check, the documented spelling.
    "import/no-named-as-default-member": "off",
    "typescript/no-explicit-any": "error",
    "typescript/ban-ts-comment": "error",
    // Forbids `import("…").Type` too, which no-restricted-imports does not see.
    "typescript/consistent-type-imports": "error",
    eqeqeq: "error",
    "prefer-const": "error",
    "no-var": "error",
    "no-throw-literal": "error",
    "no-self-compare": "error",
    "no-constructor-return": "error",
    "no-fallthrough": "error",
    "no-proto": "error",
    "array-callback-return": "error",
  },
  overrides: [
    {
      files: ["src/**"],
      rules: {
        "max-lines": ["error", 350],
        "no-restricted-globals": ["error", { globals: nodeGlobals, checkGlobalObject: true }],
      },
    },
    restrictImports("src/*.ts", []),
    restrictImports("src/index.ts", [
      { regex: "^\\./worker(\\.ts)?$", message: "worker imports index, not the other way round." },
    ]),
    restrictImports("src/worker.ts", [
      {
        regex: `^\\./(${folders.join("|")})(/|$)`,
        message: "The worker imports the public API, ./index.ts, and nothing else.",
      },
    ]),
    ...[...mayImport].map(([folder, allowed]) => restrictFolder(folder, allowed)),
    {
      files: ["src/model/**"],
      rules: {
        "no-restricted-globals": [
          "error",
          { globals: [...nodeGlobals, ...impureGlobals], checkGlobalObject: true },
        ],
        "no-restricted-properties": ["error", { object: "Math", property: "random" }],
      },
    },
    {
      // The one module of Node's that workerd offers by a flag of its own; it is missed without harm.
      files: ["src/cloudflare/hook-context.ts"],
      rules: { "no-restricted-imports": "off" },
    },
    {
      // A declaration file with a top-level import would no longer be ambient.
      files: ["**/*.d.ts"],
      rules: {
        "typescript/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      },
    },
    {
      files: ["test/**", "bench/**", "scripts/**"],
      rules: { "unicorn/consistent-function-scoping": "off", "no-underscore-dangle": "off" },
    },
  ],
});
