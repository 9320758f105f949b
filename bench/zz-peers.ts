import { Arena } from "./sockets/arena.ts";
const arena = await Arena.open(["bare", "partyserver"]);
try {
  for (const round of [1, 2])
    for (const name of ["bare", "partyserver"] as const) {
      for (const [sockets, inFlightEach] of [[100, 2]] as const)
        console.log(
          round,
          name,
          sockets,
          inFlightEach,
          await arena.client.run("updates", {
            target: await arena.room(name),
            sockets,
            inFlightEach,
            seconds: 2,
          }),
        );
    }
} finally {
  await arena.close();
}
