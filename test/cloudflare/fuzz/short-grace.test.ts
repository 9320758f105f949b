// The same in rooms that take users out as soon as their line has been cut for a moment: coming back meets
// leaving, and in the end nobody is left.

import { fuzz } from "../../support/fuzz/batch.ts";

fuzz({
  name: "[W2, S4, S10, E1, X1, X2, R6, U4, U6, U8, P2] five clients and two writers converge, and leave no ghosts",
  behaviour: "fleeting",
  file: "test/cloudflare/fuzz/short-grace.test.ts",
  seeds: 60,
});
