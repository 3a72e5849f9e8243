// Runs before the first paint, so a chosen theme never flashes the other one.
try {
  const theme = localStorage.getItem("tidegate.theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch {
  // Storage is refused in some private windows; the system's theme is then used.
}
