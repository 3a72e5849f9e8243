/** Wires the console together: theme, session, live feed, then the page. */
import { render } from "preact";
import "./styles/index.css";
import { App } from "./app.tsx";
import { watchClicks } from "./last-click.ts";
import { startRouter } from "./router.ts";
import { loadSession } from "./session.ts";

startRouter();
watchClicks(document);
const root = document.getElementById("app");
if (root) render(<App />, root);
void loadSession();
