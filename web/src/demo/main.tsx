// The entry point of the demo. The address names the board and carries a token if the service requires one:
// `/?board=plans`, `/?board=plans#token=…`. Without a board, the page picks a new name and puts it into the address.

import { createRoot } from "react-dom/client";
import { newBoardName } from "./page-address.ts";
import { Page } from "./page.tsx";
import { takeSeats } from "./people.ts";

const address = new URL(location.href);
const board = address.searchParams.get("board") || newBoardName();
if (address.searchParams.get("board") !== board) {
  address.searchParams.set("board", board);
  history.replaceState(null, "", address);
}
// The text stays English; only the layout is mirrored on request.
if (address.searchParams.get("dir") === "rtl") document.documentElement.dir = "rtl";
const token = new URLSearchParams(address.hash.slice(1)).get("token");
const root = createRoot(document.querySelector("#root") as HTMLElement);
// One seat for this person and one for a second person next to them. A top-level `await` would split the page's script
// in two.
void takeSeats(2).then(() => root.render(<Page board={board} token={token} />));
