// Whatever happens to a room and its clients, they all converge, and nothing acknowledged is lost. Users whose
// connection is cut have all the time they need to come back.

import { fuzz } from "../../support/fuzz/batch.ts";

fuzz({
  name: "[W2, S4, S10, E1, X1, X2, R6, U4, U8, P2] five clients and two writers converge",
  behaviour: "patient",
  file: "test/cloudflare/fuzz/convergence.test.ts",
  seeds: 60,
});
