// Where the inspector begins. The address says what it shows, behind the `#`, and never has a token.

import { createRoot } from "react-dom/client";
import { Inspector } from "./inspector.tsx";

// The text is English; the layout follows a reader who asks for it.
if (new URL(location.href).searchParams.get("dir") === "rtl") document.documentElement.dir = "rtl";

createRoot(document.querySelector("#root") as HTMLElement).render(<Inspector />);
