// What the tests of sockets have in common.

export * from "../../support/sessions.ts";
