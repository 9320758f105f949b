// Where the page begins. The address says which board it is, and brings a token where the service asks for one:
// `/?board=plans`, `/?board=plans#token=…`. A new board gets a name of its own, which the address then has.

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
// The text is English; the layout follows a reader who asks for it.
if (address.searchParams.get("dir") === "rtl") document.documentElement.dir = "rtl";
const token = new URLSearchParams(address.hash.slice(1)).get("token");
const root = createRoot(document.querySelector("#root") as HTMLElement);
// This one's seat, and that of a second person beside them. No `await` out here: it would split the page's script in two.
void takeSeats(2).then(() => root.render(<Page board={board} token={token} />));
