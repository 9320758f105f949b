// Clients inside workerd.

import { env } from "cloudflare:workers";
import { appClients } from "./app-clients.ts";

export const { connect, refusal } = appClients(env);
