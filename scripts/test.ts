// `npm test`: runs all checks in sequence and continues after a failure. The last line of output is always
// `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { wranglerEnv } from "./wrangler-env.ts";

/** Limit for the deployed Worker. The platform accepts 3 MiB, but a larger Worker starts more slowly. */
const bundleLimit = 148 * 1024;

const work = mkdtempSync(join(tmpdir(), "collab-room-test-"));
const report = join(work, "vitest.json");
const bundle = join(work, "bundle");

/** Property tests run with all cases. */
const env = { ...wranglerEnv, PROPERTY_RUNS: "full" };

function run(command: string, ...options: string[]): boolean {
  const { status, error } = spawnSync(command, options, { stdio: "inherit", env });
  if (error) console.error(error.message);
  return status === 0;
}

type Counts = { passed: number; failed: number };

/** Vitest's counts. A file that failed before its first test counts as one failed test. */
function runTests(): Counts {
  const succeeded = run(
    "vitest",
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile.json=${report}`,
  );
  let counts: Counts;
  try {
    counts = readCounts();
  } catch {
    counts = { passed: 0, failed: 0 };
  }
  // An unhandled error or a missing report fails the run without a failed test.
  return succeeded ? counts : { ...counts, failed: Math.max(counts.failed, 1) };
}

function readCounts(): Counts {
  const { numPassedTests, numFailedTests, testResults } = JSON.parse(
    readFileSync(report, "utf8"),
  ) as {
    numPassedTests: number;
    numFailedTests: number;
    testResults: { status: string; assertionResults: { status: string }[] }[];
  };
  const brokenFiles = testResults.filter(
    (file) =>
      file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  );
  return { passed: numPassedTests, failed: numFailedTests + brokenFiles.length };
}

function buildWithinLimit(): boolean {
  if (!run("wrangler", "deploy", "--dry-run", "--outdir", bundle)) return false;
  const size = readdirSync(bundle, { recursive: true, encoding: "utf8" })
    .filter((file) => /\.(js|mjs|wasm)$/.test(file))
    .reduce((sum, file) => sum + gzipSync(readFileSync(join(bundle, file))).byteLength, 0);
  const kib = (bytes: number) => `${(bytes / 1024).toFixed(1)} KiB`;
  console.log(`bundle: ${kib(size)} gzip, limit ${kib(bundleLimit)}`);
  return size > 0 && size <= bundleLimit;
}

const failedSteps: string[] = [];
function step(name: string, passes: () => boolean): void {
  console.log(`\n── ${name}`);
  if (!passes()) failedSteps.push(name);
}

let tests: Counts = { passed: 0, failed: 0 };

step("format", () => run("oxfmt", "--check"));
step("lint", () => run("oxlint"));
step("types", () => run("tsc") && run("tsc", "--project", "web"));
step("tests", () => {
  tests = runTests();
  return tests.failed === 0;
});
step("bundle", buildWithinLimit);
step("size", () => run("node", "scripts/size.ts"));
// The bundle step has built the pages.
step("pages", () => run("node", "scripts/web-size.ts"));

rmSync(work, { recursive: true, force: true });

// Failed tests are counted one by one, so the step itself is left out.
const failed = tests.failed + failedSteps.filter((name) => name !== "tests").length;
if (failedSteps.length > 0) console.log(`\nfailed: ${failedSteps.join(", ")}`);
process.exitCode = failed === 0 ? 0 : 1;
console.log(`\n${tests.passed} passed, ${failed} failed`);
