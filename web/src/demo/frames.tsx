// The latest frames of this pane's connection, newest first.

import type { Line } from "./line.ts";
import { useLine } from "./use-line.ts";

export function Frames({ line }: { line: Line }) {
  const frames = useLine(line, (view) => view.frames);
  const isCut = useLine(line, (view) => view.isCut);
  const roundTrip = useLine(line, (view) => view.roundTrip);
  return (
    <div className="frames">
      <p>
        {isCut
          ? "Unplugged."
          : roundTrip === null
            ? "No reply yet."
            : `${roundTrip} ms round trip.`}
      </p>
      <div className="frame-list" tabIndex={0} role="region" aria-label="Latest frames" dir="ltr">
        <table>
          <thead>
            <tr>
              <th>
                <span className="hidden">Direction</span>
              </th>
              <th>Message</th>
              <th>Bytes</th>
              <th>Text</th>
            </tr>
          </thead>
          <tbody>
            {frames.map(({ id, from, type, text, bytes }) => (
              <tr key={id} data-from={from}>
                <td>
                  <span aria-hidden="true">{from === "page" ? "↑" : "↓"}</span>
                  <span className="hidden">{from === "page" ? "sent" : "received"}</span>
                </td>
                <td>{type}</td>
                <td>{bytes}</td>
                <td>{text}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}
