// A cache of the sizes of containers in states. Code that changes a container in place must delete the
// entries of that container and of all containers above it.

import type { SizeCache } from "./json.ts";

export const sizes: SizeCache = new WeakMap();
