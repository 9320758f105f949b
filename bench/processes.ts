// What a process has used, read from /proc. On systems without /proc the values are undefined, which the
// table shows as "not measured".

import { readFileSync } from "node:fs";

// `getconf CLK_TCK`: 100 on every Linux that Node runs on.
const ticksPerSecond = 100;

/** CPU seconds of all threads of a process so far, user and kernel. */
export function cpuSeconds(pid: number): number | undefined {
  const stat = read(`/proc/${pid}/stat`);
  // The second field, in brackets, may contain spaces: count from its end.
  const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
  return fields && (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** Resident memory of a process, in bytes. */
export function residentBytes(pid: number): number | undefined {
  const line = /^VmRSS:\s+(\d+) kB$/m.exec(read(`/proc/${pid}/status`) ?? "");
  return line ? Number(line[1]) * 1024 : undefined;
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
