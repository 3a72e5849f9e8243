/** The frame around every screen: navigation, connection badge, theme, and which screen the address names. */
import { useEffect } from "preact/hooks";
import type { ComponentChild, JSX } from "preact";
import { feed, type Connection } from "./live/feed.ts";
import { ConfirmDialog } from "./parts/confirm.tsx";
import { Navigation } from "./navigation.tsx";
import { Sign, Wordmark } from "./parts/icons.tsx";
import { Toasts } from "./parts/notices.tsx";
import { match, path, type Params } from "./router.ts";
import { DeadLettersScreen } from "./screens/dead-letters.tsx";
import { GroupScreen } from "./screens/group.tsx";
import { GroupsScreen } from "./screens/groups.tsx";
import { later } from "./screens/later.tsx";
import { LoginScreen } from "./screens/login.tsx";
import { NotFoundScreen } from "./screens/not-found.tsx";
import { OverviewScreen } from "./screens/overview.tsx";
import { RedisScreen } from "./screens/redis.tsx";
import { TopicScreen } from "./screens/topic.tsx";
import { TopicsScreen } from "./screens/topics.tsx";
import { session, signOut } from "./session.ts";
import { nextTheme, theme } from "./theme.ts";

const LogsScreen = later(async () => (await import("./screens/logs/logs.tsx")).LogsScreen);
const TracesScreen = later(async () => (await import("./screens/traces/traces.tsx")).TracesScreen);
const TraceScreen = later(async () => (await import("./screens/traces/trace.tsx")).TraceScreen);
const AlertsScreen = later(async () => (await import("./screens/alerts/alerts.tsx")).AlertsScreen);
const StatusScreen = later(async () => (await import("./screens/status/status.tsx")).StatusScreen);
const ServicesScreen = later(async () => (await import("./screens/services/services.tsx")).ServicesScreen);
const ServiceScreen = later(async () => (await import("./screens/services/service.tsx")).ServiceScreen);
const HostsScreen = later(async () => (await import("./screens/proxy/hosts.tsx")).HostsScreen);
const HostScreen = later(async () => (await import("./screens/proxy/host.tsx")).HostScreen);
const RoutesScreen = later(async () => (await import("./screens/routes/routes.tsx")).RoutesScreen);
const ExplainScreen = later(async () => (await import("./screens/routes/explain.tsx")).ExplainScreen);
const CertificatesScreen = later(async () => (await import("./screens/certificates/certificates.tsx")).CertificatesScreen);
const CertificateScreen = later(async () => (await import("./screens/certificates/certificate.tsx")).CertificateScreen);
const PortsScreen = later(async () => (await import("./screens/ports/ports.tsx")).PortsScreen);
const TokensScreen = later(async () => (await import("./screens/tokens/tokens.tsx")).TokensScreen);
const RevisionsScreen = later(async () => (await import("./screens/revisions/revisions.tsx")).RevisionsScreen);
const MessageScreen = later(async () => (await import("./screens/message.tsx")).MessageScreen);

const screens: readonly { pattern: string; title: string; show: (params: Params) => ComponentChild }[] = [
  { pattern: "/", title: "Overview", show: () => <OverviewScreen /> },
  { pattern: "/topics", title: "Topics", show: () => <TopicsScreen /> },
  { pattern: "/topics/:topic", title: ":topic", show: (p) => <TopicScreen key={p["topic"]} topic={p["topic"] ?? ""} /> },
  { pattern: "/groups", title: "Groups", show: () => <GroupsScreen /> },
  { pattern: "/groups/:topic/:group", title: ":group", show: (p) => <GroupScreen topic={p["topic"] ?? ""} group={p["group"] ?? ""} /> },
  { pattern: "/dead-letters", title: "Dead letters", show: () => <DeadLettersScreen /> },
  { pattern: "/messages/:topic/:id", title: "Message", show: (p) => <MessageScreen topic={p["topic"] ?? ""} id={p["id"] ?? ""} /> },
  { pattern: "/logs", title: "Logs", show: () => <LogsScreen /> },
  { pattern: "/traces", title: "Traces", show: () => <TracesScreen /> },
  { pattern: "/traces/:id", title: "Trace", show: (p) => <TraceScreen key={p["id"]} id={p["id"] ?? ""} /> },
  { pattern: "/alerts", title: "Alerts", show: () => <AlertsScreen /> },
  { pattern: "/proxy", title: "Hosts", show: () => <HostsScreen /> },
  { pattern: "/proxy/:host", title: ":host", show: (p) => <HostScreen key={p["host"]} host={p["host"] ?? ""} /> },
  { pattern: "/routes", title: "Routes", show: () => <RoutesScreen /> },
  { pattern: "/explain", title: "Explain", show: () => <ExplainScreen /> },
  { pattern: "/certificates", title: "Certificates", show: () => <CertificatesScreen /> },
  { pattern: "/certificates/:name", title: ":name", show: (p) => <CertificateScreen key={p["name"]} name={p["name"] ?? ""} /> },
  { pattern: "/services", title: "Services", show: () => <ServicesScreen /> },
  { pattern: "/services/:name", title: ":name", show: (p) => <ServiceScreen key={p["name"]} name={p["name"] ?? ""} /> },
  { pattern: "/ports", title: "Ports", show: () => <PortsScreen /> },
  { pattern: "/tokens", title: "Tokens", show: () => <TokensScreen /> },
  { pattern: "/revisions", title: "Revisions", show: () => <RevisionsScreen /> },
  { pattern: "/redis", title: "Redis", show: () => <RedisScreen /> },
  { pattern: "/status", title: "Status", show: () => <StatusScreen /> },
];

export function App(): JSX.Element {
  const who = session.value;
  if (path.value === "/login" || who === null)
    return (
      <>
        <LoginScreen />
        <Toasts />
      </>
    );
  if (who === undefined)
    return (
      <p class="loading waiting" role="status">
        Waiting for Tidegate to answer…
      </p>
    );
  return <Frame />;
}

function Frame(): JSX.Element {
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, []);
  return (
    <div class="frame">
      <a class="skip" href="#main" onClick={() => document.getElementById("main")?.focus()}>
        Skip to content
      </a>
      <header class="top">
        <a href="/" class="home" aria-label="Tidegate, overview">
          <Wordmark />
        </a>
        <Navigation />
        <div class="foot">
          <ConnectionBadge connection={feed.connection.value} />
          <ThemeButton />
          <button type="button" class="plain" aria-label="Sign out" title="Sign out" onClick={() => void signOut()}>
            <Sign name="out" />
          </button>
          <p class="about">
            {session.value?.namespace}
            <br />v{session.value?.version}
          </p>
        </div>
      </header>
      <main id="main" tabIndex={-1}>
        <Screen />
      </main>
      <Toasts />
      <ConfirmDialog />
    </div>
  );
}

function Screen(): ComponentChild {
  for (const screen of screens) {
    const params = match(screen.pattern, path.value);
    if (!params) continue;
    const title = screen.title.startsWith(":") ? (params[screen.title.slice(1)] ?? "") : screen.title;
    document.title = `${title} · Tidegate`;
    return screen.show(params);
  }
  return <NotFoundScreen />;
}

const explained: Record<Connection, string> = {
  connecting: "Opening the live connection",
  live: "Updates arrive as they happen",
  polling: "The live connection failed; asking every 5 seconds",
  offline: "Tidegate does not answer; trying again",
};

function ConnectionBadge({ connection }: { connection: Connection }): JSX.Element {
  return (
    <span class={`badge ${connection}`} role="status" title={explained[connection]}>
      <i />
      {connection}
    </span>
  );
}

function ThemeButton(): JSX.Element {
  return (
    <button type="button" class="plain" aria-label={`Theme: ${theme.value}`} title={`Theme: ${theme.value}`} onClick={nextTheme}>
      <Sign name={theme.value} />
    </button>
  );
}
