import { Arena } from "./sockets/arena.ts";
process.execArgv.push("--prof", "--logfile=/tmp/scratch/prof-%p.log", "--no-logfile-per-isolate");
const name = process.argv[2] as "bare";
const arena = await Arena.open([name]);
try {
  await arena.client.run("updates", {
    target: await arena.room(name),
    sockets: +process.argv[3]!,
    inFlightEach: +process.argv[4]!,
    seconds: 4,
  });
} finally {
  await arena.close();
}
