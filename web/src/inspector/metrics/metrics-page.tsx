// The metrics of the deployment: rooms and people in total, and the requests of the isolate that responds.

import { useApi } from "../common/access.tsx";
import { Failed, Loading } from "../common/notice.tsx";
import { useLoaded } from "../common/use-loaded.ts";
import { count } from "../common/words.tsx";
import { Fact } from "../room/room-facts.tsx";
import { readMetrics, requestsOf, sumOf, type Sample } from "./prometheus.ts";

const every = 5000;

export function MetricsPage() {
  const api = useApi();
  const [loaded, reload] = useLoaded(
    "/metrics",
    async (signal) => readMetrics(await (await api.fetch("/metrics", { signal })).text()),
    every,
  );
  return (
    <>
      <div className="heading">
        <div>
          <h1>Metrics</h1>
          <p>Rooms and people are counted for the whole deployment, requests for one isolate.</p>
        </div>
      </div>
      {loaded.state === "loading" && <Loading what="the metrics" />}
      {loaded.state === "failed" && <Failed problem={loaded.problem} onRetry={reload} />}
      {loaded.state === "ready" && <Metrics samples={loaded.value} />}
    </>
  );
}

function Metrics({ samples }: { samples: readonly Sample[] }) {
  const shards = samples.filter(({ name }) => name === "collab_directory_shard_up");
  const requests = requestsOf(samples);
  const problems = samples
    .filter(({ name }) => name === "collab_http_problems_total")
    .toSorted((a, b) => b.value - a.value);
  const total = requests.reduce((sum, { all }) => sum + all, 0);
  const failed = requests.reduce((sum, row) => sum + row.failed, 0);
  return (
    <>
      <dl className="facts">
        <Fact name="Rooms">{count(sumOf(samples, "collab_rooms"))}</Fact>
        <Fact name="People">{count(sumOf(samples, "collab_users"))}</Fact>
        <Fact name="Directory">
          {shards.filter(({ value }) => value === 1).length} of {shards.length} shards up
        </Fact>
        <Fact name="Requests">{count(total)}</Fact>
        <Fact name="Server errors">{count(failed)}</Fact>
      </dl>
      <h2 className="section">Requests</h2>
      <div className="scroll" tabIndex={0} role="region" aria-label="Requests">
        <table className="plain-table">
          <thead>
            <tr>
              <th>Route</th>
              <th className="number">Requests</th>
              <th className="number">Refused</th>
              <th className="number">Failed</th>
              <th className="number">Mean</th>
              <th className="number">p95</th>
            </tr>
          </thead>
          <tbody>
            {requests.map(({ route, all, refused, failed: failures, mean, p95 }) => (
              <tr key={route}>
                <th scope="row" dir="ltr">
                  {route}
                </th>
                <td className="number">{count(all)}</td>
                <td className="number">{count(refused)}</td>
                <td className="number">{count(failures)}</td>
                <td className="number">{mean}</td>
                <td className="number">{p95}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <h2 className="section">Problems</h2>
      {problems.length === 0 ? (
        <p className="soft">None so far.</p>
      ) : (
        <ul className="bars">
          {problems.map(({ labels, value }) => (
            <li key={labels["code"]}>
              <code>{labels["code"]}</code>
              <meter
                min={0}
                max={problems[0]?.value ?? 1}
                value={value}
                aria-label={`Problems with the code ${labels["code"]}`}
              />
              <span>{count(value)}</span>
            </li>
          ))}
        </ul>
      )}
    </>
  );
}
