/** What the container writes: its last lines, and those to come while it is followed. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { JSX } from "preact";
import type { ServiceAnswer, ServiceLogsAnswer } from "tidegate/contract";
import { queryOf, useResource } from "../../api.ts";
import { clock } from "../../format.ts";
import { ChoiceField } from "../../parts/fields.tsx";
import { Sign } from "../../parts/icons.tsx";
import { Empty, Loading, ProblemBox } from "../../parts/notices.tsx";
import { query, setQuery } from "../../router.ts";

const every = 2000;
const amounts = ["100", "500", "2000"] as const;

export function ContainerLogs({ service }: { service: ServiceAnswer }): JSX.Element {
  const [following, setFollowing] = useState(true);
  const lines = amounts.find((n) => n === query.value.get("lines")) ?? amounts[0];
  const path = `/api/v1/services/${encodeURIComponent(service.service_name)}/logs${queryOf({ lines })}`;
  const { data, problem, reload } = useResource<ServiceLogsAnswer>(path, following ? every : 0);
  return (
    <>
      <div class="toolbar ends-low">
        <button type="button" class="button" aria-pressed={following} onClick={() => setFollowing(!following)}>
          <Sign name={following ? "pause" : "play"} /> {following ? "Following" : "Follow"}
        </button>
        <ChoiceField label="Last lines" value={lines} options={amounts} set={(n) => setQuery({ lines: n })} />
      </div>
      {problem && <ProblemBox problem={problem} retry={reload} />}
      {!data && !problem && <Loading />}
      {data && data.lines.length === 0 && (
        <Empty title="It has written nothing" command={`npx tidegate service logs ${service.service_name} --follow`}>
          Whatever the container writes to its output appears here.
        </Empty>
      )}
      {data && data.lines.length > 0 && <Lines lines={data.lines} following={following} hold={() => setFollowing(false)} />}
    </>
  );
}

interface LinesProps {
  lines: ServiceLogsAnswer["lines"];
  following: boolean;
  /** Nothing moves away from under a reader: scrolling up ends following. */
  hold: () => void;
}

function Lines({ lines, following, hold }: LinesProps): JSX.Element {
  const frame = useRef<HTMLDivElement>(null);
  const last = lines.at(-1);
  useEffect(() => {
    if (following) frame.current?.scrollTo(0, frame.current.scrollHeight);
  }, [following, lines.length, last?.at, last?.text]);
  return (
    <div
      ref={frame}
      class="container-log panel"
      tabIndex={0}
      role="region"
      aria-label="Container log"
      onWheel={(event) => event.deltaY < 0 && hold()}
      onPointerDown={hold}
    >
      {lines.map((line, i) => (
        <p key={i} class={line.stream}>
          {line.at !== null && <time>{clock(line.at)}</time>}
          <span>
            {line.stream === "stderr" && <b>err </b>}
            {line.text}
          </span>
        </p>
      ))}
    </div>
  );
}
