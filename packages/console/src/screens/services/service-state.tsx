/** What stands above everything else of a service: that it is gone, what is under way, what went wrong last. */
import type { JSX } from "preact";
import type { ServiceAnswer } from "tidegate/contract";
import { now } from "../../clock.ts";
import { ago, dateTime } from "../../format.ts";
import { Sign } from "../../parts/icons.tsx";
import { Empty, LogTail } from "../../parts/notices.tsx";
import { ServiceEvents } from "./service-events.tsx";
import { Steps } from "./steps.tsx";

export function Gone({ name }: { name: string }): JSX.Element {
  return (
    <>
      <Empty title={`There is no service ${name}`} command="npx tidegate service ls">
        It was deleted, or it failed before it ran for the first time. Its events tell.
      </Empty>
      <ServiceEvents name={name} />
    </>
  );
}

interface UnderWayProps {
  service: ServiceAnswer;
  operation: NonNullable<ServiceAnswer["operation"]>;
}

export function UnderWay({ service, operation }: UnderWayProps): JSX.Element {
  return (
    <section class="under-way panel" aria-label="Under way">
      <p>
        <b>{operation.kind}</b> by {operation.by}, {ago(operation.at, now.value)}. <a href={`/traces/${operation.trace}`}>Trace</a>
      </p>
      <Steps trace={operation.trace} service={service.service_name} />
    </section>
  );
}

interface FailedProps {
  service: ServiceAnswer;
  failure: NonNullable<ServiceAnswer["failure"]>;
}

export function Failed({ service, failure }: FailedProps): JSX.Element {
  const serves = service.status === "running" || service.status === "paused";
  return (
    <section class="problem-box" aria-label="Last failure">
      <Sign name="bad" />
      <div>
        <strong>{failure.message}</strong>
        <p>
          Failed at {failure.stage}, <span title={dateTime(failure.at)}>{ago(failure.at, now.value)}</span> · <code>{failure.code}</code>
          {failure.trace !== null && (
            <>
              {" "}
              · <a href={`/traces/${failure.trace}`}>trace</a>
            </>
          )}
          {serves && ` · generation ${service.generation} serves`}
        </p>
        <LogTail lines={failure.log_tail} />
      </div>
    </section>
  );
}
