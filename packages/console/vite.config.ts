/**
 * Static files only: the platform serves them under `default-src 'self'`, so nothing may be inlined (no data: URIs, no inline
 * preload script) and native CSS features stay as written.
 */
import { defineConfig, type UserConfig } from "vite";

const backend = "http://127.0.0.1:8090";

const config: UserConfig = defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  // The contract's few values come from its source, so that building the console needs no other build before it.
  resolve: { conditions: ["@tidegate/source", "module", "browser", "development|production"] },
  build: {
    target: "es2023",
    cssTarget: ["chrome123", "firefox121", "safari17.5"],
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: true,
  },
  server: { proxy: { "/api": { target: backend, ws: true }, "/health": backend } },
});
export default config;
