// The entry point of the inspector. The address says what to show, after the `#`, and never contains a token.

import { createRoot } from "react-dom/client";
import { Inspector } from "./inspector.tsx";

// The text stays English; only the layout is mirrored on request.
if (new URL(location.href).searchParams.get("dir") === "rtl") document.documentElement.dir = "rtl";

createRoot(document.querySelector("#root") as HTMLElement).render(<Inspector />);
