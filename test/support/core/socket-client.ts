// Clients of rooms in Node.

import { appClients } from "../app-clients.ts";
import { platform } from "./platform.ts";

export const { connect, refusal } = appClients(platform.env);
