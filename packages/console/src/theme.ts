/** Auto, light or dark: auto follows the system. Charts are drawn on canvas and redraw when `shown` changes. */
import { computed, signal } from "@preact/signals";

export type Theme = "auto" | "light" | "dark";

const key = "tidegate.theme";
const system = matchMedia("(prefers-color-scheme: dark)");
const systemDark = signal(system.matches);
system.addEventListener("change", () => (systemDark.value = system.matches));

export const theme = signal<Theme>(stored());
export const shown = computed<"light" | "dark">(() => (theme.value === "auto" ? (systemDark.value ? "dark" : "light") : theme.value));

export function nextTheme(): void {
  const order: readonly Theme[] = ["auto", "light", "dark"];
  setTheme(order[(order.indexOf(theme.value) + 1) % order.length] ?? "auto");
}

function setTheme(next: Theme): void {
  if (next === "auto") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = next;
  theme.value = next;
  try {
    localStorage.setItem(key, next);
  } catch {
    // The choice then lasts for this page only.
  }
}

function stored(): Theme {
  const found = document.documentElement.dataset["theme"];
  return found === "light" || found === "dark" ? found : "auto";
}
