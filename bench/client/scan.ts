// Reads frames without parsing them: with JSON.parse of every frame at every socket the client would be the
// bottleneck of the measurement. It relies on how the servers write JSON: no spaces, and `type` first. No
// state or payload of the bench may have a member called "type".

export type MessageType = "welcome" | "change" | "reply" | "presence" | "event" | "mark" | "other";

const typeMember = '"type":"';

/** Visit each message of a frame, as text that starts at the value of `type`. */
export function eachMessage(
  frame: string,
  visit: (type: MessageType, message: string) => void,
): void {
  let at = frame.indexOf(typeMember);
  while (at !== -1) {
    at += typeMember.length;
    const next = frame.indexOf(typeMember, at);
    const message = next === -1 ? frame.slice(at) : frame.slice(at, next);
    visit(typeOf(message), message);
    at = next;
  }
}

function typeOf(message: string): MessageType {
  switch (message.slice(0, 2)) {
    case "we":
      return "welcome";
    case "ch":
      return "change";
    case "re":
      return "reply";
    case "pr":
      return "presence";
    case "ev":
      return "event";
    case "ma":
      return "mark";
    default:
      return "other";
  }
}

/** The whole number after a member's name, which is given as it is written (`"to":`); -1 if there is none. */
export function numberAfter(name: string, message: string): number {
  const found = message.indexOf(name);
  return found === -1 ? -1 : digitsAt(message, found + name.length);
}

const [zero, nine] = [0x30, 0x39];

function digitsAt(message: string, start: number): number {
  let value = 0;
  let at = start;
  for (; at < message.length; at++) {
    const code = message.charCodeAt(at);
    if (code < zero || code > nine) break;
    value = value * 10 + code - zero;
  }
  return at === start ? -1 : value;
}

/** The string after a member's name, which is given in the same way; empty if there is none. */
export function textAfter(name: string, message: string): string {
  const found = message.indexOf(name);
  if (found === -1) return "";
  const start = found + name.length + 1;
  return message.slice(start, message.indexOf('"', start));
}
