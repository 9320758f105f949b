// The same in rooms that remove users soon after their connection was cut. Users come back while they are being
// removed, and finally nobody is left.

import { fuzz } from "../../support/fuzz/batch.ts";

fuzz({
  name: "[W2, S4, S10, E1, X1, X2, R6, U4, U6, U8, P2] five clients and two writers converge, and leave no ghosts",
  behaviour: "fleeting",
  file: "test/cloudflare/fuzz/short-grace.test.ts",
  seeds: 60,
});
