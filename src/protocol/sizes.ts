// Sizes of the containers of states, known for as long as these live. Whoever changes one of them in place
// takes it out, and all that it stands in.

import type { SizeCache } from "./json.ts";

export const sizes: SizeCache = new WeakMap();
