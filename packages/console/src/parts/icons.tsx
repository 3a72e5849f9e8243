/** The few signs the console uses, drawn here so that nothing is fetched. Decorative: text always stands beside them. */
import type { ComponentChildren, JSX } from "preact";

function Icon({ children }: { children: ComponentChildren }): JSX.Element {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="18"
      height="18"
      fill="none"
      stroke="currentColor"
      stroke-width="1.75"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
      focusable="false"
    >
      {children}
    </svg>
  );
}

const icons = {
  overview: <path d="M3 12h4l2.500-7 5 14 2.500-7h4" />,
  topics: (
    <path d="M4 7c2.700-2.700 5.300-2.700 8 0s5.300 2.700 8 0M4 12c2.700-2.700 5.300-2.700 8 0s5.300 2.700 8 0M4 17c2.700-2.700 5.300-2.700 8 0s5.300 2.700 8 0" />
  ),
  groups: (
    <path d="M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7zM2.500 20c.4-3.600 3-5.500 6.500-5.500s6.100 1.900 6.500 5.500M16 4.500a3.500 3.500 0 0 1 0 6.500M18 14.800c2 .8 3.200 2.500 3.500 5.200" />
  ),
  letters: <path d="M3.500 6.500h17v12h-17zM3.500 7l8.500 6.500L20.500 7" />,
  redis: (
    <path d="M4 6.500C4 4.600 7.600 3.500 12 3.500s8 1.100 8 3-3.600 3-8 3-8-1.100-8-3zM4 6.500v11c0 1.900 3.600 3 8 3s8-1.100 8-3v-11M4 12c0 1.900 3.600 3 8 3s8-1.100 8-3" />
  ),
  logs: <path d="M4 6h3M10 6h10M4 12h3M10 12h7M4 18h3M10 18h9" />,
  traces: <path d="M4 5.500h9M8 12h9M12 18.500h8M4 5.500v13" />,
  alerts: <path d="M12 3.500c-3.600 0-5.500 2.600-5.500 6v4L4.500 17h15l-2-3.500v-4c0-3.400-1.900-6-5.500-6zM10 20.500h4" />,
  status: <path d="M4 4.500h16v6H4zM4 13.500h16v6H4zM7.500 7.500h.2M7.500 16.500h.2M11 7.500h5M11 16.500h5" />,
  services: <path d="M12 3.500l8 4.200v8.600l-8 4.200-8-4.200V7.700zM4 7.700l8 4.300 8-4.300M12 12v8.500" />,
  hosts: (
    <path d="M12 3.500a8.500 8.500 0 1 0 0 17 8.500 8.500 0 0 0 0-17zM3.500 12h17M12 3.500c2.500 2.500 3.700 5.300 3.700 8.500s-1.200 6-3.700 8.500c-2.500-2.500-3.700-5.300-3.700-8.500s1.200-6 3.700-8.500z" />
  ),
  routes: <path d="M4 6h5c4 0 4 12 8 12h3M9 6h11M17 3l3 3-3 3M17 15l3 3-3 3" />,
  certificates: <path d="M12 3.500l7 2.500v5.500c0 4.500-2.800 7.500-7 9-4.200-1.500-7-4.500-7-9V6zM9 12l2.200 2.200L15.200 10" />,
  ports: <path d="M4 12h5M15 12h5M9 7.500h6v9H9zM12 7.500V4M12 20v-3.500" />,
  tokens: <path d="M14.500 4a5.500 5.500 0 1 0 0 11 5.500 5.500 0 0 0 0-11zM10.500 13.500L4 20M6.500 17.500l2.500 2.500M15.500 8.500h.2" />,
  stop: <path d="M6 6h12v12H6z" />,
  more: <path d="M5 12h.2M12 12h.2M19 12h.2" />,
  plus: <path d="M12 5v14M5 12h14" />,
  minus: <path d="M5 12h14" />,
  save: <path d="M12 4v11M7 11l5 5 5-5M4.500 20h15" />,
  mute: <path d="M9 9v0l-3 0v6h3l4 3.500v-4M13 5.500L10.500 8M13 5.500V10M4 4l16 16" />,
  auto: <path d="M12 3.500a8.500 8.500 0 1 0 0 17zM12 3.500a8.500 8.500 0 0 1 0 17" />,
  light: (
    <path d="M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2.500v2M12 19.500v2M2.500 12h2M19.500 12h2M5.300 5.300l1.400 1.400M17.300 17.300l1.400 1.400M5.300 18.700l1.400-1.400M17.300 6.700l1.400-1.400" />
  ),
  dark: <path d="M20 14.500A8.500 8.500 0 0 1 9.500 4 8.500 8.500 0 1 0 20 14.500z" />,
  pause: <path d="M8 5v14M16 5v14" />,
  play: <path d="M7 4.500v15l12-7.500z" />,
  close: <path d="M6 6l12 12M18 6L6 18" />,
  copy: <path d="M9 9h11v11H9zM5 15H4V4h11v1" />,
  check: <path d="M4.500 12.500l5 5 10-11" />,
  warn: <path d="M12 3.500L2.500 20h19zM12 10v4.500M12 17.300v.2" />,
  bad: <path d="M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18zM12 7.500v5.500M12 16.200v.3" />,
  replay: <path d="M4 12a8 8 0 1 0 2.500-5.800M4 4v4.500h4.500" />,
  discard: <path d="M4.500 7h15M9.500 7V4.500h5V7M6.500 7l1 13h9l1-13" />,
  send: <path d="M20.500 3.500L10 14M20.500 3.500L14 20.500l-4-6.500-6.500-4z" />,
  right: <path d="M9 5l7 7-7 7" />,
  table: <path d="M3.500 5h17v14h-17zM3.500 10h17M3.500 14.500h17M10 5v14" />,
  out: <path d="M10 4H4v16h6M9 12h11M16 8l4 4-4 4" />,
} satisfies Record<string, JSX.Element>;

export type IconName = keyof typeof icons;

export function Sign({ name }: { name: IconName }): JSX.Element {
  return <Icon>{icons[name]}</Icon>;
}

/** A gate with the tide coming through. */
export function Wordmark(): JSX.Element {
  return (
    <span class="wordmark">
      <svg
        viewBox="0 0 24 24"
        width="26"
        height="26"
        fill="none"
        stroke-width="2"
        stroke-linecap="round"
        stroke-linejoin="round"
        aria-hidden="true"
        focusable="false"
      >
        <path d="M5 20V9a7 7 0 0 1 14 0v11" stroke="currentColor" />
        <path class="wave" d="M2.500 15.500c1.600-2 3.200-2 4.750 0s3.150 2 4.750 0 3.150-2 4.750 0 3.150 2 4.750 0" />
      </svg>
      tidegate
    </span>
  );
}
