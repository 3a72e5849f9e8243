/**
 * Why each event type is published on this machine: the one table behind docs/guides/demo.md. Nothing here is invented by a
 * random generator; a type without a cause yet says what it waits for.
 */
import type { Topic } from "./member.ts";

export interface Cause {
  readonly topic: Topic;
  readonly cause: string;
  /** Set where nothing publishes it yet. */
  readonly waitsFor?: string;
}

export const CAUSES: Readonly<Record<string, Cause>> = {
  user_created: {
    topic: "identity",
    cause: "A local account (root, a person's, or the one running this) stands in /etc/passwd for the first time since the start.",
  },
  user_updated: {
    topic: "identity",
    cause: "An account's entry in /etc/passwd changed, or the number or processor time of the processes it runs.",
  },
  user_deleted: { topic: "identity", cause: "A local account vanished from /etc/passwd." },
  user_login: { topic: "identity", cause: "Someone signed in to this Tidegate: by login link, session or API token." },
  user_logout: { topic: "identity", cause: "A console session of this Tidegate ended." },
  asset_created: {
    topic: "assets",
    cause: "A process, disk, interface or package was seen for the first time; at the start the largest 40 processes.",
  },
  asset_updated: { topic: "assets", cause: "A process' or disk's size, an interface's addresses or a package's version changed." },
  asset_deleted: { topic: "assets", cause: "A process ended, or a disk, interface or package vanished." },
  asset_scanned: { topic: "assets", cause: "The look through /proc, the mounts, the interfaces and the dpkg status file ended." },
  automation_scheduled: {
    topic: "automation",
    cause: "A routine job's turn came, or an alert asked for a check; consuming this message runs the job.",
  },
  automation_started: { topic: "automation", cause: "A job began." },
  automation_completed: {
    topic: "automation",
    cause: "A job ended well: disk space, file count, compression, sink check, port or process look.",
  },
  automation_failed: {
    topic: "automation",
    cause: "A job exited with an error (the sink check while the sink is down) or passed its time limit (the time-out drill).",
  },
  notification_sent: { topic: "communication", cause: "The local HTTP sink took a notification." },
  email_sent: { topic: "communication", cause: "A notification was mailed.", waitsFor: "SMTP" },
  alert_triggered: {
    topic: "communication",
    cause: "The ai service found something unusual, a limit was passed, or someone broke the sink by hand.",
  },
  ai_analysis_completed: {
    topic: "ai",
    cause: "Five health samples were summed up, or a value, a listener or an exposure was found to be unusual.",
  },
  ai_prediction_generated: { topic: "ai", cause: "A series has five more values: the band in which the next one is expected." },
  ai_model_updated: { topic: "ai", cause: "A series' band was fitted anew to its last values (after 8, then every 20)." },
  network_scan_completed: { topic: "network", cause: "The kernel's table of listening TCP sockets was read." },
  vulnerability_detected: {
    topic: "network",
    cause: "A listener on 0.0.0.0 or :: is reachable from every network; said again about every two minutes.",
  },
  compliance_check_done: {
    topic: "network",
    cause: "The rules were checked: listeners on loopback only, data folder and secrets closed to others.",
  },
  user_login_refused: { topic: "identity", cause: "A sign-in with a wrong token, session or link was refused." },
  health_check: { topic: "system", cause: "Load, processor, memory and disk were measured." },
  system_alert: { topic: "system", cause: "One of the measured values passed its limit or came back below it." },
  sink_broken: { topic: "system", cause: "A person published it: the sink answers 503 for `seconds` (60 unless given, 0 mends it)." },
};
