// Requests to the fixture's app in Node.

import { createSend } from "../http-requests.ts";
import { platform } from "./platform.ts";

export * from "../http-requests.ts";

export const send = createSend(platform.env);
