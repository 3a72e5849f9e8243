/** Opens a page for the person at this machine; a missing browser is no error, because the link is printed too. */
import { spawn } from "node:child_process";

export function openBrowser(url: string): void {
  const child = spawn(process.platform === "darwin" ? "open" : "xdg-open", [url], { detached: true, stdio: "ignore" });
  child.on("error", () => {});
  child.unref();
}
